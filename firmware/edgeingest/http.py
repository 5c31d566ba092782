"""HTTP/1.1 without sockets (RFC 9112): the head of a request, and a parser for replies.

It knows nothing of Edge Impulse. A reply is never trusted: every size is bounded, and what the RFC calls malformed is
a ProtocolError.
"""

from micropython import const

from .errors import ProtocolError
from .validate import PLAIN

_MAX_INTERIM = const(16)  # 1xx replies before the final one; more is a flood
_PIECE = const(512)  # bytes of a head that are taken together
_TOKEN = (PLAIN + "!#$%&'*+^`|~").encode()  # a field name is made of these (RFC 9110, section 5.6.2)

# fields that say where a reply ends (sections 6.1, 6.2), whether the connection stays open (section 9.6), and whether
# the body can be read (RFC 9110, section 8.4)
_FRAMING = (b"connection", b"content-length", b"content-encoding", b"transfer-encoding")


def request_head(path, host, fields, size):
    """Returns the head of a POST request as bytes. fields: lines with their ends; size: bytes of the body."""
    return ("POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n" % (path, host, fields, size)).encode()


class ResponseParser:
    """Parses one reply, fed as it arrives in pieces of any size; after `begin`, the next.

    limit_line, limit_headers: bytes of one line and of all lines of the head; limit_body: bytes of the body; more is
    a ProtocolError. sink(status, data): is called with the bytes of the body, which go to `body` without it.
    Refused as malformed: bare LF, conflicting lengths, unknown transfer codings.

    status: the HTTP status, None before the head is complete. answered: True when the head of the final reply is
    complete. done: True when the reply is. keep_alive: True if the connection may be used again. coding: the
    Content-Encoding (bytes) of a body that is not plain, such as gzip: its body is not read; None for any other.
    """

    def __init__(self, limit_line=2048, limit_headers=8192, limit_body=2048, sink=None):
        self.limit_line = limit_line
        self.limit_headers = limit_headers
        self.begin(limit_body, sink)

    def begin(self, limit_body, sink):
        """Prepares for the next reply."""
        self._room = limit_body
        self._sink = sink
        self.body = b""
        self._interim = 0
        self.done = self.answered = self.keep_alive = False
        self._begin_head()

    def _begin_head(self):
        """Prepares for a head: the first, or the one that follows an interim reply."""
        self._head = b""  # the first lines, for `header`
        self._line = b""  # the beginning of a line that is not complete
        self._size = 0  # bytes of the lines that are
        self._framing: "dict" = {}
        # _field: of the last line: b"" if it is not one of _FRAMING; None: there was none
        self.status = self._left = self._chunked = self._field = self.coding = None

    def header(self, name):
        """Returns the value of a header field as str, or None; several of one name are joined by commas.

        It looks at the first `limit_line` bytes of the head.
        """
        name = name.lower().encode()
        values: "list" = []
        found = False
        for line in self._head.split(b"\r\n")[:-1]:  # what follows the last line end is empty, or cut off
            field, _, value = line.partition(b":")
            folded = line[0] in b" \t"  # it continues the field before it
            found = found if folded else field.lower() == name
            if found:
                # A field may hold any bytes; each becomes the character of that number (ISO 8859-1).
                text = "".join([chr(c) for c in (line if folded else value).strip(b" \t")])
                if folded:
                    text = (values.pop() + " " + text).strip()
                values.append(text)
        return ", ".join(values) if values else None

    def feed(self, view):
        """Takes bytes and returns how many belong to this reply: fewer than all only when it is done."""
        used = 0
        while used < len(view) and not self.done:
            rest = view[used:]
            if not self.answered:
                used += self._take_head(rest)
            elif self._chunked:
                used += self._chunked.feed(rest)
            else:
                used += self.take(rest if self._left is None else rest[: min(self._left, len(rest))])  # see chunked
                self.done = self._left == 0
        return used

    def eof(self):
        """Called when the peer has closed the connection. Returns True if the reply is complete with that."""
        if self.answered and not self._chunked and self._left is None:
            self.done = True
        return self.done

    def take(self, data):
        """Takes bytes of the body; returns how many."""
        n = len(data)
        self._room -= n
        if self._room < 0:
            raise self.bad("length of its body", data)
        if self._left:
            self._left -= n
        if self._sink:
            self._sink(self.status, data)
        else:
            self.body += bytes(data)
        return n

    def bad(self, what, data, start=0):
        """Returns the error for a reply that is not HTTP; it shows the data from `start` on."""
        data = bytes(data[start : start + 40])
        advice = ""
        if self.status is None:
            tls = data.startswith(b"\x15\x03")  # an alert
            advice = " (this is TLS: https:// instead?)" if tls else " (this is not HTTP: check url)"
        return ProtocolError("the reply has a bad %s: %r%s" % (what, data, advice))

    def end_of_line(self, data, start):
        """Returns where the line that begins there ends, behind its LF; 0 if it is not complete."""
        end = data.find(b"\n", start) + 1
        if (end or len(data)) - start > self.limit_line + 2:
            raise self.bad("length of a line or of all lines", data, start)
        if end and (end == 1 or data.find(b"\r", start, end) != end - 2 or data.find(b"\0", start, end) >= 0):
            raise self.bad("line end", data, start)
        return end

    def _take_head(self, data):
        """Takes the lines of a head; returns how many of the bytes belong to it."""
        before = len(self._line)
        data = self._line + bytes(data[:_PIECE])
        start = 0
        while True:
            end = self.end_of_line(data, start)
            if self._size + (end or start) > self.limit_headers:
                raise self.bad("length of a line or of all lines", data, start)
            if self.status is None and end:
                self._parse_status_line(data)
            elif end - start > 2:
                self._parse_field(data, start, end)
            else:  # the empty line, or one that is not complete
                break
            start = end
        self._head += data[: min(start, self.limit_line - len(self._head))]
        self._size += start
        self._line = b"" if end else data[start:]
        if end:
            self._end_head()
        return (end or len(data)) - before

    def _parse_field(self, data, start, end):
        """Checks a line of the head, and keeps its value if it says something about framing."""
        join = b" "  # a line that begins with a space continues the field before it (section 5.2)
        colon = start
        if data[start] not in b" \t" or self._field is None:
            join = b","
            colon = data.find(b":", start, end)
            name = data[start:colon]
            if colon <= start or name.strip(_TOKEN):
                raise self.bad("header", data, start)
            name = name.lower() if len(name) in (10, 14, 16, 17) else b""
            self._field = name if name in _FRAMING else b""
        name = self._field
        if name:
            value = data[colon + 1 : end].strip()
            before = self._framing.get(name)
            self._framing[name] = value if before is None else (before + join + value).strip()

    def _parse_status_line(self, head):
        """Parses the first line of a head (RFC 9112, section 4)."""
        code = head[9:12]
        if (
            not head.startswith(b"HTTP/1.")
            or head[7] not in b"01"
            or head[8] != 32
            or not code.isdigit()
            or head[12] not in b" \r"
            or code < b"100"  # 600 and more count as 5xx (RFC 9110, section 15)
        ):
            raise self.bad("status line", head)
        self.status = int(code)
        self.keep_alive = head[7] == 49

    def _end_head(self):
        """Called after a complete head."""
        if self.status >= 200:
            self.answered = True
            self._find_end()
            return
        self._interim += 1
        if self.status == 101 or self._interim > _MAX_INTERIM:
            raise self.bad("status for once more", b"%d" % self.status)
        self._begin_head()

    def _find_end(self):
        """Sets where the body ends (RFC 9112, section 6.3) and whether the connection stays open (section 9.3)."""
        framing = self._framing.get
        options = framing(b"connection")
        if options:
            options = options.lower().replace(b",", b" ").split()
            self.keep_alive = (self.keep_alive or b"keep-alive" in options) and b"close" not in options
        coding = framing(b"transfer-encoding")
        length = framing(b"content-length")
        if length is not None:
            if b"," in length:  # a list of equal ones is allowed (RFC 9110, section 8.6)
                values = [value.strip() for value in length.split(b",")]
                length = values[0] if values == values[:1] * len(values) else b""
            if not length.isdigit() or len(length) > 15:
                raise self.bad("header", b"Content-Length: " + framing(b"content-length"))
            self._left = int(length)
        no_body = self.status in (204, 304)
        if coding is not None:
            from .chunked import Chunked

            self._chunked = Chunked(self, coding)
            if length is not None and not no_body:
                raise self.bad("length: chunked, and", length)
        elif length is None and not no_body:
            self.keep_alive = False
        coding = framing(b"content-encoding")
        if coding and coding.lower().replace(b"identity", b"").strip(b", \t"):
            self.coding = coding
            self.keep_alive = False
        self.done = no_body or self._left == 0 or self.coding is not None
