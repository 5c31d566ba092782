"""Plain Python twins of the viper functions in kernels, for builds without a native emitter. `state`: see `rows`."""

from micropython import const

from .body import octets

_SIGNED = const(1)
_SHORTEST = const(2)
_FLOAT = const(4)


def _significant(src, s, width, flip):
    """How many bytes the shortest CBOR form has after its first: 0, 1, 2, 4 or 8."""
    while width > 1 and src[s + width - 1] ^ flip == 0:
        width -= 1
    if width == 1 and src[s] ^ flip < 24:
        return 0
    return 4 if width == 3 else 8 if width > 4 else width


def _next(state, width):
    """Goes on to the next value, and to the next row's head where there is one."""
    state[2] += width
    state[3] = 3
    state[4] += 1
    if state[4] == state[5]:
        state[4] = 0
        state[3] = state[6]


def float32(dst, src, state):
    """Items of typecode f: `fa` and four bytes, most significant first."""
    src = octets(src)
    d = state[0]
    end = state[1]
    while d < end and state[2] + 4 <= state[24]:
        s = state[2]
        skip = state[3]
        if skip < 4:
            for i in range(4):
                state[18 - i] = src[s + i]
        while skip < 8 and d < end:
            dst[d] = state[11 + skip]
            d += 1
            skip += 1
        state[3] = skip
        if skip == 8:
            _next(state, 4)
    return end - d


def number(dst, src, state):
    """Items of any typecode: the shortest integers, or fixed width (RFC 8949, section 3)."""
    src = octets(src)
    width = state[25]
    kind = state[26]
    d = state[0]
    end = state[1]
    while d < end and state[2] + width <= state[24]:
        s = state[2]
        skip = state[3]
        if skip < 4:
            flip = 0xFF if kind & _SIGNED and src[s + width - 1] > 127 else 0
            major = 0xE0 if kind == _FLOAT else 0x20 if flip else 0
            size = _significant(src, s, width, flip) if kind & _SHORTEST else width
            major |= (24 if size == 1 else 25 if size == 2 else 26 if size == 4 else 27) if size else src[s] ^ flip
            state[14] = major
            for i in range(size):
                state[15 + i] = src[s + size - 1 - i] ^ flip
            state[23] = 4 + size
        while skip < state[23] and d < end:
            dst[d] = state[11 + skip]
            d += 1
            skip += 1
        state[3] = skip
        if skip == state[23]:
            _next(state, width)
    return end - d


def measure(src, state):
    """Bytes of all integers from state[0] to state[1] in their shortest forms, without the heads of rows."""
    width = state[25]
    total = 0
    for s in range(state[0], state[1], width):
        flip = 0xFF if state[26] & _SIGNED and src[s + width - 1] > 127 else 0
        total += 1 + _significant(src, s, width, flip)
    return total
