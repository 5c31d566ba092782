"""Edge Impulse's ingestion API: paths, header fields, limits, and the reply of the `data` endpoint. No sockets.

Source: the service's documentation, "Ingestion API"; what its own clients send and accept where that is silent.
"""

import os
from binascii import hexlify
from collections import namedtuple
from json import loads

from micropython import const

from .validate import PLAIN, argument_error, check_file_name, check_flag, check_text

_MAX_VALUE = const(4096)  # bytes of the value of a header field
_MAX_BYTES = const(100 * 1024 * 1024)  # a file of this many bytes is refused
_LONG = const(400)  # bytes of JSON that are parsed as they are
KEPT = 1024  # bytes of a reply that are kept, besides the results of files

# file_name: as the service stored it; sample_id: its number, or None; duplicate: it was there before.
Stored = namedtuple("Stored", ("file_name", "sample_id", "duplicate"))


def inferred_label(file_name):
    """Returns the label that the service infers from a file name when none is given, or None; see `labels`."""
    from edgeingest.labels import inferred_label as rule  # absolute: native code that names no global knows no package

    return rule(file_name)


def header_field(name, value, argument):
    """Returns a line of a head. value: printable ASCII, checked by the caller; argument: its name in errors."""
    if len(value) > _MAX_VALUE:
        raise argument_error("field", argument, len(value), _MAX_VALUE)
    return "%s: %s\r\n" % (name, value)


def key_field(api_key):
    """Returns the header field with the API key; refuses what cannot be one, without showing it."""
    if not isinstance(api_key, str) or not api_key or min(api_key) <= " " or max(api_key) > "~":
        raise argument_error("api_key")
    return header_field("X-Api-Key", api_key, "api_key")


def check_category(category):
    """One of the categories that the ingestion API takes."""
    if category not in ("training", "testing", "anomaly", "split"):
        raise argument_error("category", category)
    return category


def header_fields(
    file_name=None, label=None, metadata=None, no_label=False, disallow_duplicates=True, add_date_id=False
):
    """Returns the fields of a request that say how files are stored, or raises the SampleError for an argument.

    No value can end its line: each is checked here, or percent-encoded.
    """
    fields = ""
    if file_name is not None:
        fields += header_field("X-File-Name", quoted(file_name), "file_name")
    if label is not None:
        if no_label is True:
            raise argument_error("label", label)
        fields += header_field("X-Label", quoted(check_text(label, "label")), "label")
    if check_flag(no_label, "no_label"):
        fields += "X-No-Label: 1\r\n"
    if check_flag(disallow_duplicates, "disallow_duplicates"):
        fields += "X-Disallow-Duplicates: 1\r\n"
    if check_flag(add_date_id, "add_date_id"):
        fields += "X-Add-Date-Id: 1\r\n"
    if metadata is not None:
        from .metadata import metadata_value

        value = metadata_value(metadata)
        if value:
            fields += header_field("X-Metadata", value, "metadata")
    return fields


def is_plain(text):
    """True for a file name that needs no quoting and no further check, as most are."""
    return isinstance(text, str) and text.strip(".") and not text.strip(PLAIN)


def quoted(text):
    """Percent-encodes as JavaScript's encodeURIComponent does, which the service undoes."""
    if is_plain(text):
        return text
    return "".join([chr(b) if b in b"!~*'()" or not chr(b).strip(PLAIN) else "%%%02X" % b for b in text.encode()])


def body_of(item, hmac_key, index=None):
    """Returns the body of a Sample; another body as it is. index: among the items of a request; None: the only one."""
    if hasattr(item, "sensors"):  # a Sample
        if not item.rows:
            raise argument_error("no rows", item.name)
        return item.body(hmac_key=hmac_key)
    try:
        item.readinto, item.rewind, item.close, item.size, item.name, item.content_type  # noqa: B018  # are all there?
    except AttributeError:
        raise argument_error("body", item, index)
    return item


