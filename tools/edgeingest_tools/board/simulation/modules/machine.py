"""The parts of MicroPython's `machine` that a simulated board has: identity and resets."""

import sys


def unique_id():
    return b"\x28\xcd\xc1\x00\x00\x01"


def freq():
    return 125_000_000


def soft_reset():
    sys.exit()


reset = soft_reset
