"""What a typecode says about its values, and how integers and doubles are packed."""

from struct import calcsize

from micropython import const

from .validate import argument_error

_SIGNED = const(1)
_SHORTEST = const(2)
_FLOAT = const(4)
_STEP = const(1 << 20)  # bytes of raw values that are measured at a time: totals stay far below 2**30


def item_size(typecode):
    """Bytes of one item of an array of this typecode on this port (`l` and `L` differ between boards)."""
    if not isinstance(typecode, str) or len(typecode) != 1 or typecode not in "bBhHiIlLqQfd":
        raise argument_error("typecode", typecode)
    return calcsize(typecode)


def prepare(state, typecode, src, count):
    """Complete the state (see `rows`) for `count` values that are not float32; (pack, bytes of them all).

    src: all values, which are then encoded as the shortest integers; None: integers have fixed width.
    """
    try:
        from .int_kernels import measure, number
    except (SyntaxError, ImportError, ValueError):
        from .plain import measure, number
    width = state[15] = item_size(typecode)
    kind = state[16] = _FLOAT if typecode in "fd" else _SIGNED if typecode in "bhilq" else 0
    if src is None or kind == _FLOAT:
        return number, count * (width + 1)
    state[16] = kind | _SHORTEST
    total = 0
    for start in range(0, len(src), _STEP):
        state[0] = start
        state[1] = min(start + _STEP, len(src))
        total += measure(src, state)
    state[0] = 0
    return number, total
