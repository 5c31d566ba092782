"""What chips count, as float32 in the units of `sensors`: `scaled`, at the speed of kernels where they load."""

import struct
from array import array

from ..errors import SampleError


def steps(factor, start, count, big=False, signed=True):
    """How `scaled` reads a group of values: `count` of 16 bits from byte `start` on, times factor (in float32)."""
    bits = struct.unpack("<I", struct.pack("<f", factor))[0]
    mantissa = bits & 0x7FFFFF | 0x800000
    exponent = (bits >> 23) + 12  # of a product of 1 << 23
    # where to read, count, place of the high byte, whether signed, mantissa in two halves of 12 bits, exponent, start
    return array("i", (start, count, 0 if big else 1, signed, mantissa >> 12, mantissa & 0xFFF, exponent, start))


def scaled(buffer, offset, raw, how):
    """A group of values out of raw, as `how` says, to buffer[offset] and on; allocates nothing where kernels load."""
    try:
        buffer[offset + how[1] - 1] = 0.5  # only an array of floats takes it, and only if there is room
        if offset >= 0 and scale(buffer, offset, raw, how):
            return
    except (TypeError, IndexError):
        pass
    raise SampleError('buffer: an array of typecode "f" with room for a row at offset %r is needed' % (offset,))


def _scale(buffer, at, raw, how):
    """Writes raw values times the factor; 0 if the buffer is no array of float32, which ends with 0.5 then."""
    if len(bytes(buffer[at : at + 1])) != 4:
        return 0
    factor = (how[4] << 12 | how[5]) * 2.0 ** (how[6] - 162)
    start = how[0]
    for i in range(at, at + how[1]):
        value = raw[start + how[2]] << 8 | raw[start + 1 - how[2]]
        if how[3] and value >= 0x8000:
            value -= 0x10000
        buffer[i] = value * factor
        start += 2
    return 1


def _upper(dst, at, src, width, count):
    """The upper 16 bits of `count` values of `width` bytes, to dst[at] and on; all of them in bytes."""
    for i in range(width - 2, count * width, width):
        dst[at] = src[i]
        dst[at + 1] = src[i + 1]
        at += 2


try:
    from .scale_kernels import scale, upper
except (SyntaxError, ImportError, ValueError):  # no native emitter, or an .mpy of another architecture
    scale, upper = _scale, _upper
