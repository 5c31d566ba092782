"""Bodies as one multipart/form-data body (RFC 7578), each in a part named `data`, as the service wants them."""

import os
from binascii import hexlify

from .body import Chain
from .checks import checked_name, plain_text
from .errors import SampleError


def _checked_boundary(boundary):
    """RFC 2046, section 5.1.1, without the characters that would need quotes in the header."""
    if boundary is None:
        return hexlify(os.urandom(16)).decode()
    if not isinstance(boundary, str) or not 0 < len(boundary) <= 70:
        raise SampleError("boundary: a str of 1 to 70 characters is needed, not %r" % (boundary,))
    for c in boundary:
        if not ("0" <= c <= "9" or "A" <= c <= "Z" or "a" <= c <= "z" or c in "-_.+'"):
            raise SampleError("boundary: %r has %r in it; use letters, digits and - _ . + '" % (boundary, c))
    return boundary


class Parts:
    """The parts of the message in order, made when they are asked for: framing, body, framing, body, ..., end."""

    def __init__(self, items, boundary):
        self._items = items
        self._boundary = boundary
        self._index = -1
        self._item = None

    def __len__(self):
        return 2 * len(self._items) + 1

    def __getitem__(self, index):
        i = index // 2
        if index == 2 * len(self._items):
            return ("\r\n--%s--\r\n" % self._boundary).encode()
        if i != self._index:
            self._item = self._items[i]
            self._index = i
        item = self._item
        if index % 2:
            self._index = -1  # a body is handed out once: it may be read to its end, and only one is held
            self._item = None
            return item
        if not hasattr(item, "readinto") or not hasattr(item, "content_type"):
            raise SampleError("items: %r is not a body" % (item,))
        size = getattr(item, "size", None)
        if not isinstance(size, int) or size < 0:
            raise SampleError("item %d: size: a number of bytes is needed, not %r" % (i, size))
        name = checked_name(item.name, "item %d: name" % i)
        return (
            '%s--%s\r\nContent-Disposition: form-data; name="data"; filename="%s"\r\nContent-Type: %s\r\n\r\n'
            % (
                "\r\n" if i else "",
                self._boundary,
                name.replace('"', "%22"),
                plain_text(item.content_type, "content_type", 127),
            )
        ).encode()


def multipart(items, boundary=None):
    """One body of all items: a list of bodies, or any object with `__len__` and `__getitem__`, of which one item at
    a time is held. boundary: random if not given."""
    boundary = _checked_boundary(boundary)
    # MicroPython's own lists do not show __len__ to hasattr.
    if not isinstance(items, (list, tuple)) and not (hasattr(items, "__len__") and hasattr(items, "__getitem__")):
        raise SampleError("items: a list of bodies is needed, not %r" % type(items))
    if not len(items):
        raise SampleError("items: a form of no parts cannot be sent")
    parts = Parts(items, boundary)
    if isinstance(items, (list, tuple)):
        parts = [parts[i] for i in range(len(parts))]
    return Chain(parts, "the request", "multipart/form-data; boundary=" + boundary)
