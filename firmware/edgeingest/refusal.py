"""What a service's no becomes: a ServiceError with what to do. Loaded when there is one."""

from .errors import ServiceError


def refusal(status, body, header=None):
    """The error. body: what the service said, str. header: gives the value of a header field by its name, or None."""
    text = "the service answered %d: %s" % (status, body[:200] or "(nothing)")
    if status == 401:
        text += " (check api_key)"
    elif 300 <= status < 400:
        text += " (redirects are not followed: check url)"
    return ServiceError(text, status, body[:200], _seconds(header) if header else None)


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
        from .message import now as clock

        now = clock()
    until = None if now is None else seconds_of(asked, now)
    return None if until is None else max(0, until - now)
