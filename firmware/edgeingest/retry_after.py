"""Retry-After: the time that a service asks to wait. Loaded when a reply has it.

Source: RFC 9110, sections 5.6.7 (dates) and 10.2.3 (Retry-After).
"""

from micropython import const

_MONTHS = const("JanFebMarAprMayJunJulAugSepOctNovDec")


def seconds(asked, date):
    """Returns the seconds that Retry-After asks to wait, as a number or until a date; None if it is neither.

    date: the Date field of the same reply, or None.
    """
    if asked.encode().isdigit():
        return int(asked)
    # The service's own clock is in its reply: that of the board may not be set.
    now = seconds_of(date or "", 0)
    if now is None:
        from .signing import now as clock

        now = clock()
    until = None if now is None else seconds_of(asked, now)
    return None if until is None else max(0, until - now)


def seconds_of(text, now):
    """Returns the seconds since 1970 of an HTTP date in any of its three forms, or None.

    now: the present, in seconds since 1970: a year of two digits is the one that is at most 50 years after it.
    """
    try:
        parts = text.replace(",", " ").replace("-", " ").split()
        if parts[1].encode().isdigit():  # Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT
            _, day, month, year, clock, zone = parts
        else:  # Sun Nov  6 08:49:37 1994
            _, month, day, clock, year = parts
            zone = "GMT"
        hour, minute, second = [int(n) for n in clock.split(":")]
        short = len(year) == 2
        day, year = int(day), int(year)
        at = _MONTHS.find(month)
    except (ValueError, IndexError):
        return None
    if at % 3 or len(month) != 3 or zone != "GMT":
        return None
    if not (1 <= day <= 31 and 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 61):
        return None
    if short:
        this_year = 1970 + now // 31556952
        year += this_year // 100 * 100
        if year > this_year + 50:
            year -= 100
    return ((_days(year, at // 3, day) * 24 + hour) * 60 + minute) * 60 + second


def _days(year, month, day):
    """Returns the days from 1970-01-01 to a date; month: 0 to 11."""
    # The year begins in March: then the leap day is its last, and months have 153 days in five.
    months = month + 12 * year - 2
    year, month = months // 12, months % 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719469
