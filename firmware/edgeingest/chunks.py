"""A reply in chunks (RFC 9112, section 7.1). Loaded when one comes: the service gives the length beforehand."""

from micropython import const

_SIZE = const(0)  # what comes next: the size of a chunk, its bytes, the line end after it, a trailer
_BYTES = const(1)
_END = const(2)
_TRAILER = const(3)


class Chunks:
    """Takes chunks apart; their bytes go to the parser of the reply. Extensions and trailers are read over."""

    def __init__(self, parser, coding, before):
        if coding.lower() != b"chunked" or before:
            raise parser.bad("transfer coding", coding)
        self._parser = parser
        self._state = _SIZE
        self._left = 0
        self._line = b""

    def feed(self, view):
        """Take bytes; how many of them."""
        if self._state == _BYTES:
            n = min(len(view), self._left)
            self._parser.take(view[:n])
            self._left -= n
            if not self._left:
                self._state = _END
            return n
        before = len(self._line)
        line = self._line + bytes(view[:256])
        end = self._parser.next_line(line, 0)
        self._line = b"" if end else line
        if end:
            self._take(line[: end - 2])
        return (end or len(line)) - before

    def _take(self, line):
        if self._state == _SIZE:
            digits = line.split(b";")[0].rstrip(b" \t")
            if not 0 < len(digits) <= 8 or digits.strip(b"0123456789abcdefABCDEF"):
                raise self._parser.bad("chunk size", line)
            self._left = int(digits.decode(), 16)
            self._state = _BYTES if self._left else _TRAILER
        elif self._state == _END:
            if line:
                raise self._parser.bad("chunk, longer than it said", line)
            self._parser.room = self._parser.limit_headers  # many chunks are no flood
            self._state = _SIZE
        elif not line:
            self._parser.done = True
