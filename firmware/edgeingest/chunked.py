"""The body of a reply in chunks (RFC 9112, section 7.1). Loaded when one comes."""

from micropython import const

_SIZE = const(0)  # what comes next: the line with the size of a chunk,
_DATA = const(1)  # its bytes,
_DATA_END = const(2)  # the empty line after them,
_TRAILER = const(3)  # a line after the last chunk: a trailer field, or the empty line that ends the body


class Chunked:
    """Takes chunks apart; their bytes go to the parser of the reply. Extensions and trailer fields are ignored."""

    def __init__(self, parser, coding):
        if coding.lower() != b"chunked":
            raise parser.bad("transfer coding", coding)
        self._parser = parser
        self._state = _SIZE
        self._left = 0  # bytes of the chunk that are to come
        self._line = b""  # what has come of a line
        self._room = parser.limit_headers  # bytes that lines without data between them may have

    def feed(self, view):
        """Takes bytes; returns how many."""
        if self._state == _DATA:
            n = self._parser.take(view[: min(self._left, len(view))])  # a slice takes no number beyond a machine word
            self._left -= n
            if not self._left:
                self._state = _DATA_END
            return n
        before = len(self._line)
        line = self._line + bytes(view[:256])
        end = self._parser.end_of_line(line, 0)
        used = (end or len(line)) - before
        self._room -= used
        if self._room < 0:
            raise self._parser.bad("length of a line or of all lines", line)
        self._line = b"" if end else line
        if end:
            self._take_line(line[: end - 2])
        return used

    def _take_line(self, line):
        """Takes a complete line, without its end."""
        if self._state == _SIZE:
            digits = line.split(b";")[0].rstrip(b" \t")
            if not digits or len(digits.lstrip(b"0")) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
                raise self._parser.bad("chunk size", line)
            self._left = int(digits.decode(), 16)
            self._state = _DATA if self._left else _TRAILER
        elif self._state == _DATA_END:
            if line:
                raise self._parser.bad("chunk, longer than it said", line)
            self._room = self._parser.limit_headers  # many chunks are no flood
            self._state = _SIZE
        elif not line:
            self._parser.done = True
