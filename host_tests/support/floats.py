"""Floats as the interpreter under test holds them: MicroPython on a PC has doubles, on many boards single precision.

What a test sends crosses to the interpreter as doubles and is rounded there. Tests expect the numbers that `held` gives
for the mode they run in: with doubles these are the numbers that were sent.
"""

import math
import struct
from typing import Any

from . import interpreters, modes


def single(mode: str) -> bool:
    """Returns whether floats have single precision in this mode, as the unix port in use may be built with."""
    return mode in modes.UNIX and interpreters.interpreter().float_bits == 32


def float32(value: float) -> float:
    """Returns the nearest number of single precision; infinity for what is too large, as a cast in C does."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def held(mode: str, value: Any) -> Any:
    """Returns the value with every float in it rounded to what this mode's interpreter holds.

    Enters lists, tuples and dictionaries. Leaves arrays as they are: their typecode says what they hold.
    """
    if not single(mode):
        return value
    if isinstance(value, float):
        return float32(value)
    if isinstance(value, (list, tuple)):
        return type(value)(held(mode, item) for item in value)
    if isinstance(value, dict):
        return {held(mode, key): held(mode, item) for key, item in value.items()}
    return value


def neighbour(mode: str, value: float, towards: float) -> float:
    """Returns the next number from `value` towards another one, of those that this mode's interpreter holds.

    Of single-precision numbers it takes positive ones that the interpreter holds.
    """
    if not single(mode):
        return math.nextafter(value, towards)
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    return struct.unpack("<f", struct.pack("<I", bits + (1 if towards > value else -1)))[0]
