"""Replies other than success: duplicates, refusals with advice, nonsense; Retry-After; no key is shown in what a peer
says. Loaded when one comes.

Sources: the service's documentation, "Ingestion API", and what its own clients read; RFC 9110, sections 5.6.7 (dates)
and 10.2.3 (Retry-After).
"""

from micropython import const

from .errors import FilesError, ProtocolError, ServiceError

_SHOWN = const(7)  # so many characters of a key in a row may be in an error: fewer than are worth anything
_DUPLICATE = "An item with this hash already exists"
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def nonsense(body):
    """Returns the error for a reply that is not what the documentation says."""
    return ProtocolError("the service's answer is not what it should be: %r" % body[:80])


def wrong_count(count, total):
    """Returns the error for a reply with results for another number of files than were sent."""
    return ProtocolError("the service answered for %d files, %d were sent" % (count, total))


def coded(status, coding, header):
    """Returns the error for a reply whose body is in a content coding, so that what it says is not known."""
    words = "a text that cannot be read here: its Content-Encoding is %r" % coding[:40]
    if status >= 500 or status in (401, 408, 425, 429) or 300 <= status < 400:
        error = refusal(status, words, header)  # the status alone says what to do
        error.body = ""
        return error
    return ProtocolError("the service answered %d with %s (check url: does a proxy compress?)" % (status, words))


def reason(error):
    """Returns why a file was not stored, from its result; None if the service has these bytes already."""
    words = joined_surrogates(error) or "no reason was given"
    return None if words.startswith(_DUPLICATE) else words


def files_error(bodies, results):
    """Returns the FilesError for a request of which some files were not stored: those whose result is a str."""
    refused = [i for i in range(len(results)) if isinstance(results[i], str)]
    first = refused[0]
    words = "%r: %s" % (bodies[first].name, results[first][:200])
    text = "%d of %d files were not stored; %s" % (len(refused), len(results), words)
    return FilesError(text, 200, words, None, results)


def joined_surrogates(value):
    """Returns a str, or None for another value. MicroPython's JSON leaves \\ud83d\\ude00 as two halves: joined here."""
    if not isinstance(value, str):
        return None
    out = []
    high = 0
    for c in value:
        n = ord(c)
        if 0xD800 <= n < 0xDC00:
            high = n & 0x3FF
            continue
        if 0xDC00 <= n < 0xE000:
            c = chr(0x10000 + (high << 10) + (n & 0x3FF))
        out.append(c)
    return "".join(out)


def _words(value, body):
    """Returns the service's words: the member `error` of a JSON object, or the text of the reply."""
    error = joined_surrogates(value.get("error")) if isinstance(value, dict) else None
    if error is not None:
        return error
    try:
        return body.decode().strip()
    except UnicodeError:
        return "".join([chr(b) if 32 <= b < 127 else "?" for b in body[:200]])


def _read(status, body, value, header):
    """Returns the service's words, or None for a duplicate. Raises the ServiceError for a refusal."""
    words = _words(value, body)
    if words.startswith(_DUPLICATE):
        return None
    if not 200 <= status < 300 or isinstance(value, dict) and value.get("success") is False:
        raise refusal(status, words, header)
    return words


def stored_name(status, body, value, header, cut):
    """Returns the name in a reply of `data`, or None for a duplicate; or raises the error.

    value: the body as JSON, or None. header: gives the value of a header field by its name. cut: there is more of it.
    """
    words = _read(status, body, value, header)
    if words is None:
        return None
    # JSON, or the page of a network that wants a log-in, is no name.
    page = words.startswith('{"') or "\n" in words or "<html" in words.lower() or "<!doctype" in words.lower()
    if isinstance(value, dict) or not words or page or cut:
        raise ProtocolError("the service took it, but did not say the name it stored the data under: %r" % words[:80])
    return words


def check_duplicates(status, body, value, header):
    """Returns if a reply of `files` without results means that all of them are duplicates; or raises the error."""
    if _read(status, body, value, header) is not None:
        raise nonsense(body)


def refusal(status, words, header=None):
    """Returns the error for a status and the service's words."""
    text = "the service answered %d: %s" % (status, words[:200] or "(nothing)")
    if status == 401:
        text += " (check api_key)"
    elif 300 <= status < 400:
        text += " (redirects are not followed: check url)"
    return ServiceError(text, status, words[:200], _retry_after(header) if header else None)


def _retry_after(header):
    """Returns the seconds that Retry-After asks to wait, as a number or until a date; None without."""
    asked = header("retry-after")
    if asked is None:
        return None
    if asked.encode().isdigit():
        return int(asked)
    # The service's own clock is in its reply: that of the board may not be set.
    now = seconds_of(header("date") or "", 0)
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


def without_keys(error, keys):
    """Returns the error; or one of its class with the same attributes and `***` where a peer had sent part of a key."""
    text = _masked(str(error), keys)
    if text != str(error):
        from .network_errors import with_text

        error = with_text(error, text)
    if hasattr(error, "body"):
        error.body = _masked(error.body, keys)
    results = getattr(error, "results", ())
    for i in range(len(results)):
        result = results[i]
        if isinstance(result, str):
            results[i] = _masked(result, keys)
        elif result:
            number = str(result.sample_id)
            number = result.sample_id if _masked(number, keys) == number else None
            results[i] = type(result)(_masked(result.file_name, keys), number, result.duplicate)
    return error


def _masked(text, keys):
    """Replaces the keys, and every part of them that is longer than _SHOWN or the whole of a short key."""
    for key in keys:
        if not key:
            continue
        if not isinstance(key, str):
            key = key.decode()
        least = min(len(key), _SHOWN + 1)
        for i in range(len(key) - least + 1):
            part = key[i : i + least]
            at = text.find(part)
            while at >= 0:
                end = at + least
                while end < len(text) and text[at : end + 1] in key:
                    end += 1
                text = text[:at] + "***" + text[end:]
                at = text.find(part, at + 3)
    return text
