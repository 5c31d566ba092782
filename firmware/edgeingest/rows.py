"""Typed values to CBOR rows, window by window: `TypedRows`.

The work is done by functions `pack(dst, src, state)`, viper ones in `kernels` and `int_kernels` or, where those do not
load, their twins in `plain`. `state` is an array('i'):
0 where to write in dst; 1 the last place where an item may begin; 2, 3 where src begins and ends; 4 column;
5 axes (a row's head is written when column == axes); 6 to 9 length and bytes of that head; 10 bytes of an item;
11 kind: _SIGNED | _SHORTEST for integers, _FLOAT for floats.
"""

from array import array

from micropython import const

from .body import Body, octets
from .errors import SampleError

_SIGNED = const(1)
_SHORTEST = const(2)
_FLOAT = const(4)
_ITEM = const(12)  # the longest that one step writes: a row's head (3) and a 64-bit item (9)
_FLAT = const(0x3FFFFFFF)  # axes of a flat array: never reached, so that no row begins
_STAGE = const(512)  # bytes of raw values that are asked of a row source at a time
_STEP = const(1 << 20)  # bytes of raw values that are measured at a time: totals stay far below 2**30


def functions(typecode):
    """(pack, measure) for a typecode: the viper ones if they load."""
    if typecode == "f":
        try:
            from .kernels import float32
        except (SyntaxError, ImportError, ValueError):  # no native emitter, or an .mpy of another architecture
            from .plain import float32
        return float32, None
    try:
        from .int_kernels import measure, number
    except (SyntaxError, ImportError, ValueError):
        from .plain import measure, number
    return number, measure


def item_size(typecode):
    """Bytes of one item of an array of this typecode on this port (`l` and `L` differ between boards)."""
    if not isinstance(typecode, str) or len(typecode) != 1 or typecode not in "bBhHiIlLqQfd":
        raise SampleError("typecode: %r is none of b B h H i I l L q Q f d" % (typecode,))
    return len(bytes(array(typecode, (0,))))


def head(major, n):
    """The first bytes of an array (0x80) of n items, as a list."""
    if n < 24:
        return [major | n]
    if n < 0x100:
        return [major | 24, n]
    if n < 0x10000:
        return [major | 25, n >> 8, n & 0xFF]
    return [major | 26, n >> 24, n >> 16 & 0xFF, n >> 8 & 0xFF, n & 0xFF]


class TypedRows(Body):
    """The CBOR array of rows x axes numbers; with one axis a flat array.

    data: a buffer of native values, encoded as the shortest integers, `fa` + 4 or `fb` + 8 bytes. Or
    source: a RawSource of them; then integers have fixed width too, so that the size is known before the first row
    exists.
    """

    content_type = "application/cbor"

    def __init__(self, typecode, axes, rows, data=None, source=None):
        width = item_size(typecode)
        self._source = source
        self._data = data  # see octets
        self._src = octets(data) if source is None else bytearray(_STAGE)
        kind = _FLOAT if typecode in "fd" else _SIGNED if typecode in "bhilq" else 0
        if source is None and kind != _FLOAT:
            kind |= _SHORTEST
        self._pack, measure = functions(typecode)
        row = head(0x80, axes) if axes > 1 else []
        self._first = bytes(head(0x80, rows))
        pad = row + [0] * (3 - len(row))
        self._state = array("i", [0, 0, 0, 0, 0, axes if row else _FLAT, len(row)] + pad + [width, kind])
        self._carry = bytearray(2 * _ITEM)  # what did not fit into the last window, from _from to _to
        self._from = self._to = 0
        self._held = 0  # bytes in src that came from the source
        self.rewindable = source is None or source.rewindable
        self.size = len(self._first) + rows * len(row) + rows * axes * (width + 1)
        if kind & _SHORTEST:
            self.size = len(self._first) + rows * len(row) + self._measure(measure)
        self.rewind()  # another body may have read from the source

    def _measure(self, measure):
        total = 0
        size = len(self._src)
        for start in range(0, size, _STEP):
            self._state[2] = start
            self._state[3] = min(start + _STEP, size)
            total += measure(self._src, self._state)
        return total

    def readinto(self, window):
        """Fill the window; items that straddle its end are kept in the carry."""
        room = len(window)
        done = 0
        state = self._state
        while True:
            if self._from < self._to:
                carry = self._carry
                start = self._from - done
                end = min(self._to - start, room)
                while done < end:  # by the byte: a slice would be allocated
                    window[done] = carry[start + done]
                    done += 1
                self._from = start + done
            if done == room:
                return done
            if state[2] == state[3]:
                n = 0 if self._source is None else self._refill()
                if n is None:
                    return done or None
                if not n:
                    return done
            if room - done >= _ITEM:
                state[0] = done
                state[1] = room - _ITEM
                self._pack(window, self._src, state)
                done = state[0]
            else:
                state[0] = 0
                state[1] = _ITEM
                self._pack(self._carry, self._src, state)
                self._from = 0
                self._to = state[0]

    def _refill(self):
        """More raw values from the source: bytes of whole items, 0 at the end, None when nothing is ready."""
        state = self._state
        src = self._src
        part = self._held - state[3]  # the beginning of an item whose rest has not come yet
        if state[3]:
            src[:part] = src[state[3] : self._held]
        state[2] = state[3] = 0
        self._held = part
        n = self._source.readinto(memoryview(src)[part:])
        if not n:
            return n
        self._held += n
        state[3] = self._held - self._held % state[10]
        return state[3] or None

    def rewind(self):
        """Start again, from the source's beginning too."""
        state = self._state
        state[2] = state[3] = 0
        if self._source is None:
            state[3] = len(self._src)
        else:
            self._source.rewind()
        state[4] = 0 if state[5] == _FLAT else state[5]
        self._held = 0
        n = len(self._first)
        self._carry[:n] = self._first
        self._from = 0
        self._to = n
