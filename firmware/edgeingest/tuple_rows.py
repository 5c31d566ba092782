"""Rows that `read` returns as tuples: for a capture with `tuples=True`, and for the errors of one without it."""

from .errors import SampleError
from .typecodes import item_size


def called(call, error, tuples):
    """Returns the SampleError for a TypeError of a function that was called in this way."""
    return SampleError("read: called as %s: %s; tuples=%s calls it the other way" % (call, error, tuples))


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
        try:
            row = function()
        except TypeError as e:
            raise called("read()", e, "False")
        if not isinstance(row, (tuple, list)) or len(row) != axes:
            raise SampleError("read: a tuple of %d values is needed, not %r" % (axes, row))
        for value in row:
            try:
                fits = high is None or low <= value <= high
                buffer[offset] = value
                if high is None and value - value == 0:  # MicroPython stores infinity for a number that is too large
                    fits = buffer[offset] - buffer[offset] == 0
            except (TypeError, OverflowError):
                fits = False
            if not fits:
                raise SampleError("read: %r does not fit into typecode %s" % (value, typecode))
            offset += 1

    return read
