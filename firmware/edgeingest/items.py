"""One item of a request as a body, with its checks."""

from micropython import const

from .checks import plain_text, whole
from .errors import LimitError, SampleError

_MAX_BYTES = const(100 * 1024 * 1024)  # a file of this many bytes is refused


def body_of(item, hmac_key, what):
    """The body of a Sample; a body as it is."""
    if hasattr(item, "sensors"):  # a Sample
        if not item.rows:
            raise SampleError("values: %r has no rows" % item.name)
        return item.body(hmac_key=hmac_key)
    for member in ("readinto", "rewind", "close", "size", "name", "content_type"):
        if not hasattr(item, member):
            raise SampleError("%s: a Sample, a File or a body is needed; %r has no %s" % (what, type(item), member))
    return item


def check_body(body, name):
    """A body against the limits of one file."""
    if whole(body.size, "%s: size" % name, 1, 1 << 64) >= _MAX_BYTES:
        raise LimitError("%s: %d bytes; a file must have less than %d" % (name, body.size, _MAX_BYTES))
    plain_text(body.content_type, "%s: content_type" % name, 127)
