"""MicroPython's `time`, in which nobody waits for whole seconds. `told`: what is called with the ms of every sleep."""

import utime
from utime import *  # noqa: F403

told = []


def sleep(seconds):
    sleep_ms(1)


def sleep_ms(ms):
    utime.sleep_ms(ms)
    for tell in told:
        tell(ms)
