"""Typed values: what a typecode means, the shape of a buffer, and how integers and doubles are packed.

Typecodes are those of `array` and `struct`: b B h H i I l L q Q are integers, f and d floats.
"""

from struct import calcsize

from micropython import const

from .body import octets, sized, typecode_of
from .errors import SampleError
from .validate import argument_error

_SIGNED = const(1)
_SHORTEST = const(2)
_FLOAT = const(4)
_STEP = const(1 << 20)  # bytes of raw values that are measured at a time: totals stay far below 2**30


def described(sample):
    """Returns the text of a Sample's `repr`."""
    return "Sample(%r, %d rows of %d axes every %s ms, %s)" % (
        sample.name,
        sample.rows,
        len(sample.sensors),
        sample.interval_ms,
        "typecode " + sample.typecode if sample.typecode else "from a list",
    )


def item_size(typecode):
    """Bytes of one item of an array of this typecode on this port (`l` and `L` differ between boards)."""
    if not isinstance(typecode, str) or len(typecode) != 1 or typecode not in "bBhHiIlLqQfd":
        raise argument_error("typecode", typecode)
    return calcsize(typecode)


def set_shape(sample, rows):
    """Sets `typecode` and `rows` of a Sample whose values are a buffer."""
    values = sample.values
    axes = len(sample.sensors)
    own = typecode_of(values)
    if sample.typecode is None:
        if not own:
            raise argument_error("values", values)
        sample.typecode = own
    if own and own != sample.typecode:
        raise SampleError("typecode: %r was said, but values is an array of %r: leave it out" % (sample.typecode, own))
    width = item_size(sample.typecode)
    try:
        size = len(octets(values))
    except TypeError:
        raise argument_error("values: a buffer", values)
    if size % (width * axes):
        raise SampleError(
            "values: %d bytes of typecode %s are %d values, no whole number of rows of %d (one per sensor)"
            % (size, sample.typecode, size // width, axes)
        )
    sample.rows = size // (width * axes)
    sample.values = sized(values)


def prepare(state, typecode, src, count):
    """Completes the state (see `rows`) for `count` values that are not float32; (pack, bytes of them all).

    src: all values, which are then encoded as the shortest integers; None: integers have fixed width.
    """
    try:
        from .cbor_int_kernels import measure, number
    except (SyntaxError, ImportError, ValueError):
        from .cbor_plain import measure, number
    width = state[25] = item_size(typecode)
    kind = state[26] = _FLOAT if typecode in "fd" else _SIGNED if typecode in "bhilq" else 0
    if src is None or kind == _FLOAT:
        return number, count * (width + 1)
    state[26] = kind | _SHORTEST
    total = 0
    for start in range(0, len(src), _STEP):
        state[0] = start
        state[1] = min(start + _STEP, len(src))
        total += measure(src, state)
    state[0] = 0
    return number, total
