"""HTTP dates, in all three forms of RFC 9110, section 5.6.7. Loaded when a service asks to come back at a date."""

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def seconds_of(text, now):
    """Seconds since 1970 of an HTTP date, or None. now: the same for this moment; a year of two digits is the one
    that is not more than 50 years after it."""
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
        number = _MONTHS.find(month)
    except (ValueError, IndexError):
        return None
    if number % 3 or len(month) != 3 or zone != "GMT":
        return None
    if not (1 <= day <= 31 and 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 61):
        return None
    if short:
        this = 1970 + now // 31556952
        year += this // 100 * 100
        if year > this + 50:
            year -= 100
    # The year begins in March: then the leap day is its last, and months have 153 days in five.
    months = number // 3 + 12 * year - 2
    year, month = months // 12, months % 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719469
    return ((days * 24 + hour) * 60 + minute) * 60 + second
