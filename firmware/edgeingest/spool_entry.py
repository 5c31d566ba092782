"""The file format of a spool, all of it: what `Spool` puts on flash, and how it is read back.

A file is a sequence of frames, written from its beginning to its end and never changed. Integers are little-endian.

    kind     1 byte   H, R, D, T or E
    length   u16      bytes of content
    content
    sum      u32      CRC-32 (RFC 1952, section 8) of kinds, lengths and contents from the file's beginning to here

H   the first frame: version u8, here 1; flags u8: 1 no_label, 2 disallow_duplicates, 4 add_date_id; number u32, as in
    the file's own name; then UTF-8 text: category, label, metadata, file name, content type, with U+0000 between them;
    what is empty was not given; metadata is names and values in turn, with U+0001 between them
R   the second frame of a recording: signed u8 (0 or 1); bytes before the first row u32; bytes of one row u32; then what
    follows the last row, up to where the characters of a signature go
D   bytes to be sent: any number of frames, of at most 512 bytes each
T   the bytes of a recording that follow its last row
E   the last frame: how many bytes all D and T have, u32

A file that does not end in E was never finished. There is no key in a file, neither for the API nor for signatures.
"""

import os
from binascii import crc32
from struct import pack, unpack

from micropython import const

from .body import Body
from .errors import SampleError

_VERSION = const(1)
_HEAD = const(6)  # bytes of H before its text
_SEAL = const(11)  # bytes of E with all around it
_LONGEST = const(16640)  # bytes of H, at most: four texts, none longer than a header field of 4096
FRAME = 512  # bytes of content of D, at most
OVERHEAD = 7  # bytes of a frame around its content


class Damaged(SampleError):
    """A file is not what was written. Nothing of it is sent."""


def header(number, flags, category, label, metadata, name, content_type):
    """The content of H, of what was checked before: there is no control character in a text."""
    pairs = [key + "\1" + metadata[key] for key in sorted(metadata or ())]
    texts = (category, label or "", "\1".join(pairs), name, content_type)
    return pack("<BBI", _VERSION, flags, number) + "\0".join(texts).encode()


class Writer:
    """Writes frames into an open file. `size`: bytes of the file; `sent`: those of them that will be sent."""

    def __init__(self, file, size=0, sent=0, total=0):
        self._file = file
        self._total = total
        self.size = size
        self.sent = sent

    def frame(self, kind, content):
        """Append a frame."""
        head = kind + pack("<H", len(content))
        self._total = crc32(content, crc32(head, self._total))
        self._file.write(head)
        self._file.write(content)
        self._file.write(pack("<I", self._total))
        self.size += len(content) + OVERHEAD
        if kind == b"D" or kind == b"T":
            self.sent += len(content)

    def seal(self):
        """Append E."""
        self.frame(b"E", pack("<I", self.sent))


class Reader:
    """Reads frames; each is checked before it is handed out. `size`, `total`: end and sum of the last good one."""

    def __init__(self, path):
        self.end = os.stat(path)[6]
        self._file = open(path, "rb")
        self._buffer = None
        self.total = 0
        self.size = 0

    def next(self):
        """(kind, content), which is valid until the next call; (b"", b"") at the end of the file."""
        left = self.end - self.size
        if not left:
            return b"", b""
        head = self._file.read(3)
        kind = head[:1]
        n = head[1] | head[2] << 8 if len(head) == 3 else left
        if (
            n + OVERHEAD > left
            or kind not in (b"H", b"R", b"D", b"T", b"E")
            or n > (_LONGEST if kind == b"H" else FRAME)
        ):
            raise Damaged("it is cut off, or no frame, at byte %d" % self.size)
        if kind == b"D":
            self._buffer = self._buffer or memoryview(bytearray(FRAME))
            content = self._buffer[:n]
        else:
            content = memoryview(bytearray(n))
        done = self._file.readinto(content)
        total = crc32(content, crc32(head, self.total))
        if done != n or self._file.read(4) != pack("<I", total):
            raise Damaged("the frame at byte %d has not the sum it was written with" % self.size)
        self.total = total
        self.size += n + OVERHEAD
        return kind, content

    def sent(self):
        """How many bytes are to be sent, from the end of the file; to be asked before the first frame."""
        file = self._file
        file.seek(max(self.end - _SEAL, 0))
        last = file.read(_SEAL)
        file.seek(0)
        if last[:3] != b"E\4\0" or len(last) != _SEAL:
            raise Damaged("it has no end")
        return unpack("<I", last[3:7])[0]

    def close(self):
        """Close the file."""
        self._file.close()


class Header:
    """What H says. `content`: all of it. `request`: what must be equal for entries that go into one request."""

    def __init__(self, reader, number):
        kind, content = reader.next()
        self.content = bytes(content)
        if kind != b"H" or len(content) < _HEAD:
            raise Damaged("it does not begin with a header")
        version, flags, written = unpack("<BBI", self.content[:_HEAD])
        if version != _VERSION or written != number:
            raise Damaged("its header says version %d, number %d" % (version, written))
        try:
            texts = self.content[_HEAD:].decode().split("\0")
            self.name, self.content_type = texts[3:]
        except ValueError:
            raise Damaged("its header is not what it should be")
        self._pairs = texts[2].split("\1") if texts[2] else ()
        if len(self._pairs) & 1:
            raise Damaged("its metadata is not what it should be")
        self.request = flags, texts[:3]

    def arguments(self):
        """The category, and the arguments of `Client.upload` that follow its items."""
        flags, (category, label, _) = self.request
        pairs = self._pairs
        return category, {
            "label": label or None,
            "metadata": {pairs[i]: pairs[i + 1] for i in range(0, len(pairs), 2)} or None,
            "no_label": flags & 1 != 0,
            "disallow_duplicates": flags & 2 != 0,
            "add_date_id": flags & 4 != 0,
        }


class Entry(Body):
    """A finished file as a body: the bytes that were put, under their name and with their content type."""

    def __init__(self, path, number):
        self._path = path
        self._number = number
        self._reader = Reader(path)
        try:
            self.size = self._reader.sent()
            self.header = Header(self._reader, number)
        finally:
            self.close()
        self.name = self.header.name
        self.content_type = self.header.content_type

    def readinto(self, window):
        """Fill the window with the contents of D and T. Raises Damaged."""
        if self._reader is None:
            self._begin()
        done = 0
        while done < len(window) and not self._ended:  # type: ignore[has-type]
            rest = self._rest  # type: ignore[has-type]
            n = min(len(rest), len(window) - done)
            window[done : done + n] = rest[:n]
            done += n
            self._rest = rest[n:]
            if not self._rest:
                self._next()
        return done

    def _begin(self):
        self._reader = Reader(self._path)
        Header(self._reader, self._number)
        self._rest = b""
        self._left = self.size
        self._ended = False

    def _next(self):
        reader = self._reader
        kind, content = reader.next()
        if kind == b"R":
            kind, content = reader.next()
        if kind == b"D" or kind == b"T":
            self._rest = content
            self._left -= len(content)
        elif kind != b"E" or len(content) != 4 or self._left or reader.size != reader.end:
            raise Damaged("its frames are not those of an entry")
        else:
            self._ended = True

    def check(self):
        """Read all of it. Raises Damaged."""
        try:
            self._begin()
            while not self._ended:
                self._next()
        finally:
            self.close()

    def close(self):
        """Close the file; the next byte is the first again."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    rewind = close
