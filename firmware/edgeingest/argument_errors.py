"""The texts of errors about arguments and data: what is wrong, and what is needed. Loaded when there is one.

Each text names the argument first and shows the value; secrets are never shown.
"""

from micropython import const

from .errors import LimitError, SampleError

_TEXTS = {
    "api_key": "api_key: a str of visible ASCII characters is needed, without space or line end",
    "at work": "the client is at work: its own callbacks, items and row sources cannot call it; wait until its call "
    "has ended, or use another client",
    "boundary": "boundary: 1 to 70 letters, digits and - _ . + ' are needed, not %r",
    "ca": "ca: the path of a certificate, or its bytes, is needed, not %r",
    "category": "category: %r is none of training, testing, anomaly, split",
    "character": "%s: %r has a character in it that cannot be sent: %r",
    "field": "%s: %d bytes as a header field, at most %d can be sent: make it shorter",
    "files": "items: 1 to %d files go into a request, not %d: make several calls",
    "hmac_key": "hmac_key: the key as the project's dashboard shows it is needed, a str of visible ASCII characters "
    "without a space or a line end",
    "float iat": "iat: give an int, not %r: a board rounds seconds since 1970 to 64 s or more in a float",
    "info files": "files: a list of dicts with path, category and label is needed, not %r",
    "label": "no_label: label=%r and no_label=True exclude each other: leave one of them out",
    "label files": "files: a dict of file names is needed, such as "
    '{"frame.jpg": [("cup", 10, 20, 30, 40)]} for boxes, '
    '{"wave.01.cbor": [(0, 49, "idle"), (50, 99, "wave")]} for segments, not %r',
    "name": "items: item %d has the name %r, as item %d has: give them different ones (name=)",
    "no items": "items: there are none: one or more are needed",
    "no rows": "values: %r has no rows: at least one is needed",
    "rows": "rows: values has %d rows: say that or leave it out, not %r",
    "sensors": 'sensors: 1 to 1024 pairs of name and units are needed, such as (("accX", "m/s2"),), not %r',
    "timed interval": "interval_us: with a timer %d or more is needed, not %d: between shorter calls a board has no "
    "time for anything else; timer=False takes less",
    "whole": "%s: a whole number of %d to %d is needed, not %r",
    "size": "%s: %d bytes; a file must have less than %d",
}
_NEEDED = {
    "format": "one of cbor json csv binary",
    "iat": "seconds since 1970, an int from 0 up to 1e15, or None or False",
    "interval_ms": "a number of more than 0 (and up to 1e15)",
    "on_stored": "a function",
    "retry": "a Retry, such as Retry(),",
    "typecode": "one of b B h H i I l L q Q f d, with a buffer or a row source,",
    "values": "an array, a buffer with typecode=, a list or a row source",
}
_OF_BODIES = ("changed", "ended", "in use", "longer", "parts", "read", "readinto")  # `body_errors` has their texts
_LIMITS = ("field", "files", "size")  # what the service would take less of: a LimitError
_SHOWN = const(200)  # characters of a value
_MANY = const(64)  # elements of a value, in all, from which on their number is shown instead: a repr takes much heap


class _Large:
    """Stands for a value with many elements in an error."""

    def __init__(self, value):
        self._value = value

    def __repr__(self):
        return "a %s of %d" % (type(self._value).__name__, len(self._value))


def _count(value):
    """Returns the number of elements of a value, 0 if it is a text or has none."""
    try:
        return 0 if isinstance(value, str) else len(value)
    except TypeError:
        return 0


def _shown(value):
    """Returns what an error shows of a value."""
    if isinstance(value, str):
        return value[:_SHOWN]
    count = _count(value)
    if count <= _MANY and isinstance(value, (list, tuple, dict)):
        count += sum([_count(inner) for inner in (value.values() if isinstance(value, dict) else value)])
    return _Large(value) if count > _MANY else value


def argument_error(what, values):
    """Returns the SampleError or LimitError.

    what: a key of one of the tables above; or the argument and what it has to be, as one text ("size: a number of
    bytes"); or "body" or "items" for what is no item. values: what the text shows.
    """
    if what == "body" or what == "items":
        from .body_errors import no_body, no_items

        return no_body(*values) if what == "body" else no_items(*values)
    if what == "size" and (type(values[1]) is not int or values[1] < 1):
        if values[1] == 0:
            return SampleError("%s: it is empty, there is nothing to send" % values[0])
        return SampleError("%s: size: a whole number of bytes, 1 or more, is needed, not %r" % values[:2])
    values = tuple([_shown(value) for value in values])
    if what in _OF_BODIES:
        from .body_errors import TEXTS

        return SampleError(TEXTS[what] % values)
    text = _TEXTS.get(what)
    if text is None:
        value = values[0]
        shown = ("%r" % (value,))[:_SHOWN]
        if "a str" in what:
            if isinstance(value, (int, float)):
                shown += ": str(%s) makes one" % shown
            elif isinstance(value, (bytes, bytearray)):
                shown += ": its decode() makes one"
        return SampleError(
            "%s is needed, not %s" % ("%s: %s" % (what, _NEEDED[what]) if what in _NEEDED else what, shown)
        )
    return (LimitError if what in _LIMITS else SampleError)(text % values)


def check_characters(value, what, end, refused):
    """Returns a str that is not empty, or raises the SampleError that names the first character that cannot be sent.

    end: the first code point that is refused; refused: single characters that are.
    """
    if not isinstance(value, str) or not value:
        raise argument_error(what + ": a str that is not empty", (value,))
    for c in value:
        n = ord(c)
        if n < 32 or n == 127 or n >= end or 0xD800 <= n < 0xE000 or c in refused:
            raise argument_error("character", (what, value, c))
    return value
