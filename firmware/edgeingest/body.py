"""What is sent is a body: something of known size that can be read into a window. `Chain` joins bodies.

The contract, for bodies of your own too:
- `size`: exact bytes, fixed before the first is read; `name`: its file name; `content_type`.
- `readinto(window)`: fills as much as it can and returns how much; 0 only at the end; None while nothing is ready.
- `rewind()`: the same bytes once more, or a `SampleError` when that cannot be; `rewindable` tells beforehand.
- `close()`: may be called at any time and twice; closes what the body itself opened.
"""

from .errors import SampleError


def octets(buffer):
    """The bytes of any buffer (array, memoryview, bytes), without a copy.

    What comes back does not keep the buffer alive if that is a slice of a memoryview: hold on to both.
    """
    if isinstance(buffer, (bytes, bytearray)):
        return buffer
    if isinstance(buffer, str):
        raise TypeError("a str is no buffer")  # for MicroPython it is one
    view = memoryview(buffer)
    if hasattr(view, "cast"):  # CPython
        return view.cast("B")
    import uctypes

    width = len(bytes(view[0:1]))  # MicroPython's memoryview has no itemsize on most ports
    return uctypes.bytearray_at(uctypes.addressof(buffer), len(view) * width)


def typecode_of(values):
    """The typecode of an array.array, which MicroPython tells only in its repr; None for anything else."""
    if repr(type(values)) in ("<class 'array'>", "<class 'array.array'>"):
        return repr(values[0:0])[7]


class Body:
    """Base of the library's bodies; deriving from it is a convenience, the contract is what counts."""

    content_type = "application/octet-stream"
    name: "str" = None
    size = 0
    rewindable = True

    def rewind(self):
        """Start again from the first byte."""

    def close(self):
        """Let go of what the body opened."""


class Chain(Body):
    """Byte strings and bodies, one after the other, as one body.

    parts: a list or tuple, in which nested Chains are flattened; or any object with `__len__` and `__getitem__`,
    whose parts are fetched when they are reached and never all held.
    A part whose bytes are not as many as its `size` is a SampleError: nothing is padded or cut.
    """

    def __init__(self, parts, name=None, content_type=None):
        if isinstance(parts, (list, tuple)):
            flat = []
            for part in parts:
                if isinstance(part, Chain) and isinstance(part._parts, list):  # type: ignore[has-type]
                    flat.extend(part._parts)  # type: ignore[has-type]
                else:
                    flat.append(part)
            parts = flat
        self._parts = parts
        if name:
            self.name = name
        if content_type:
            self.content_type = content_type
        size = 0
        for i in range(len(parts)):
            part = None  # never two at once
            part = parts[i]
            if hasattr(part, "readinto"):
                size += part.size
                if not getattr(part, "rewindable", True):
                    self.rewindable = False
            else:
                size += len(part)
        self.size = size
        self._index = -1
        self._part = None  # the part being read: a body, or a memoryview of bytes
        self._left = 0  # bytes it still owes
        self._owed = size  # bytes that the parts not yet reached owe
        self._probe = bytearray(1)

    def _next(self):
        self._index += 1
        more = self._index < len(self._parts)
        if more:
            part = self._parts[self._index]
            body = hasattr(part, "readinto")
            self._left = part.size if body else len(part)
            self._owed -= self._left
        else:
            self._index = len(self._parts)
        if self._owed < 0 or self._owed and not more:
            raise SampleError("%r: a part that was made anew has another size than before" % self.name)
        if more:
            self._part = part if body else memoryview(part)
            if body:
                part.rewind()
        return more

    def readinto(self, window):
        """Fill the window from as many parts as it takes."""
        room = len(window)
        filled = 0
        while filled < room:
            part = self._part
            if part is None:
                if not self._next():
                    break
                continue
            if self._left == 0:
                self._finish(part)
                continue
            if isinstance(part, memoryview):
                n = min(self._left, room - filled)
                start = len(part) - self._left
                window[filled : filled + n] = part[start : start + n]
            else:
                n = part.readinto(memoryview(window)[filled:] if filled else window)
                if n is None:
                    return filled or None
                if not n:
                    raise SampleError("%r ended %d bytes before its size of %d" % (part.name, self._left, part.size))
            self._left -= n
            if self._left < 0:
                raise SampleError("%r has more than its size of %d bytes" % (part.name, part.size))
            filled += n
        if self._left == 0 and self._part is not None:
            self._finish(self._part)  # now, so that a body that is too long is found out before its last byte leaves
        return filled

    def _finish(self, part):
        if not isinstance(part, memoryview):
            if part.readinto(self._probe):
                raise SampleError("%r has more than its size of %d bytes" % (part.name, part.size))
            part.close()
        self._part = None

    def rewind(self):
        """Start again; each part is rewound when it is reached."""
        if self._index >= 0 and not self.rewindable:
            raise SampleError("%r cannot be read a second time" % self.name)
        if self._part is not None and not isinstance(self._part, memoryview):
            self._part.close()
        self._part = None
        self._left = 0
        self._owed = self.size
        self._index = -1

    def close(self):
        """Close every part that is held."""
        parts = self._parts if isinstance(self._parts, list) else (self._part,)
        for part in parts:
            if hasattr(part, "close"):
                part.close()
