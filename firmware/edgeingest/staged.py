"""Rows of a row source, a few hundred bytes of its values at a time."""

from micropython import const

from .numbers import item_size
from .rows import TypedRows

_STAGE = const(512)  # bytes of raw values that are asked of a row source at a time


class SourceRows(TypedRows):
    """The rows of a RawSource: integers have fixed width, so that the size is known before the first row exists."""

    def __init__(self, typecode, axes, count, source):
        self._source = source
        self._width = item_size(typecode)
        self._held = self._ready = 0  # bytes in src; bytes that whole values in it make
        self.rewindable = source.rewindable
        super().__init__(typecode, axes, count, bytearray(_STAGE), False)

    def readinto(self, window):
        """Fill the window, or as much as the source has."""
        state = self._state
        room = min(len(window), self._left)
        done = 0
        while done < room:
            if not self._ready and not self._refill():
                return done or None
            n = min(room - done, self._ready)
            state[0] = done
            done += n
            state[1] = done
            self._pack(window, self._src, state)
            self._ready -= n
        self._left -= done
        return done

    def _refill(self):
        """More whole values from the source; False when they are not there yet."""
        state = self._state
        src = self._src
        part = self._held - state[2]  # the beginning of a value whose rest has not come yet
        if part and state[2]:
            src[:part] = src[state[2] : self._held]
        state[2] = 0
        n = self._source.readinto(memoryview(src)[part:] if part else src)
        self._held = part + (n or 0)
        values = self._held // self._width
        axes = state[5]
        rows = (state[4] + values + axes - 1) // axes - (state[4] + axes - 1) // axes  # that begin among them
        self._ready = values * (self._width + 1) + rows * (3 - state[6])
        return self._ready

    def rewind(self):
        """Start again, from the source's beginning."""
        self._source.rewind()  # another body may have read from it
        super().rewind()
        self._held = self._ready = 0
