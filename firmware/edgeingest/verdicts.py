"""What a reply says that is no plain yes: a duplicate, a refusal with what to do, or nonsense. Loaded when one comes.

Sources: the service's documentation, "Ingestion API", and what its own clients read; RFC 9110 (Retry-After).
"""

from json import loads

from .errors import ProtocolError, ServiceError

DUPLICATE = "An item with this hash already exists"


def parsed(data):
    """The JSON value in the bytes, or None: a thousand nested lists are no answer, and more than a board can hold."""
    try:
        return loads(data.decode())
    except (ValueError, UnicodeError, MemoryError):
        return None


def text_of(value):
    """The value if it is a str, or None. MicroPython's JSON leaves \\ud83d\\ude00 as two halves: joined here."""
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


def _said(value, body):
    """What a reply says: the error member of JSON, or its text; str."""
    error = text_of(value.get("error")) if isinstance(value, dict) else None
    if error is not None:
        return error
    try:
        return body.decode().strip()
    except UnicodeError:
        return "".join([chr(b) if 32 <= b < 127 else "?" for b in body[:200]])


def said(status, body, header):
    """(JSON value, words) of a reply, the latter None if they say that the data was there already; or the error."""
    value = parsed(body)
    text = _said(value, body)
    if text.startswith(DUPLICATE):
        return value, None
    if not 200 <= status < 300 or isinstance(value, dict) and value.get("success") is False:
        raise refusal(status, text, header)
    return value, text


def on_data(status, body, header, most):
    """The name that a reply of `data` tells, or None for a duplicate; or the error. most: bytes of it that are kept."""
    value, text = said(status, body, header)
    if text is None:
        return None
    # JSON, or the page of a network that wants a log-in, is no name.
    page = text.startswith('{"') or "\n" in text or "<html" in text.lower() or "<!doctype" in text.lower()
    if isinstance(value, dict) or not text or page or len(body) == most:
        raise ProtocolError("the service took it, but did not say the name it stored the data under: %r" % text[:80])
    return text


def on_files(status, body, header):
    """Nothing, if a reply of `files` without results says that all was there already; or the error."""
    if said(status, body, header)[1] is not None:
        raise ProtocolError("the service's answer is not what it should be: %r" % body[:80])


def refusal(status, text, header=None):
    """The error for a status and the service's words."""
    told = "the service answered %d: %s" % (status, text[:200] or "(nothing)")
    if status == 401:
        told += " (check api_key)"
    elif 300 <= status < 400:
        told += " (redirects are not followed: check url)"
    return ServiceError(told, status, text[:200], _seconds(header) if header else None)


def _seconds(header):
    """What Retry-After asks for, in seconds: a number, or a date (RFC 9110, section 10.2.3); None without."""
    asked = header("retry-after")
    if asked is None:
        return None
    if asked.encode().isdigit():
        return int(asked)
    from .dates import seconds_of

    # The service's own clock is in its reply: that of the board may not be set.
    now = seconds_of(header("date") or "", 0)
    if now is None:
        from .signing import now as clock

        now = clock()
    until = None if now is None else seconds_of(asked, now)
    return None if until is None else max(0, until - now)
