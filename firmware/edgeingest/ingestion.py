"""The service's ingestion API, what is asked: paths, header fields, limits, label rules; no sockets.

Source: the service's documentation, "Ingestion API"; what its own clients accept where that is silent.
"""

from json import dumps

from .errors import LimitError, SampleError
from .multipart import checked_name

MAX_FILES = 1000
MAX_BYTES = 100 * 1024 * 1024  # a file of this many bytes is refused
_MAX_FIELD = 4096  # bytes of one header field's value


def target(category, endpoint):
    """The request's path; `split` leaves it to the service whether it is training or testing data."""
    if category not in ("training", "testing", "anomaly", "split"):
        raise SampleError("category: %r is none of training, testing, anomaly, split" % (category,))
    return "/api/%s/%s" % (category, endpoint)


def quote(text):
    """Percent-encoding as JavaScript's encodeURIComponent does it, which the service undoes."""
    out = bytearray()
    for b in text.encode():
        if 48 <= b <= 57 or 65 <= b <= 90 or 97 <= b <= 122 or b in b"-_.!~*'()":
            out.append(b)
        else:
            out.extend(b"%%%02X" % b)
    return out.decode()


def inferred_label(file_name):
    """The label that the service infers from a file name when none is given, or None.

    Its rule is the JavaScript pattern ^[a-zA-Z0-9\\s-_]+ (documentation, "Ingestion API", x-label).
    """
    n = 0
    for c in file_name:
        if not ("a" <= c <= "z" or "A" <= c <= "Z" or "0" <= c <= "9" or c in "-_" or _is_space(ord(c))):
            break
        n += 1
    return file_name[:n] or None


def _is_space(c):
    """JavaScript's \\s (ECMA-262, WhiteSpace and LineTerminator)."""
    return (
        9 <= c <= 13
        or c in (0x20, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF)
        or 0x2000 <= c <= 0x200A
    )


def _no_control(value, what):
    for c in value:
        if ord(c) < 32 or ord(c) == 127:
            raise SampleError("%s: %r has a control character in it" % (what, value))


def _fits(value, what):
    if len(value) > _MAX_FIELD:
        raise LimitError("%s: %d bytes as a header field, at most %d can be sent" % (what, len(value), _MAX_FIELD))
    return value


def checked_flag(value, what):
    """True or False: not a str, of which "no" would count as yes."""
    if value is not True and value is not False:
        raise SampleError("%s: True or False is needed, not %r" % (what, value))
    return value


def checked_key(api_key):
    """The API key, if it can be in a header. Its characters are in no error text."""
    if not isinstance(api_key, str) or not api_key:
        raise SampleError("api_key: a str that is not empty is needed")
    for c in api_key:
        if not 33 <= ord(c) < 127:
            raise SampleError("api_key: only visible ASCII characters can be in it, no space and no line end")
    return _fits(api_key, "api_key")


def fields(api_key, file_name, label, metadata, no_label, disallow_duplicates, add_date_id):
    """The header fields of a request before Content-Type, as (name, value) pairs."""
    found = [("X-Api-Key", api_key)]
    if file_name is not None:
        found.append(("X-File-Name", _fits(quote(checked_name(file_name, "file_name")), "file_name")))
    if label is not None:
        if no_label is True:
            raise SampleError("no_label: label=%r and no_label=True exclude each other" % (label,))
        if not isinstance(label, str) or not label:
            raise SampleError("label: a str that is not empty is needed, not %r" % (label,))
        _no_control(label, "label")
        found.append(("X-Label", _fits(quote(label), "label")))
    if checked_flag(no_label, "no_label"):
        found.append(("X-No-Label", "1"))
    if checked_flag(disallow_duplicates, "disallow_duplicates"):
        found.append(("X-Disallow-Duplicates", "1"))
    if checked_flag(add_date_id, "add_date_id"):
        found.append(("X-Add-Date-Id", "1"))
    if metadata is not None:
        found.append(("X-Metadata", _metadata(metadata)))
    return found


def _metadata(metadata):
    if not isinstance(metadata, dict) or not metadata:
        raise SampleError("metadata: a dict of str to str is needed, not %r" % (metadata,))
    for key in metadata:
        if not isinstance(key, str) or not isinstance(metadata[key], str):
            raise SampleError("metadata: %r: %r is not str to str" % (key, metadata[key]))
        _no_control(key, "metadata")
        _no_control(metadata[key], "metadata")
    out = []
    for c in dumps(metadata):
        c = ord(c)
        if c < 127:
            out.append(chr(c))
        elif c < 0x10000:
            out.append("\\u%04x" % c)
        else:  # a pair of surrogates, as JSON has it (RFC 8259, section 7)
            c -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF)))
    return _fits("".join(out), "metadata")


def check_body(body, name):
    """A body against the limits of one file."""
    size = body.size
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise SampleError("%s: a file of %r bytes cannot be sent, it is empty" % (name, size))
    if size >= MAX_BYTES:
        raise LimitError("%s: %d bytes; a file must have less than %d" % (name, size, MAX_BYTES))
    content_type = body.content_type
    fine = isinstance(content_type, str) and content_type
    for c in content_type if fine else "":
        fine = fine and 32 <= ord(c) < 127
    if not fine:
        raise SampleError("%s: content_type: a str such as image/jpeg is needed, not %r" % (name, content_type))
