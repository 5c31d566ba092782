"""Viper only, as the room `kernels`: each function equals its twin in `scaling`, bit for bit, and allocates nothing.

Floats are made of integers here, because every float that MicroPython computes takes a block of the heap. No value
goes above 0x3FFFFFFF: viper's integers differ in width beyond it.
"""

import micropython


@micropython.viper
def scale(dst: ptr16, at: int, src: ptr8, how: ptr32) -> int:
    """See `scaling.scale`: the float32 nearest to value * factor (ties to even)."""
    count: int = how[1]
    last: int = 2 * (at + count) - 2
    if at < 0 or dst[last] != 0 or dst[last + 1] != 0x3F00:  # not the 0.5 that an array of typecode f has there
        return 0
    start: int = how[0]
    high: int = how[2]
    d: int = 2 * at
    end: int = d + 2 * count
    while d < end:
        a: int = src[start + high] << 8 | src[start + 1 - high]
        start += 2
        sign: int = 0
        if a >= 0x8000 and how[3]:
            a = 0x10000 - a
            sign = 0x8000
        if a == 0:
            dst[d] = 0
            dst[d + 1] = 0
            d += 2
            continue
        low: int = a * how[5]
        p: int = a * how[4] + (low >> 12)  # the product is p + f / 4096; how[4] and how[5] have 12 bits each
        f: int = low & 0xFFF
        e: int = how[6]
        while p < 0x800000:
            p = p << 1 | f >> 11
            f = f << 1 & 0xFFF
            e -= 1
        while p >= 0x1000000:
            f = f >> 1 | (p & 1) << 11 | f & 1  # the last bit stays set: only whether there is a rest matters
            p = p >> 1
            e += 1
        if f > 0x800 or (f == 0x800 and p & 1):
            p += 1
            if p == 0x1000000:
                p = 0x800000
                e += 1
        dst[d] = p & 0xFFFF
        dst[d + 1] = sign | e << 7 | p >> 16 & 0x7F
        d += 2
    return 1


@micropython.viper
def upper(dst: ptr8, at: int, src: ptr8, width: int, count: int):
    """See `scaling.upper`. By the byte: dst may begin anywhere, and a Cortex-M0+ stores halves at even places only."""
    s: int = width - 2
    end: int = at + 2 * count
    while at < end:
        dst[at] = src[s]
        dst[at + 1] = src[s + 1]
        at += 2
        s += width
