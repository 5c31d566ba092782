"""The service's ingestion API, what is asked: paths, header fields, limits; no sockets.

Source: the service's documentation, "Ingestion API"; what its own clients accept where that is silent.
"""

from micropython import const

from .errors import SampleError
from .validate import argument_error, check_flag, check_text, check_whole

_MAX_FIELD = const(4096)  # bytes of one header field's value
_MAX_BYTES = const(100 * 1024 * 1024)  # a file of this many bytes is refused
# needs no quoting, wherever it stands
PLAIN = "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"


def inferred_label(file_name):
    """The label that the service infers from a file name when none is given, or None."""
    from edgeingest.label_rule import inferred  # absolute: native code that names no global knows no package

    return inferred(file_name)


def common(host, api_key):
    """What all requests of a client have in their heads: as bytes."""
    try:
        check_text(api_key, "api_key", 127, " ")
        if len(api_key) <= _MAX_FIELD:
            return (" HTTP/1.1\r\nHost: %s\r\nX-Api-Key: %s\r\n" % (host, api_key)).encode()
    except SampleError:  # has characters of it in its text
        pass
    raise argument_error("api_key")


def body_of(item, hmac_key, index=None):
    """The body of a Sample; a body as it is. index: among the items of a request, None of a single one."""
    if hasattr(item, "sensors"):  # a Sample
        if not item.rows:
            raise argument_error("no rows", item.name)
        return item.body(hmac_key=hmac_key)
    for member in ("readinto", "rewind", "close", "size", "name", "content_type"):
        if not hasattr(item, member):
            raise argument_error("item", "item" if index is None else "items: item %d" % index, type(item), member)
    return item


def is_plain(text):
    """Whether it is a file name that needs no quoting: most are."""
    return isinstance(text, str) and text.strip(".") and not text.strip(PLAIN)


def check_body(body, name):
    """A body against the limits of one file."""
    size = body.size
    if type(size) is not int or not 0 < size < _MAX_BYTES:
        check_whole(size, name + ": size", 1, 1 << 64)
        raise argument_error("size", name, size, _MAX_BYTES)
    kind = body.content_type
    if not isinstance(kind, str) or kind.strip(PLAIN) != "/":
        check_text(kind, name + ": content_type", 127)


def _put(head, name, value, what):
    """A field of a request's head."""
    if len(value) > _MAX_FIELD:
        raise argument_error("field", what, len(value), _MAX_FIELD)
    head.extend(name)
    head.extend(value)
    head.extend(b"\r\n")


def quote(text):
    """Percent-encoding as JavaScript's encodeURIComponent does it, which the service undoes; as bytes."""
    if is_plain(text):
        return text.encode()
    out = bytearray()
    for b in text.encode():
        if b in b"!~*'()" or not chr(b).strip(PLAIN):
            out.append(b)
        else:
            out.extend(b"%%%02X" % b)
    return out


def request_head(
    shared, category, endpoint, body, file_name, label, metadata, no_label, disallow_duplicates, add_date_id
):
    """The head of a request, as bytes. shared: `common`. No value can end its line: each was checked, or is quoted."""
    if category not in ("training", "testing", "anomaly", "split"):
        raise argument_error("category", category)
    head = bytearray(b"POST /api/")
    head.extend(category.encode())
    head.extend(endpoint)
    head.extend(shared)
    if file_name is not None:
        _put(head, b"X-File-Name: ", quote(file_name), "file_name")
    if label is not None:
        if no_label is True:
            raise argument_error("label", label)
        _put(head, b"X-Label: ", quote(check_text(label, "label")), "label")
    if check_flag(no_label, "no_label"):
        head.extend(b"X-No-Label: 1\r\n")
    if check_flag(disallow_duplicates, "disallow_duplicates"):
        head.extend(b"X-Disallow-Duplicates: 1\r\n")
    if check_flag(add_date_id, "add_date_id"):
        head.extend(b"X-Add-Date-Id: 1\r\n")
    if metadata is not None:
        from .metadata import metadata_field

        _put(head, b"X-Metadata: ", metadata_field(metadata).encode(), "metadata")
    _put(head, b"Content-Type: ", body.content_type.encode(), "content_type")
    _put(head, b"Content-Length: ", b"%d\r\n" % body.size, "size")
    return head
