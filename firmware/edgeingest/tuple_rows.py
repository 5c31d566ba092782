"""Rows that `read()` returns as tuples, for a capture with `tuples=True`; loaded for it."""

from .errors import SampleError
from .typecodes import item_size


def row_reader(function, axes, typecode):
    """Returns a `read(buffer, offset)` made of a function that returns a tuple."""
    low = high = None
    if typecode not in "fd":  # MicroPython's arrays store the lowest bits of an integer that does not fit
        high = (1 << 8 * item_size(typecode)) - 1
        low = 0
        if typecode in "bhilq":
            high >>= 1
            low = -high - 1

    def read(buffer, offset):
        row = function()
        if not isinstance(row, (tuple, list)) or len(row) != axes:
            raise SampleError("read: a tuple of %d values is needed, not %r" % (axes, row))
        for value in row:
            if high is not None and not low <= value <= high:
                raise SampleError("read: %r does not fit into typecode %s" % (value, typecode))
            buffer[offset] = value
            offset += 1

    return read
