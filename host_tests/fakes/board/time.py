"""MicroPython's `time`, in which sleep() takes 1 ms. `listeners`: functions called with the ms of each sleep."""

import utime
from utime import *  # noqa: F403

listeners = []
behind = 0  # seconds that the board's clock is behind that of this computer


def time():
    return utime.time() - behind


def gmtime(seconds=None):
    return utime.gmtime(time() if seconds is None else seconds)


def sleep(seconds):
    sleep_ms(1)


def sleep_ms(ms):
    utime.sleep_ms(ms)
    for listener in listeners:
        listener(ms)
