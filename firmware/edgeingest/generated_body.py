"""Base of the bodies that are generated while they are read: lists, JSON, CSV, label files."""

from .body import Body
from .errors import SampleError
from .validate import argument_error


class GeneratedBody(Body):
    """A body that is generated piece by piece, and cut into windows here.

    A subclass has `piece()`, which writes the next piece (some bytes, of any length) with `put` and returns True; or
    False when there is none left, None when the next is not ready. Its `restart()` begins again. `measure()` sets the
    size: it generates everything once.
    """

    _window = None  # None: count only
    _filled = 0
    _rest = b""  # the end of a piece that did not fit
    _begun = False
    _values: "list | tuple" = ()  # what pieces are made of, and how many there were
    _count = 0
    _given = 0  # bytes, of `size`

    def restart(self):
        """Begins again with the first piece."""

    def piece(self) -> "bool | None":
        """Writes the next piece."""
        return False

    def measure(self):
        """Sets `size`: generates every piece once."""
        self.restart()
        self._window = None
        self._filled = 0
        more = True
        while more:
            more = self.piece()
            if more is None:
                raise SampleError("values: all of them are needed at once, to find the size before anything is sent")
        self.size = self._filled
        self.restart()

    def put(self, data):
        """Takes the next bytes."""
        n = len(data)
        start = self._filled
        self._filled = start + n
        if self._window is None:
            return
        room = len(self._window) - start
        if n <= room:
            self._window[start : start + n] = data
        elif room > 0:
            data = memoryview(data)
            self._window[start:] = data[:room]
            self._rest += bytes(data[room:])
        else:
            self._rest += data

    def readinto(self, window):
        """Fills the window with pieces."""
        room = len(window)
        rest = self._rest
        self._begun = True
        if len(self._values) != self._count:  # here, not in `piece`: nobody can resize them in between
            self.fail()
        self._window = window
        self._filled = 0
        if rest:
            self._rest = b""
            self.put(rest)
        more = True
        while more and self._filled < room:
            more = self.piece()
        self._window = None
        n = min(self._filled, room)
        self._given += n
        # Raised before the last byte leaves: nobody takes a message for whole that is not the one that was counted.
        left = self.size - self._given - len(self._rest)
        if left < 0 or left and more is False:
            self.fail()
        return None if more is None and not n else n

    def fail(self):
        """Raises the SampleError for values that are not those that were counted."""
        raise argument_error("changed", self.name or "values")

    def rewind(self):
        """Starts again from the first piece."""
        if self._begun:
            self._begun = False
            self._given = 0
            self._rest = b""
            self.restart()
