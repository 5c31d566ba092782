"""Values from a row source: an object whose `readinto(buffer)` gives raw values while they are sent.

Integers are encoded at fixed width, so the size of a message is known before the first row exists.
"""

from micropython import const

from .body import Body
from .cbor_rows import TypedRows
from .errors import SampleError
from .typecodes import item_size
from .validate import check_whole

_STAGE = const(512)  # bytes of raw values that are asked of a row source at a time


def set_shape(sample, rows):
    """Sets `rows` and `source` of a Sample."""
    sample.rows = check_whole(rows, "rows", 1, 1 << 29)
    size = rows * len(sample.sensors) * item_size(sample.typecode)
    sample.source = RawSource(sample.values, size)  # one for all bodies: they share its place


def cbor_rows(sample):
    """Returns the rows in CBOR as a body."""
    return SourceRows(sample.typecode, len(sample.sensors), sample.rows, sample.source)


class RawSource(Body):
    """The raw values of a row source, exactly `size` bytes of them. All bodies of a Sample share it: one may be read
    only when another has not begun, or after `rewind`."""

    name = "values"

    def __init__(self, source, size):
        self._source = source
        self.size = size
        self.rewindable = hasattr(source, "rewind")
        self._left = size

    def readinto(self, window):
        """Fills the window; a source may have more than is asked of it."""
        left = self._left
        if not left:
            return 0
        if left < len(window):
            window = memoryview(window)[:left]
        n = self._source.readinto(window)
        if n is None:
            return None
        if type(n) is not int or not 0 < n <= len(window):
            raise SampleError(
                "values: the row source ended after %d of %d bytes" % (self.size - left, self.size)
                if n == 0
                else "values: the row source gave %r of %d bytes" % (n, len(window))
            )
        self._left = left - n
        return n

    def rewind(self):
        """Starts again."""
        if self._left != self.size:
            if not self.rewindable:
                raise SampleError("values: this row source has no rewind(), its rows cannot be read a second time")
            self._source.rewind()
            self._left = self.size


class SourceRows(TypedRows):
    """The rows of a row source that is a body: integers have fixed width, so that the size is known before the first
    row exists. The source says where they end; of one without an end, `count` rows have `size` bytes."""

    _source: "RawSource" = None

    def __init__(self, typecode, axes, count, source):
        self._width = item_size(typecode)
        self._held = self._ready = 0  # bytes in src; bytes that the whole values among them make
        self.rewindable = source.rewindable
        super().__init__(typecode, axes, count, bytearray(_STAGE), False)
        self._source = source  # now, for the source is not rewound yet: another body may be reading from it

    def readinto(self, window):
        """Fills the window, or as much as the source has."""
        state = self._state
        done = 0
        while done < len(window):
            if not self._ready:
                more = self._refill()
                if not more:
                    return done or more
            n = min(len(window) - done, self._ready)
            state[0] = done
            done += n
            state[1] = done
            self._pack(window, self._src, state)
            self._ready -= n
        return done

    def _refill(self):
        """More whole values from the source: the bytes they make, 0 at the end, None when nothing is ready."""
        state = self._state
        src = self._src
        part = self._held - state[2]  # the beginning of a value whose rest has not come yet
        if part and state[2]:
            src[:part] = src[state[2] : self._held]
        state[2] = 0
        self._held = part
        n = self._source.readinto(memoryview(src)[part:] if part else src)
        if not n:
            return n
        self._held += n
        state[24] = self._held
        values = self._held // self._width
        axes = state[5]
        rows = (state[4] + values + axes - 1) // axes - (state[4] + axes - 1) // axes  # that begin among them
        self._ready = values * (self._width + 1) + rows * (3 - state[6])
        return self._ready or None

    def rewind(self):
        """Starts again, from the source's beginning."""
        if self._source:
            self._source.rewind()  # another body may have read from it
        super().rewind()
        self._held = self._ready = 0
