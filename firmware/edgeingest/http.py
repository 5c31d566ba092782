"""HTTP/1.1 (RFC 9112) without sockets: the bytes of a request's head, and a parser for replies."""

from micropython import const

from .errors import ProtocolError, SampleError

_STATUS = const(0)  # what comes next: the status line, a header line, ...
_HEADERS = const(1)
_LENGTH = const(2)  # ... body bytes of a known number,
_CLOSE = const(3)  # body bytes until the peer closes,
_SIZE = const(4)  # a chunk's size, its bytes, the line end after it,
_CHUNK = const(5)
_CHUNK_END = const(6)
_TRAILERS = const(7)
_DONE = const(8)
_INTERIM = const(16)  # 1xx replies before the final one; more is a flood


def request_head(method, target, host, fields):
    """Request line, Host, the fields ((name, value) pairs) in their order, and an empty line; as bytes."""
    lines = ["%s %s HTTP/1.1\r\nHost: %s\r\n" % (method, target, host)]
    for name, value in fields:
        for c in value:
            if not 32 <= ord(c) < 127:
                raise SampleError("%s: %r cannot be in a header" % (name, c))
        lines.append("%s: %s\r\n" % (name, value))
    lines.append("\r\n")
    return "".join(lines).encode()


class ResponseParser:
    """One reply, fed as it arrives, in pieces of any size.

    Memory is bounded: a line of more than `limit_line` bytes, more than `limit_headers` in all lines of the head, or
    more than `limit_body` of body is a ProtocolError. With `sink`, body bytes go to sink(status, data), not to `body`.
    What RFC 9112 calls malformed is refused: bare LF, folded lines, conflicting lengths, unknown transfer codings.
    """

    def __init__(self, limit_line=2048, limit_headers=8192, limit_body=2048, sink=None):
        self._limit_line = limit_line
        self._limit_headers = limit_headers
        self._limit_body = limit_body
        self._sink = sink
        self._line = bytearray()
        self._interim = 0
        self._state = _STATUS
        self._begin()

    def _begin(self):
        self.status = None
        self.keep_alive = True
        self._head = bytearray()  # "\nname:value" of every field: many short ones must not cost an object each
        self._room = self._limit_headers
        self._left = 0
        self._room_body = self._limit_body
        self.body = b""

    @property
    def done(self):
        """Whether the reply is complete."""
        return self._state == _DONE

    @property
    def answered(self):
        """Whether the head of the final reply is complete."""
        return self._state >= _LENGTH

    def header(self, name):
        """The value of a header field as str, or None; several of one name are joined by commas."""
        head = bytes(self._head)
        key = ("\n%s:" % name.lower()).encode()
        values = []
        start = head.find(key)
        while start >= 0:
            start += len(key)
            end = head.find(b"\n", start)
            # A field may hold any bytes; each becomes the character of that number (ISO 8859-1).
            values.append("".join([chr(c) for c in (head[start:end] if end >= 0 else head[start:])]))
            start = head.find(key, start)
        return ", ".join(values) if values else None

    def feed(self, view):
        """Take bytes; returns how many belong to this reply. Fewer than all only when it is done."""
        view = memoryview(view)
        size = len(view)
        i = 0
        while i < size and self._state != _DONE:
            if self._state in (_LENGTH, _CHUNK):
                n = min(size - i, self._left)
                self._take(view[i : i + n])
                self._left -= n
                if not self._left:
                    self._state = _DONE if self._state == _LENGTH else _CHUNK_END
            elif self._state == _CLOSE:
                n = size - i
                self._take(view[i:])
            else:
                n = self._feed_line(bytes(view[i : i + 256]))
            i += n
        return i

    def eof(self):
        """The peer closed. Whether the reply is complete with that."""
        if self._state == _CLOSE:
            self._state = _DONE
        return self._state == _DONE

    def _take(self, data):
        self._room_body -= len(data)
        if self._room_body < 0:
            raise ProtocolError("the body of the reply has more than %d bytes" % self._limit_body)
        if self._sink:
            self._sink(self.status, data)
        else:
            self.body += bytes(data)

    def _feed_line(self, data):
        end = data.find(b"\n")
        n = len(data) if end < 0 else end + 1
        self._room -= n
        self._line.extend(data[:n])
        if len(self._line) > self._limit_line + 2:
            raise ProtocolError(
                "a line of the reply has more than %d bytes: %r..." % (self._limit_line, self._line[:40])
            )
        if self._room < 0:
            raise ProtocolError("the head of the reply has more than %d bytes" % self._limit_headers)
        if end >= 0:
            line = bytes(self._line)
            self._line = bytearray()
            if line[-2:] != b"\r\n" or b"\r" in line[:-2] or b"\0" in line:
                raise ProtocolError("a line of the reply does not end in CRLF: %r" % line[:40])
            self._take_line(line[:-2])
        return n

    def _take_line(self, line):
        state = self._state
        if state == _STATUS:
            self._status_line(line)
        elif state == _HEADERS:
            if line:
                self._header_line(line)
            else:
                self._head_done()
        elif state == _SIZE:
            self._chunk_size(line)
        elif state == _CHUNK_END:
            if line:
                raise ProtocolError("a chunk of the reply is longer than it said")
            self._room = self._limit_headers  # a chunk's own line is no part of the head
            self._state = _SIZE
        elif not line:  # end of trailers, which are read over
            self._state = _DONE

    def _status_line(self, line):
        if (
            line[:7] != b"HTTP/1."
            or line[7:9] not in (b"0 ", b"1 ")
            or not line[9:12].isdigit()
            or line[12:13] not in (b"", b" ")
        ):
            raise ProtocolError("this is no HTTP reply: %r" % line[:40])
        self.status = int(line[9:12])
        if not 100 <= self.status < 600:
            raise ProtocolError("the reply has status %d" % self.status)
        self.keep_alive = line[7:8] == b"1"
        self._state = _HEADERS

    def _header_line(self, line):
        colon = line.find(b":")
        name = line[:colon].lower()
        if colon < 1:
            raise ProtocolError("a header of the reply has no name: %r" % line[:40])
        for c in name:
            if not (97 <= c <= 122 or 48 <= c <= 57 or c in b"!#$%&'*+-.^_`|~"):
                raise ProtocolError("a header of the reply has a bad name: %r" % line[:40])
        self._head.extend(b"\n" + name + b":" + line[colon + 1 :].strip(b" \t"))

    def _head_done(self):
        if self.status < 200:
            self._interim += 1
            if self.status == 101 or self._interim > _INTERIM:
                raise ProtocolError("the peer sent status %d, number %d of its kind" % (self.status, self._interim))
            self._begin()
            self._state = _STATUS
            return
        tokens = [token.strip() for token in (self.header("connection") or "").lower().split(",")]
        self.keep_alive = "close" not in tokens and (self.keep_alive or "keep-alive" in tokens)
        coding = self.header("transfer-encoding")
        length = self.header("content-length")
        if self.status in (204, 304):
            self._state = _DONE
        elif coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise ProtocolError("the reply has Transfer-Encoding %r and Content-Length %r" % (coding, length))
            self._state = _SIZE
        elif length is not None:
            # Equal values, joined, are allowed (RFC 9112, section 6.3); different ones are not.
            values = [v.strip() for v in length.split(",")]
            if not values[0].encode().isdigit() or len(values[0]) > 15 or values != [values[0]] * len(values):
                raise ProtocolError("the reply has Content-Length %r" % length)
            self._left = int(values[0])
            self._state = _LENGTH if self._left else _DONE
        else:
            self.keep_alive = False
            self._state = _CLOSE

    def _chunk_size(self, line):
        digits = line.split(b";")[0].rstrip(b" \t")
        if not 0 < len(digits) <= 8 or digits.strip(b"0123456789abcdefABCDEF"):
            raise ProtocolError("a chunk of the reply has the size %r" % digits[:40])
        self._left = size = int(digits.decode(), 16)
        self._state = _CHUNK if size else _TRAILERS
