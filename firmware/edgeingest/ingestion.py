"""The service's ingestion API, what is asked: paths, header fields, limits, label rules; no sockets.

Source: the service's documentation, "Ingestion API"; what its own clients accept where that is silent.
"""

from .checks import checked_name, plain_text
from .errors import LimitError, SampleError

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
    if not isinstance(file_name, str):
        raise SampleError("file_name: a str is needed, not %r" % (file_name,))
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


def fits(value, what):
    """The value of a header field, if it is not too long for one."""
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
    try:
        fits(plain_text(api_key, "api_key", 127, " "), "api_key")
    except SampleError:
        api_key = None
    if api_key is None:
        raise SampleError("api_key: a str of visible ASCII characters is needed, without space or line end")
    return api_key


def fields(api_key, file_name, label, metadata, no_label, disallow_duplicates, add_date_id):
    """The header fields of a request before Content-Type, as (name, value) pairs."""
    found = [("X-Api-Key", api_key)]
    if file_name is not None:
        found.append(("X-File-Name", fits(quote(checked_name(file_name, "file_name")), "file_name")))
    if label is not None:
        if no_label is True:
            raise SampleError("no_label: label=%r and no_label=True exclude each other" % (label,))
        found.append(("X-Label", fits(quote(plain_text(label, "label")), "label")))
    if checked_flag(no_label, "no_label"):
        found.append(("X-No-Label", "1"))
    if checked_flag(disallow_duplicates, "disallow_duplicates"):
        found.append(("X-Disallow-Duplicates", "1"))
    if checked_flag(add_date_id, "add_date_id"):
        found.append(("X-Add-Date-Id", "1"))
    if metadata is not None:
        from .metadata import metadata_field

        found.append(("X-Metadata", fits(metadata_field(metadata), "metadata")))
    return found
