"""Everything that is sent is a body: an object of known size that is read into a window. `Chain` joins bodies.

The contract of a body, also for bodies of your own:
- `size`: exact bytes, fixed before the first one is read; `name`: its file name; `content_type`.
- `readinto(window)`: fills as much as it can, returns the number of bytes; 0 only at the end, None if none is ready.
- `rewind()`: starts again with the same bytes, or raises a `SampleError`; `rewindable` is False if it always does.
- `close()`: may be called at any time and twice; closes what the body itself opened.
"""

from array import array

from uctypes import addressof, bytearray_at

from .validate import argument_error

_PROBE = bytearray(1)  # for a byte behind the end
_CPYTHON = hasattr(memoryview, "cast")
at_work: "list" = []  # the requests of all calls that have begun and not ended


def octets(buffer, start=0, size=None):
    """Returns the bytes of any buffer (array, memoryview, bytes), without a copy: all, or `size` of them from `start`.

    For use at once: a buffer that is resized is moved, and the result then has bytes of other objects.
    """
    if isinstance(buffer, (bytes, bytearray)):
        return buffer if size is None else memoryview(buffer)[start : start + size]
    if isinstance(buffer, str):
        raise TypeError("a str is no buffer")  # on MicroPython it is one
    if _CPYTHON:
        view = memoryview(buffer).cast("B")
        return view if size is None else view[start : start + size]
    if size is None:
        view = memoryview(buffer)
        size = len(view) * len(bytes(view[0:1]))  # MicroPython's memoryview has no itemsize on most ports
    return bytearray_at(addressof(buffer) + start, size)


def sized(buffer):
    """Returns a buffer that has a length: a memoryview of one that has none, such as a FrameBuffer."""
    try:
        len(buffer)
    except TypeError:
        buffer = memoryview(buffer)
    return buffer


def typecode_of(values):
    """Returns the typecode of an array.array, which on MicroPython only its repr has; None for anything else."""
    if isinstance(values, array):
        return repr(values[0:0])[7]


class Body:
    """Base class of the library's bodies. A body need not derive from it; it must keep the contract above."""

    content_type = "application/octet-stream"
    name: "str" = None
    size = 0
    rewindable = True

    def rewind(self):
        """Starts again from the first byte."""

    def close(self):
        """Releases what the body opened."""


def size_of(part):
    """Returns the bytes of a part: a body, or a buffer."""
    return part.size if hasattr(part, "readinto") else len(octets(part))


class Chain(Body):
    """Buffers (byte strings, arrays) and bodies, one after the other, as one body.

    parts: a list or tuple, in which nested Chains are flattened; or any object with `__len__` and `__getitem__`,
    whose parts are fetched when they are reached and never all held.
    A part whose bytes are not as many as its `size` is a SampleError: nothing is padded or cut. Parts must not change
    until they are sent; one that is resized is a SampleError. size: of all parts, if it is known.

        log = Chain((b"timestamp,level\\n", File("rows.csv")), name="tank.01.csv", content_type="text/csv")
        client.upload("training", log)
    """

    _read = None  # of the part, if it is a body

    def __init__(self, parts, name=None, content_type=None, size=None):
        if isinstance(parts, (list, tuple)):
            flat = []
            for part in parts:
                if type(part) is Chain and isinstance(part._parts, list):  # type: ignore[has-type]
                    flat.extend(part._parts)  # type: ignore[has-type]
                else:
                    flat.append(part)
            parts = flat
        self._parts = parts
        if name:
            self.name = name
        if content_type:
            self.content_type = content_type
        if size is None:
            size = 0
            for i in range(len(parts)):
                part = None  # never two at once
                part = parts[i]
                size += size_of(part)
                if not getattr(part, "rewindable", True):
                    self.rewindable = False
        self.size = size
        self._part = None  # the one that is being read
        self._begin()

    def _begin(self):
        """Prepares for the first part."""
        self._index = -1
        self._left = 0  # bytes that the part being read still owes
        self._owed = self.size  # bytes that the parts not yet reached owe

    def _next(self):
        """Goes on to the next part; False when there is none."""
        parts = self._parts
        if self._index < len(parts):
            self._index += 1
        more = self._index < len(parts)
        if more:
            part = self._part = parts[self._index]
            self._left = size_of(part)
            self._at = 0
            self._owed -= self._left
        if self._owed < 0 or self._owed and not more:
            raise argument_error("parts", self.name)
        if more:
            if hasattr(part, "readinto"):
                part.rewind()
                self._read = part.readinto
            else:
                self._items = len(part)
            if not self._left:
                self._finish()
        return more

    def _copy(self, window, at):
        """Copies what fits of a buffer into the window; returns how many bytes."""
        part = self._part
        if len(part) != self._items:
            raise argument_error("changed", self.name)
        n = min(self._left, len(window) - at)
        window[at : at + n] = octets(part, self._at, n)
        self._at += n
        return n

    def readinto(self, window):
        """Fills the window from as many parts as it takes."""
        # Few names, and what is rare elsewhere: a frame of more than 11 words is put on the heap.
        filled = 0
        while filled < len(window):
            left = self._left
            if left:
                if not self._read:
                    n = self._copy(window, filled)
                else:
                    n = self._read(memoryview(window)[filled:] if filled else window)
                if n is None:
                    return filled or None
                if type(n) is not int or not 0 < n <= len(window) - filled:
                    self._wrong(n)
                filled += n
                left -= n
                self._left = left
                if left <= 0:
                    self._finish()  # now, so that a body that is too long is found out before its last byte leaves
            elif not self._next():
                break
        return filled

    def _finish(self):
        """Called when a part has given its last byte. Raises the SampleError if it has more."""
        if self._left or self._read and self._read(_PROBE):
            self._wrong(0)
        self._close()

    def _close(self):
        """Closes the part that is being read."""
        part = self._part
        self._part = self._read = None
        if hasattr(part, "close"):
            part.close()

    def _wrong(self, n):
        """Raises the SampleError for a part with fewer or more bytes than its size, or than the n that it says."""
        part = self._part
        if n != 0:
            raise argument_error("readinto", part.name, n)
        if self._left > 0:
            raise argument_error("ended", part.name, self._left, part.size)
        raise argument_error("longer", part.name, part.size)

    def rewind(self):
        """Starts again. Raises the SampleError of a part that was read and cannot be read again."""
        self._close()
        for part in self._parts if isinstance(self._parts, list) else ():
            if hasattr(part, "rewind"):  # now, before anything is connected, and once more when it is reached
                part.rewind()
        if self._index >= 0 and not self.rewindable:
            raise argument_error("read", self.name)
        self._begin()

    def close(self):
        """Closes every part that is held."""
        for part in self._parts if isinstance(self._parts, list) else (self._part,):
            if hasattr(part, "close"):
                part.close()
