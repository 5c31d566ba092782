"""The items of a `files` request as one multipart/form-data body (RFC 7578), each in a part named `data`, as the
service wants them: checked in one pass before anything is sent, made when they are reached."""

import os
from binascii import crc32, hexlify

from micropython import const

from .body import Chain
from .files_reply import FilesReply
from .ingestion import PLAIN, body_of, check_body, is_plain
from .validate import argument_error, check_file_name

_MAX_FILES = const(1000)


class Bodies:
    """The bodies of items, made when they are asked for; each is checked when it is made for the first time."""

    labels: "tuple" = ()  # the indices of label files

    def __init__(self, items, hmac_key):
        self._items = items
        self._hmac_key = hmac_key
        self._checked = 0
        # Of the names; names themselves are not held: there may be 1000.
        self._sums = bytearray(4 * len(items)) if len(items) > 1 else None
        self._iat = None
        if hmac_key:
            from .signing import now

            self._iat = now()

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        item = self._items[index]
        if self._hmac_key and getattr(item, "iat", 0) is None:
            item.iat = self._iat  # a Sample that is made anew has the same bytes, and counts as a duplicate
        body = body_of(item, self._hmac_key, index)
        if index == self._checked:
            self._check(index, body)
            self._checked += 1
        return body

    def _check(self, index, body):
        name = body.name
        if not is_plain(name):
            check_file_name(name, "items: name of item %d" % index)
        check_body(body, name)
        if name.lower().endswith(".labels"):
            self.labels += (index,)
        if not self._sums:
            return
        name_sum = crc32(name.encode()).to_bytes(4, "little")
        if name_sum in self._sums:  # perhaps a second one: look at the names
            for i in range(index):
                if self[i].name == name:
                    raise argument_error("name", index, name, i)
        self._sums[4 * index : 4 * index + 4] = name_sum


class Parts:
    """The parts of the message, made when they are asked for in their order: framing, body, framing, body, ..., end."""

    def __init__(self, bodies, boundary):
        self._bodies = bodies
        self._boundary = boundary
        self._body = None  # which comes after the framing that was asked for

    def __len__(self):
        return 2 * len(self._bodies) + 1

    def __getitem__(self, index):
        body = self._body
        self._body = None  # a body is handed out once: it may be read to its end, and only one is held
        if index % 2:
            return body
        if index == 2 * len(self._bodies):
            return ("\r\n--%s--\r\n" % self._boundary).encode()
        self._body = body = self._bodies[index // 2]
        return (
            '%s--%s\r\nContent-Disposition: form-data; name="data"; filename="%s"\r\nContent-Type: %s\r\n\r\n'
            % ("\r\n" if index else "", self._boundary, body.name.replace('"', "%22"), body.content_type)
        ).encode()


def multipart(bodies, boundary=None):
    """One body of all bodies: a list, or any object with `__len__` and `__getitem__`, of which one at a time is held.
    boundary: random if not given (RFC 2046, section 5.1.1, without the characters that need quotes in the header)."""
    if boundary is None:
        boundary = hexlify(os.urandom(12)).decode()
    elif not isinstance(boundary, str) or not 0 < len(boundary) < 71 or boundary.strip(PLAIN + "+'"):
        raise argument_error("boundary", boundary)
    parts = Parts(bodies, boundary)
    if isinstance(bodies, list):
        parts = [parts[i] for i in range(len(parts))]
    return Chain(parts, "the request", "multipart/form-data; boundary=" + boundary)


def batch(items, hmac_key, boundary, on_stored):
    """(body, reply) for one item or a sequence of them."""
    if hasattr(items, "sensors") or hasattr(items, "readinto"):
        items = (items,)
    held = isinstance(items, (list, tuple))
    # MicroPython's own lists do not show __len__ to hasattr.
    if not held and (
        isinstance(items, (str, dict)) or not hasattr(items, "__len__") or not hasattr(items, "__getitem__")
    ):
        raise argument_error("items", type(items))
    count = len(items)
    if not count:
        raise argument_error("no items")
    if count > _MAX_FILES:
        raise argument_error("files", _MAX_FILES, count)
    if on_stored is not None and not callable(on_stored):
        raise argument_error("on_stored", on_stored)
    made = Bodies(items, hmac_key)
    # A list's bodies are made and held; those of other sequences are made anew whenever they are reached.
    bodies = [made[i] for i in range(count)] if held else made
    return multipart(bodies, boundary), FilesReply(bodies, made.labels, on_stored)
