"""Plain Python twins of the viper functions in kernels, for builds without a native emitter. `state`: see `rows`."""

from micropython import const

_SIGNED = const(1)
_SHORTEST = const(2)
_FLOAT = const(4)


def _row_head(state, dst):
    d = state[0]
    for i in range(state[6]):
        dst[d + i] = state[7 + i]
    state[0] = d + state[6]
    state[4] = 0


def _significant(src, s, width, flip):
    """How many bytes the shortest CBOR form has after its first: 0, 1, 2, 4 or 8."""
    while width > 1 and src[s + width - 1] ^ flip == 0:
        width -= 1
    if width == 1 and src[s] ^ flip < 24:
        return 0
    return 4 if width == 3 else 8 if width > 4 else width


def number(dst, src, state):
    """Items of any typecode: the shortest integers, or fixed width (RFC 8949, section 3)."""
    width = state[10]
    kind = state[11]
    while state[2] < state[3] and state[0] <= state[1]:
        if state[4] == state[5]:
            _row_head(state, dst)
        d = state[0]
        s = state[2]
        flip = 0xFF if kind & _SIGNED and src[s + width - 1] > 127 else 0
        major = 0xE0 if kind == _FLOAT else 0x20 if flip else 0
        size = _significant(src, s, width, flip) if kind & _SHORTEST else width
        if size:
            dst[d] = major | (24 if size == 1 else 25 if size == 2 else 26 if size == 4 else 27)
            for i in range(size):
                dst[d + size - i] = src[s + i] ^ flip
        else:
            dst[d] = major | src[s] ^ flip
        state[0] = d + size + 1
        state[2] = s + width
        state[4] += 1


def float32(dst, src, state):
    """Items of typecode f: `fa` and four bytes, most significant first."""
    while state[2] < state[3] and state[0] <= state[1]:
        if state[4] == state[5]:
            _row_head(state, dst)
        d = state[0]
        s = state[2]
        dst[d] = 0xFA
        dst[d + 1] = src[s + 3]
        dst[d + 2] = src[s + 2]
        dst[d + 3] = src[s + 1]
        dst[d + 4] = src[s]
        state[0] = d + 5
        state[2] = s + 4
        state[4] += 1


def measure(src, state):
    """Bytes of all integers from state[2] to state[3] in their shortest forms, without the heads of rows."""
    width = state[10]
    total = 0
    for s in range(state[2], state[3], width):
        flip = 0xFF if state[11] & _SIGNED and src[s + width - 1] > 127 else 0
        total += 1 + _significant(src, s, width, flip)
    return total
