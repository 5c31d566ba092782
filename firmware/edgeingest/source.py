"""A row source of known length as a body, which knows whether the source can be read from its beginning."""

from .body import Body
from .errors import SampleError


class RawSource(Body):
    """The raw values of a row source, exactly `size` bytes of them. All bodies of a Sample share it: one may be read
    only when another has not begun, or after `rewind`."""

    name = "values"

    def __init__(self, source, size):
        self._source = source
        self.size = size
        self.rewindable = hasattr(source, "rewind")
        self._left = size

    def readinto(self, window):
        """Fill the window; a source may have more than is asked of it."""
        left = self._left
        if not left:
            return 0
        if left < len(window):
            window = memoryview(window)[:left]
        n = self._source.readinto(window)
        if n is None:
            return None
        if not 0 < n <= len(window):
            raise SampleError(
                "values: the row source ended after %d of %d bytes" % (self.size - left, self.size)
                if n == 0
                else "values: the row source gave %r of %d bytes" % (n, len(window))
            )
        self._left = left - n
        return n

    def rewind(self):
        """Start again."""
        if self._left != self.size:
            if not self.rewindable:
                raise SampleError("values: this row source has no rewind(), its rows cannot be read a second time")
            self._source.rewind()
            self._left = self.size
