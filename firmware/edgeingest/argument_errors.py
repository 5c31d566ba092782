"""The texts of errors about arguments and data: what is wrong, and what is needed. Loaded when there is one.

Each text names the argument first and shows the value; secrets are never shown.
"""

from .errors import LimitError, SampleError

_TEXTS = {
    "api_key": "api_key: a str of visible ASCII characters is needed, without space or line end",
    "boundary": "boundary: 1 to 70 letters, digits and - _ . + ' are needed, not %r",
    "changed": "%s: the values were changed or resized since they were counted; values must not change until they are "
    "sent",
    "ca": "ca: the path of a certificate, or its bytes, is needed, not %r",
    "ended": "%r ended %d bytes before its size of %d bytes",
    "longer": "%r has more than its size of %d bytes",
    "category": "category: %r is none of training, testing, anomaly, split",
    "character": "%s: %r has a character in it that cannot be sent: %r",
    "field": "%s: %d bytes as a header field, at most %d can be sent",
    "files": "items: 1 to %d files go into a request, not %d",
    "hmac_key": "hmac_key: the key as the project's dashboard shows it is needed, a str of visible ASCII characters "
    "without a space or a line end",
    "item": "%s: a Sample, a File or a body is needed; %r has no %s",
    "items": "items: a Sample, a File, a body or a sequence of them is needed, not %r",
    "label": "no_label: label=%r and no_label=True exclude each other",
    "name": "items: item %d has the name %r, as item %d has",
    "no items": "items: there are none",
    "no rows": "values: %r has no rows",
    "parts": "%r: a part has another size than before: it was made anew, or resized; values must not change until they "
    "are sent",
    "read": "%r cannot be read a second time",
    "readinto": "%r: its readinto returned %r, which is not the number of bytes that it put into the window",
    "rows": "rows: None or %d, which values has, is needed, not %r",
    "whole": "%s: a whole number of %d to %d is needed, not %r",
    "size": "%s: %d bytes; a file must have less than %d",
}
_NEEDED = {
    "format": "one of cbor json csv binary",
    "iat": "seconds since 1970, a number from 0 up to 1e15, or None or False",
    "interval_ms": "a number of more than 0 (and up to 1e15)",
    "on_stored": "a function",
    "retry": "a Retry",
    "sensors": "1 to 1024 (name, units) pairs",
    "typecode": "one of b B h H i I l L q Q f d, with a buffer or a row source,",
    "values": "an array, a buffer with typecode=, a list or a row source",
}
_LIMITS = ("field", "files", "size")  # what the service would take less of: a LimitError


def argument_error(what, values):
    """Returns the SampleError or LimitError.

    what: a key of one of the tables above; or the argument and what it has to be, as one text ("size: a number of
    bytes"); or "body" for an item that is none. values: what the text shows.
    """
    if what == "body":
        return _no_body(*values)
    if what == "size" and (type(values[1]) is not int or values[1] < 1):
        return SampleError("%s: size: a whole number of bytes, 1 or more, is needed, not %r" % values[:2])
    text = _TEXTS.get(what)
    if text is None:
        if what in _NEEDED:
            what = "%s: %s" % (what, _NEEDED[what])
        return SampleError("%s is needed, not %r" % (what, values[0]))
    return (LimitError if what in _LIMITS else SampleError)(text % values)


def _no_body(item, index):
    """Returns the error for an item that is neither a Sample nor a body; index: among the items, or None."""
    for member in ("readinto", "rewind", "close", "size", "name", "content_type"):
        if not hasattr(item, member):
            break
    return argument_error("item", ("item" if index is None else "items: item %d" % index, type(item), member))


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
