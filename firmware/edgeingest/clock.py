"""The board's clock: the one room that knows where a port's epoch lies."""

import time

from micropython import const

_CLOCK_SET = const(1704067200)  # 2024-01-01: a clock that says less has not been set since the board booted


def _epoch():
    """Seconds from 1970 to the port's epoch, which is 1970 (RP2040, unix) or 2000 (ESP32)."""
    return 946684800 if time.gmtime(0)[0] == 2000 else 0


def possible(seconds):
    """Seconds since 1970, or None if that was before this library was written."""
    return seconds if seconds >= _CLOCK_SET else None


def now():
    """Seconds since 1970, or None while the clock is not set."""
    return possible(int(time.time()) + _epoch())


def put_right(seconds):
    """Set the clock to seconds since 1970, UTC."""
    from machine import RTC

    year, month, day, hour, minute, second, weekday = time.gmtime(seconds - _epoch())[:7]
    RTC().datetime((year, month, day, weekday + 1, hour, minute, second, 0))  # type: ignore[attr-defined]  # unix has none
