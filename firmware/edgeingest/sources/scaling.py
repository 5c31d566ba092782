"""Converts the raw 16-bit values of chips to float32 in the units of `sensors`.

The work is done by the viper functions in `scale_kernels`. Where these do not load, the functions here that have the
same names with an underscore do it: they give the same results, but allocate a float for each value.
"""

import struct
from array import array

from micropython import const

from ..errors import SampleError

# The entries of an array that `steps` returns; `scale_kernels` and `imu` repeat these numbers.
_START = const(0)  # where the group begins in the raw bytes
_COUNT = const(1)  # how many values the group has
_HIGH = const(2)  # where the high byte is in a value: 0 or 1
_SIGNED = const(3)  # 1 if the values are signed
_MANTISSA_HIGH = const(4)  # the upper 12 of the 24 bits of the factor's mantissa
_MANTISSA_LOW = const(5)  # the lower 12
_EXPONENT = const(6)  # the biased exponent of a product whose mantissa is 1 << 23
_FIRST_START = const(7)  # _START as it was given; `imu` adds the place of a row to it

_EXPONENT_SHIFT = const(12)  # the kernels drop the 12 lowest bits of a product
_BIAS = const(162)  # 127 of float32, 23 bits of the mantissa and _EXPONENT_SHIFT


def steps(factor, start, count, big=False, signed=True):
    """Returns the description of a group of raw values, for `scaled`.

    The group is `count` values of 16 bits from byte `start` on; each is multiplied by `factor`, in float32.
    big: the high byte comes first. signed: the values are signed.
    """
    bits = struct.unpack("<I", struct.pack("<f", factor))[0]
    mantissa = bits & 0x7FFFFF | 0x800000
    exponent = (bits >> 23) + _EXPONENT_SHIFT
    return array("i", (start, count, 0 if big else 1, signed, mantissa >> 12, mantissa & 0xFFF, exponent, start))


def scaled(buffer, offset, raw, how):
    """Writes the group of values that `how` describes, from the bytes `raw` to buffer[offset] and the items after it.

    how: what `steps` returned. Allocates nothing where the kernels load. Raises SampleError if the buffer is no array
    of typecode "f" or has no space for the group.
    """
    try:
        buffer[offset + how[_COUNT] - 1] = 0.5  # the kernel looks for it: only an array of floats accepts it
        if offset >= 0 and scale(buffer, offset, raw, how):
            return
    except (TypeError, IndexError):
        pass
    raise SampleError('buffer: an array of typecode "f" with room for a row at offset %r is needed' % (offset,))


def _scale(buffer, at, raw, how):
    """Writes the raw values times the factor and returns 1; returns 0 if the buffer is no array of float32."""
    if len(bytes(buffer[at : at + 1])) != 4:
        return 0
    factor = (how[_MANTISSA_HIGH] << 12 | how[_MANTISSA_LOW]) * 2.0 ** (how[_EXPONENT] - _BIAS)
    start = how[_START]
    high = how[_HIGH]
    for i in range(at, at + how[_COUNT]):
        value = raw[start + high] << 8 | raw[start + 1 - high]
        if how[_SIGNED] and value >= 0x8000:
            value -= 0x10000
        buffer[i] = value * factor
        start += 2
    return 1


def _upper(dst, at, src, width, count):
    """Copies the upper 16 bits of each of `count` values to dst[at] and on; src and dst are bytes.

    width: bytes of a value, low byte first.
    """
    for i in range(width - 2, count * width, width):
        dst[at] = src[i]
        dst[at + 1] = src[i + 1]
        at += 2


try:
    from .scale_kernels import scale, upper
except (SyntaxError, ImportError, ValueError):  # no native emitter, or an .mpy of another architecture
    scale, upper = _scale, _upper