def data_request(item, hmac_key, file_name):
    """A generator: yields (body, its reply, its file name) for the `data` endpoint, once."""
    body = body_of(item, hmac_key)
    name = body.name if file_name is None else file_name
    check_body(body, name)
    yield body, DataReply(name), name


def check_body(body, name, index=None):
    """Checks a body and its file name against the limits of one file. index: among the items; None: the only one."""
    if not is_plain(name):
        check_file_name(name, "file_name" if index is None else "items: name of item %d" % index)
    size = body.size
    if type(size) is not int or not 0 < size < _MAX_BYTES:
        raise argument_error("size", name, size, _MAX_BYTES)
    kind = body.content_type
    if not isinstance(kind, str) or kind.strip(PLAIN) != "/":
        check_text(kind, name + ": content_type", 127)


def part_head(body, boundary, before=""):
    """Returns the bytes before the content of a part; before: the line end of the part before it."""
    return (
        '%s--%s\r\nContent-Disposition: form-data; name="data"; filename="%s"\r\nContent-Type: %s\r\n\r\n'
        % (before, boundary, body.name.replace('"', "%22"), body.content_type)
    ).encode()


def end_of_parts(boundary):
    """Returns the bytes after the content of the last part."""
    return ("\r\n--%s--\r\n" % boundary).encode()


def random_boundary():
    """Returns a boundary of 96 random bits: so it is in no content."""
    return hexlify(os.urandom(12)).decode()


def form_type(boundary):
    """Returns the content type of a multipart body."""
    return "multipart/form-data; boundary=" + boundary


def is_labels(name):
    """True for the name of a file with labels, for which the service may have no result."""
    return name.lower().endswith(".labels")


def outcome_of(result, bodies, index):
    """Returns what a result of `files` says, a dict, of one of the bodies: a `Stored`, or why it was not stored (str).

    A body is only asked for, and so perhaps made once more, if its name is needed.
    """
    if result.get("success") is True:
        stored_name = result.get("fileName")
        if not is_plain(stored_name):
            from .service_errors import joined_surrogates

            stored_name = joined_surrogates(stored_name) or bodies[index].name
        return Stored(stored_name, result.get("sampleId"), False)
    from .service_errors import reason

    return reason(result.get("error")) or Stored(bodies[index].name, None, True)


def json_value(data, start=0, end=None):
    """Returns the JSON value in a part of the bytes, or None, also for nested lists that exceed a board's heap."""
    end = end or len(data)
    if end - start > _LONG and data.find(b'"error"', start, end) >= 0:
        from .service_errors import with_short_error

        data = with_short_error(data, start, end)
    else:
        data = memoryview(data)[start:end]
    try:
        return loads(str(data, "utf-8"))
    except (ValueError, MemoryError, RuntimeError):
        return None


class DataReply:
    """The reply of `data`: the name under which the file is stored. Everything else is read by `service_errors`.

    name: as the file was sent. The first 1024 bytes are kept.
    """

    limit = 65536  # bytes of body that are read at all

    def __init__(self, name):
        self._name = name
        self.begin()

    def begin(self):
        """Called when a reply begins: the first, or the one to another attempt."""
        self._body = b""

    def feed(self, status, data):
        """Takes bytes of the body."""
        self._body += bytes(data[: KEPT - len(self._body)])

    def enough(self, status):
        """Returns True when enough of an error reply was read."""
        return len(self._body) == KEPT and not 200 <= status < 300

    def finish(self, status, header=None):
        """Returns the `Stored`, or raises the error. header: gives the value of a header field by its name."""
        body = self._body
        if 200 <= status < 300 and 0 < len(body) < KEPT and not body.strip(PLAIN.encode()):
            return Stored(body.decode(), None, False)
        from .service_errors import stored_name

        name = stored_name(status, body, json_value(body), header, len(body) == KEPT)
        return Stored(self._name if name is None else name, None, name is None)
