"""What the service answers on `data`: the stored name as text, or the reason for which it did not store.

Source: the service's documentation, "Ingestion API", and what its own clients read.
"""

from collections import namedtuple
from json import loads

from .errors import ProtocolError

DUPLICATE = "An item with this hash already exists"
KEPT = 1024  # bytes of a reply, of what is around the results of one

# file_name: as the service stored it; sample_id: its number, or None; duplicate: it was there before.
Stored = namedtuple("Stored", ("file_name", "sample_id", "duplicate"))


def parsed(data):
    """The JSON value in the bytes, or None: a thousand nested lists are no answer, and more than a board can hold."""
    try:
        return loads(bytes(data).decode())
    except (ValueError, UnicodeError, MemoryError):
        return None


def text_of(value):
    """The value if it is a str, or None. MicroPython's JSON leaves \\ud83d\\ude00 as two halves: joined here."""
    if not isinstance(value, str):
        return None
    out = []
    high = 0
    for c in value:
        n = ord(c)
        if 0xD800 <= n < 0xDC00:
            high = n & 0x3FF
            continue
        if 0xDC00 <= n < 0xE000:
            c = chr(0x10000 + (high << 10) + (n & 0x3FF))
        out.append(c)
    return "".join(out)


def said(body):
    """What a reply says: the error member of JSON, or its text; str."""
    value = parsed(body)
    error = text_of(value.get("error")) if isinstance(value, dict) else None
    if error is not None:
        return error
    try:
        return bytes(body).decode().strip()
    except UnicodeError:
        return "".join([chr(b) if 32 <= b < 127 else "?" for b in body])


def refused(status, body, header):
    """The error for a reply that says no."""
    from .refusal import refusal

    return refusal(status, body, header)


class DataReply:
    """The reply of `data`, for the file that was sent as `name`. It keeps the first 1024 bytes."""

    limit = 65536  # bytes of body that are read at all

    def __init__(self, name):
        self._name = name
        self.begin()

    def begin(self):
        """A reply begins: the first, or that to another attempt."""
        self._body = bytearray()
        self.full = False  # whether the rest need not be read

    def feed(self, status, data):
        """Take bytes of the body."""
        self._body.extend(data[: KEPT - len(self._body)])
        self.full = not 200 <= status < 300 and len(self._body) == KEPT

    def finish(self, status, header=None):
        """The `Stored`; or the error. header: gives the value of a header field by its name."""
        text = said(self._body)
        if text.startswith(DUPLICATE):
            return Stored(self._name, None, True)
        if not 200 <= status < 300:
            raise refused(status, text, header)
        value = parsed(self._body)
        if isinstance(value, dict) and value.get("success") is False:
            raise refused(status, text, header)
        # JSON, or the page of a network that wants a log-in, is no name.
        page = text.startswith('{"') or "\n" in text or "<html" in text.lower() or "<!doctype" in text.lower()
        if isinstance(value, dict) or not text or page or len(self._body) == KEPT:
            raise ProtocolError(
                "the service took it, but did not say the name it stored the data under: %r" % text[:80]
            )
        return Stored(text, None, False)
