"""HTTP/1.1 (RFC 9112) without sockets: a parser for replies."""

from micropython import const

from .errors import ProtocolError

_STATUS = const(0)  # what comes next: the status line, a header line,
_HEADER = const(1)
_CHUNKS = const(2)  # a body in chunks, or another
_BODY = const(3)
_INTERIM = const(16)  # 1xx replies before the final one; more is a flood
_PIECE = const(512)  # bytes of head that are looked at together
# what a field name is made of (RFC 9110, section 5.6.2)
_TOKEN = b"-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.!#$%&'*+^`|~"


class ResponseParser:
    """One reply, fed as it arrives, in pieces of any size; after `begin`, the next.

    Memory is bounded: a line of more than `limit_line` bytes, more than `limit_headers` in all lines of the head, or
    more than `limit_body` of body is a ProtocolError. With `sink`, body bytes go to sink(status, data), not to `body`.
    What RFC 9112 calls malformed is refused: bare LF, folded lines, conflicting lengths, unknown transfer codings.

    `done`: whether the reply is complete; `answered`: whether its head is, `keep_alive`: whether the connection stays.
    """

    def __init__(self, limit_line=2048, limit_headers=8192, limit_body=2048, sink=None):
        self.limit_line = limit_line
        self.limit_headers = limit_headers
        self.begin(limit_body, sink)

    def begin(self, limit_body, sink):
        """A reply begins."""
        self._room_body = limit_body
        self._sink = sink
        self._rest = self.body = b""  # of a line that is not complete; of the reply
        self._interim = 0
        self.done = self.answered = False
        self._restart()

    def _restart(self):
        self._state = _STATUS
        self.status = self._length = self._left = self._chunks = None
        self.keep_alive = True
        self._close = False
        self._head = b""
        self.room = self.limit_headers

    def header(self, name):
        """The value of a header field as str, or None; several of one name are joined by commas."""
        from edgeingest.fields import field  # absolute: native code that names no global knows no package

        return field(self._head, name)

    def feed(self, view):
        """Take bytes; returns how many belong to this reply. Fewer than all only when it is done."""
        size = len(view)
        i = 0
        while i < size and not self.done:
            if self._state == _BODY:
                n = size - i if self._left is None else min(size - i, self._left)
                self.take(view[i : i + n])
                if self._left is not None:
                    self._left -= n
                    self.done = not self._left
            elif self._state == _CHUNKS:
                n = self._chunks.feed(view[i:])
            else:
                n = self._lines(bytes(view[i : i + _PIECE]))
            i += n
        return i

    def eof(self):
        """The peer closed. Whether the reply is complete with that."""
        if self._state == _BODY and self._left is None:
            self.done = True
        return self.done

    def take(self, data):
        """Bytes of the body."""
        self._room_body -= len(data)
        if self._room_body < 0:
            raise self.bad("length of its body", data)
        if self._sink:
            self._sink(self.status, data)
        else:
            self.body += bytes(data)

    def bad(self, what, data):
        """The error for a reply that is no HTTP."""
        return ProtocolError("the reply has a bad %s: %r" % (what, bytes(data[:40])))

    def next_line(self, data, start):
        """Where the line that begins there ends, behind its LF; 0 if it is not complete."""
        end = data.find(b"\n", start) + 1
        size = (end or len(data)) - start
        if end:
            self.room -= size
            if size < 2 or data.find(b"\r", start, end) != end - 2 or data.find(b"\0", start, end) >= 0:
                raise self.bad("line end", data[start:end])
        if size > self.limit_line + 2 or self.room < 0:
            raise self.bad("length of a line or of all lines", data[start:])
        return end

    def _lines(self, data):
        """Lines of the head; how many of the bytes."""
        before = len(self._rest)
        data = self._rest + data
        first = start = 0
        while self._state < _CHUNKS and not self.done:
            end = self.next_line(data, start)
            if not end:
                break
            if self._state == _STATUS:
                self._status_line(data, start)
            elif end - start > 2:
                self._header_line(data, start, end)
            else:
                self._end_of_head()
                if self._state == _STATUS:  # that was an interim reply
                    first = end
            start = end
        room = self.limit_line - len(self._head)
        if room > 0:  # of a longer head the last fields are not looked up: it is a hostile one
            self._head += data[first : min(start, first + room)]
        if self._state >= _CHUNKS or self.done:
            return start - before
        self._rest = data[start:]
        return len(data) - before

    def _status_line(self, data, i):
        code = data[i + 9 : i + 12]
        if (
            not data.startswith(b"HTTP/1.", i)
            or data[i + 7] not in b"01"
            or data[i + 8] != 32
            or not code.isdigit()
            or data[i + 12] not in b" \r"
            or not b"100" <= code < b"600"
        ):
            raise self.bad("status line", data[i:])
        self.status = int(code)
        self.keep_alive = data[i + 7] == 49
        self._state = _HEADER

    def _header_line(self, data, start, end):
        colon = data.find(b":", start, end)
        name = data[start:colon]
        if colon <= start or name.strip(_TOKEN):
            raise self.bad("header", data[start:end])
        if len(name) not in (10, 14, 17):
            return
        name = name.lower()
        value = data[colon + 1 : end].strip()
        if name == b"content-length":
            if b"," in value:
                from .fields import only

                value = only(value)
            if not value.isdigit() or len(value) > 15 or (self._length or value) != value:
                raise self.bad("header", data[start:end])
            self._length = value
        elif name == b"connection":
            for token in value.lower().split(b","):
                self._close |= token.strip() == b"close"
                self.keep_alive |= token.strip() == b"keep-alive"
        elif name == b"transfer-encoding":
            from .chunks import Chunks

            self._chunks = Chunks(self, value, self._chunks)

    def _end_of_head(self):
        if self.status < 200:
            self._interim += 1
            if self.status == 101 or self._interim > _INTERIM:
                raise self.bad("status for once more", b"%d" % self.status)
            return self._restart()
        self.answered = True
        self.keep_alive = self.keep_alive and not self._close
        self._state = _BODY
        if self.status in (204, 304):
            self.done = True
        elif self._chunks:
            if self._length:
                raise self.bad("length: chunked, and", self._length)
            self._state = _CHUNKS
            self.room = self.limit_headers
        elif self._length:
            self._left = int(self._length)
            self.done = not self._left
        else:
            self.keep_alive = False
        return None
