"""The functions `_scale` and `_upper` of `scaling` as viper code: the same results, bit for bit, without allocating.

Every float that MicroPython computes takes a block of the heap, so this module makes the bits of float32 from integers.
No integer is greater than 0x3FFFFFFF, because larger ones do not have the same width in viper on all boards.
"""

import micropython
from micropython import const

# The entries of the array that `scaling.steps` returns; `scaling` describes them.
_START = const(0)
_COUNT = const(1)
_HIGH = const(2)
_SIGNED = const(3)
_MANTISSA_HIGH = const(4)
_MANTISSA_LOW = const(5)
_EXPONENT = const(6)

_MARK_HIGH = const(0x3F00)  # the upper half of 0.5 in float32; the lower half is 0
_HIDDEN = const(0x800000)  # the bit of a float32's mantissa that is not stored


@micropython.viper
def scale(dst: ptr16, at: int, src: ptr8, how: ptr32) -> int:
    """See `scaling._scale`: writes the float32 nearest to value * factor (ties to even)."""
    count: int = how[_COUNT]
    last: int = 2 * (at + count) - 2
    if at < 0 or dst[last] != 0 or dst[last + 1] != _MARK_HIGH:  # no array of float32
        return 0
    start: int = how[_START]
    high: int = how[_HIGH]
    d: int = 2 * at
    end: int = d + 2 * count
    while d < end:
        a: int = src[start + high] << 8 | src[start + 1 - high]
        start += 2
        sign: int = 0
        if a >= 0x8000 and how[_SIGNED]:
            a = 0x10000 - a
            sign = 0x8000
        if a == 0:
            dst[d] = 0
            dst[d + 1] = 0
            d += 2
            continue
        low: int = a * how[_MANTISSA_LOW]
        p: int = a * how[_MANTISSA_HIGH] + (low >> 12)  # the product is p + f / 4096
        f: int = low & 0xFFF
        e: int = how[_EXPONENT]
        while p < _HIDDEN:
            p = p << 1 | f >> 11
            f = f << 1 & 0xFFF
            e -= 1
        while p >= 2 * _HIDDEN:
            f = f >> 1 | (p & 1) << 11 | f & 1  # the last bit of f stays set if any lost bit was set
            p = p >> 1
            e += 1
        if f > 0x800 or (f == 0x800 and p & 1):
            p += 1
            if p == 2 * _HIDDEN:
                p = _HIDDEN
                e += 1
        dst[d] = p & 0xFFFF
        dst[d + 1] = sign | e << 7 | p >> 16 & 0x7F
        d += 2
    return 1


@micropython.viper
def upper(dst: ptr8, at: int, src: ptr8, width: int, count: int):
    """See `scaling._upper`. Copies bytes, since dst may be odd: a Cortex-M0+ stores 16 bits only at even addresses."""
    s: int = width - 2
    end: int = at + 2 * count
    while at < end:
        dst[at] = src[s]
        dst[at + 1] = src[s + 1]
        at += 2
        s += width
