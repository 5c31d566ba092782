"""Rows of a row source, a few hundred bytes of its values at a time."""

from micropython import const

from .numbers import item_size
from .rows import TypedRows

_STAGE = const(512)  # bytes of raw values that are asked of a row source at a time


class SourceRows(TypedRows):
    """The rows of a row source that is a body: integers have fixed width, so that the size is known before the first
    row exists. The source says where they end; of one without an end, `count` rows have `size` bytes."""

    def __init__(self, typecode, axes, count, source):
        self._source = source
        self._width = item_size(typecode)
        self._held = self._ready = 0  # bytes in src; bytes that the whole values among them make
        self.rewindable = source.rewindable
        super().__init__(typecode, axes, count, bytearray(_STAGE), False)

    def readinto(self, window):
        """Fill the window, or as much as the source has."""
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
        values = self._held // self._width
        axes = state[5]
        rows = (state[4] + values + axes - 1) // axes - (state[4] + axes - 1) // axes  # that begin among them
        self._ready = values * (self._width + 1) + rows * (3 - state[6])
        return self._ready or None

    def rewind(self):
        """Start again, from the source's beginning."""
        self._source.rewind()  # another body may have read from it
        super().rewind()
        self._held = self._ready = 0
