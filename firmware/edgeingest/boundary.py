"""`Watched`: a body that must not contain the caller's own boundary. Loaded when `boundary=` is given.

A random boundary has 96 bits, so that it is in no content (RFC 2046, section 5.1.1).
"""

from .body import Body
from .errors import SampleError


class Watched(Body):
    """A body whose bytes are searched while they are read."""

    def __init__(self, body, boundary):
        self._body = body
        self._delimiter = b"\r\n--" + boundary.encode()
        self.name = body.name
        self.size = body.size
        self.content_type = body.content_type
        self.rewindable = getattr(body, "rewindable", True)
        self._end = b"\r\n"  # the last bytes that were read; before the first is the line end of the part's head

    def readinto(self, window):
        """Fills the window. Raises SampleError when the delimiter is complete, before its last bytes leave."""
        n = self._body.readinto(window)
        if type(n) is int and 0 < n <= len(window):  # the Chain around it refuses another number
            data = self._end + bytes(memoryview(window)[:n])
            if self._delimiter in data:
                raise SampleError(
                    "boundary: %r occurs in %r: give another one, or none for a random one"
                    % (self._delimiter[4:].decode(), self.name)
                )
            self._end = data[1 - len(self._delimiter) :]
        return n

    def rewind(self):
        """Starts again."""
        self._body.rewind()
        self._end = b"\r\n"

    def close(self):
        """Closes the body."""
        self._body.close()
