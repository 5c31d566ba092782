"""Typed values to CBOR rows, window by window: `TypedRows`; and the writer of CBOR heads.

The work is done by functions `pack(dst, src, state)`: viper ones in `cbor_kernels` and `cbor_int_kernels` or, where
those do not load, their twins in `cbor_plain`. Each fills dst from state[0] to state[1] with what comes next of the
rows, to the byte. `state` is an array('i'):

    0, 1      where dst begins and ends
    2         where the next value is in src
    3         where to go on in it: 0 to 2 in the head of its row, 3 at its first byte, or after that
    4, 5      the column of the value; the number of columns
    6         where a row begins: 3 - length of its head
    7         bytes of a row of float32
    8 to 10   the head of a row;  11 to 13  the same, at the end of its place
    14 to 22  an encoded value that does not fit into the window as a whole;  23  where it ends, as 3 counts
    24        bytes in src: nothing is read behind them
    25, 26    of values that are not float32: the bytes of one, and its kind (see `typecodes`)

Each returns how many bytes of dst are left because src has come to its end: 0, unless the values were changed.
"""

from array import array

from micropython import const

from .body import Body, octets
from .validate import argument_error

_BLANK = bytes(108)
_FLAT = const(8)  # values of a flat array that are one row without a head


def put_head(buffer, at, major, n):
    """Puts the head of a CBOR item (RFC 8949, section 3) into the buffer at `at`; returns where it ends.

    major: the major type in the upper 3 bits; n: its number, below 2**64.
    """
    if n < 24:
        buffer[at] = major | n
        return at + 1
    size = 1  # bytes of the number
    major |= 24
    while n >> 8 * size:
        size *= 2
        major += 1
    buffer[at] = major
    while size:
        size -= 1
        at += 1
        buffer[at] = n >> 8 * size & 0xFF
    return at + 1


def append_head(out, major, n):
    """Appends the head of a CBOR item to a bytearray."""
    if n < 24:
        out.append(major | n)
    else:
        head = bytearray(9)
        out.extend(memoryview(head)[: put_head(head, 0, major, n)])


class TypedRows(Body):
    """The rows of an array of float32, without the array's own head; with one axis only the numbers.

    data: a buffer of native values, each encoded as `fa` + 4 bytes. It must not change until it is sent; a SampleError
    is raised when it was resized, or has integers of other lengths.
    """

    def __init__(self, typecode, axes, count, data, shortest=True):
        self._src = data  # as it is: where it is in memory is looked up for each window
        self._items = len(data)
        first = 3  # where a row begins: without a head, at its first value
        state = self._state = array("i", _BLANK)
        if axes > 1:
            first = 11 - put_head(state, 8, 0x80, axes)
        state[5] = axes if axes > 1 else _FLAT
        state[6] = first
        for i in range(first, 3):
            state[11 + i] = state[8 + i - first]
        if typecode == "f":
            try:
                from .cbor_kernels import float32
            except (SyntaxError, ImportError, ValueError):  # no native emitter, or an .mpy of another architecture
                from .cbor_plain import float32
            self._pack = float32
            self.size = 5 * count * axes
            state[7] = (3 - first) + 5 * state[5]
            state[14] = 0xFA
        else:
            from .typecodes import prepare

            self._pack, self.size = prepare(state, typecode, octets(data) if shortest else None, count * axes)
        self.size += count * (3 - first)
        state[24] = len(octets(data))
        self.rewind()

    def readinto(self, window):
        """Fills the window."""
        n = min(len(window), self._left)
        state = self._state
        state[1] = n
        self._left -= n
        left = self._left
        if len(self._src) != self._items or self._pack(window, self._src, state) or not left and state[2] != state[24]:
            raise argument_error("changed", "values")
        return n

    def rewind(self):
        """Starts again."""
        state = self._state
        state[2] = state[4] = 0
        state[3] = state[6]
        self._left = self.size
