"""What the service answers on `data`: the name it stored the file under. What is no name is read in `verdicts`.

Source: the service's documentation, "Ingestion API", and what its own clients read.
"""

from collections import namedtuple

KEPT = 1024  # bytes of a reply, of what is around the results of one

# file_name: as the service stored it; sample_id: its number, or None; duplicate: it was there before.
Stored = namedtuple("Stored", ("file_name", "sample_id", "duplicate"))


class DataReply:
    """The reply of `data`, for the file that was sent as `name`. It keeps the first 1024 bytes."""

    limit = 65536  # bytes of body that are read at all

    def __init__(self, name):
        self._name = name
        self.begin()

    def begin(self):
        """A reply begins: the first, or that to another attempt."""
        self._body = b""

    def feed(self, status, data):
        """Take bytes of the body."""
        self._body += bytes(data[: KEPT - len(self._body)])

    def full(self, status):
        """Whether the rest need not be read: that of a long refusal."""
        return len(self._body) == KEPT and not 200 <= status < 300

    def finish(self, status, header=None):
        """The `Stored`; or the error. header: gives the value of a header field by its name."""
        body = self._body
        if 200 <= status < 300 and 0 < len(body) < KEPT and body[0] not in b'{[A "\r\n\t' and b"<" not in body:
            try:
                text = body.decode().rstrip()
                if text and "\n" not in text:
                    return Stored(text, None, False)
            except UnicodeError:
                pass
        from .verdicts import on_data

        text = on_data(status, body, header, KEPT)
        return Stored(self._name if text is None else text, None, text is None)
