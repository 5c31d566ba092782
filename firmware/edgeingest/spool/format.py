"""The files of a spool on flash: `Writer` writes them, `Reader` reads them back, an `Entry` is sent from one.

A file is a sequence of frames, written from its beginning to its end and never changed. Integers are little-endian.

    kind     1 byte   H, R, D, T or E
    length   u16      bytes of content
    content
    sum      u32      CRC-32 (RFC 1952, section 8) of kinds, lengths and contents from the file's beginning to here

H   the first frame: version u8, here 1; flags u8: 1 no_label, 2 disallow_duplicates, 4 add_date_id; number u32, as in
    the file's own name; then UTF-8 texts with U+0000 between them: category, label, metadata, file name, content type.
    An empty text was not given. Metadata are names and values in turn, with U+0001 between them
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

from ..body import Body
from ..errors import SampleError

_VERSION = const(1)
_NO_LABEL = const(1)  # flags of H
_DISALLOW_DUPLICATES = const(2)
_ADD_DATE_ID = const(4)
_LABEL = const(1)  # texts of H, by index
_METADATA = const(2)
_FILE_NAME = const(3)
_FIXED = const(6)  # bytes of H before its texts
_MAX_HEADER = const(16640)  # bytes of H: four texts, none longer than a header field of 4096
_MAX_CONTENT = const(512)  # bytes of any other frame
_OVERHEAD = const(7)  # bytes of a frame around its content
_END = const(11)  # bytes of the frame E
ABOUT = "<BII"  # how R begins
MAX_FRAME = 519  # bytes of a frame D with all around it


class Damaged(SampleError):
    """A file is not what was written. Nothing of it is sent."""


def framed(size):
    """Returns how many bytes a file needs, at most, for this many bytes to be sent."""
    return size + (size // _MAX_CONTENT + 1) * _OVERHEAD


def encode_header(
    number, category, file_name, content_type, label, metadata, no_label, disallow_duplicates, add_date_id
):
    """Returns the content of H. The arguments were checked before: no text has a control character in it."""
    pairs = [key + "\1" + metadata[key] for key in sorted(metadata or ())]
    flags = no_label * _NO_LABEL | disallow_duplicates * _DISALLOW_DUPLICATES | add_date_id * _ADD_DATE_ID
    texts = (category, label or "", "\1".join(pairs), file_name, content_type)
    return pack("<BBI", _VERSION, flags, number) + "\0".join(texts).encode()


class Header:
    """What H says. request: what must be equal for entries that go into one request."""

    def __init__(self, number, kind, content):
        content = bytes(content)
        if kind != b"H" or len(content) < _FIXED:
            raise Damaged("it does not begin with a header")
        version, flags, written = unpack("<BBI", content[:_FIXED])
        if version != _VERSION or written != number:
            raise Damaged("its header says version %d, number %d" % (version, written))
        try:
            texts = content[_FIXED:].decode().split("\0")
            self.name, self.content_type = texts[_FILE_NAME:]
        except ValueError:
            raise Damaged("its header is not what it should be")
        self._pairs = texts[_METADATA].split("\1") if texts[_METADATA] else ()
        if len(self._pairs) & 1:
            raise Damaged("its metadata is not what it should be")
        self.request = flags, texts[:_FILE_NAME]

    def arguments(self):
        """Returns the category, and the arguments of `Client.upload` that follow its items."""
        flags, texts = self.request
        pairs = self._pairs
        return texts[0], {
            "label": texts[_LABEL] or None,
            "metadata": {pairs[i]: pairs[i + 1] for i in range(0, len(pairs), 2)} or None,
            "no_label": flags & _NO_LABEL != 0,
            "disallow_duplicates": flags & _DISALLOW_DUPLICATES != 0,
            "add_date_id": flags & _ADD_DATE_ID != 0,
        }


class Writer:
    """Writes frames into an open file; without a file it only counts, sums and hashes them.

    size: bytes of the file. sent: those of them that will be sent. added: bytes that `add` was given.
    hmac: an Hmac of all D, or None.
    """

    _window: "memoryview" = None

    def __init__(self, file=None):
        self.file = file
        self.hmac = None
        self.size = self.sent = self.added = self._sum = 0

    @property
    def waiting(self):
        """Bytes that are in no frame yet. Computed, so that it is right whenever an exception comes."""
        return max(self.added - self.sent, 0)

    def frame(self, kind, content):
        """Appends a frame."""
        head = kind + pack("<H", len(content))
        self._sum = crc32(content, crc32(head, self._sum))
        if self.file is not None:
            self.file.write(head)
            self.file.write(content)
            self.file.write(pack("<I", self._sum))
        self.size += len(content) + _OVERHEAD
        if kind == b"D" or kind == b"T":
            self.sent += len(content)

    def data(self, content):
        """Appends a frame D, which is signed if there is an Hmac."""
        if self.hmac is not None:
            self.hmac.update(content)
        self.frame(b"D", content)

    def add(self, body):
        """Appends the bytes of a body in full frames; the rest waits for more, for `flush` or for the end.

        Returns what `readinto` returned last: 0 at the end of the body, None if it has bytes that are not ready.
        """
        window = self._window
        if window is None:
            window = self._window = memoryview(bytearray(_MAX_CONTENT))
        while n := body.readinto(window[self.waiting :] if self.waiting else window):
            self.added += n
            if self.waiting == _MAX_CONTENT:
                self.flush()
        return n

    def flush(self):
        """Appends a frame of the bytes that wait, if there are any."""
        n = self.waiting
        if n:
            self.data(self._window[:n])

    def unframed(self):
        """Returns the bytes that wait."""
        return self._window[: self.waiting] if self.waiting else b""

    def end(self):
        """Appends the bytes that wait, and E."""
        self.flush()
        self.frame(b"E", pack("<I", self.sent))

    def end_recording(self, tail):
        """Appends the bytes that wait, T with the signature if there is an Hmac, and E."""
        self.flush()
        if self.hmac is not None:
            from ..signing import ZEROS

            self.hmac.update(tail)
            self.hmac.update(ZEROS)
            tail += self.hmac.hexdigest()
        self.frame(b"T", tail)
        self.end()


class Reader:
    """Reads frames and checks each before it is returned. end: bytes of the file; size: those of the good frames."""

    _buffer: "memoryview" = None

    def __init__(self, path):
        self.end = os.stat(path)[6]
        self._file = open(path, "rb")
        self._sum = self.size = 0

    def next(self):
        """Returns (kind, content), valid until the next call; (b"", b"") at the end of the file. Raises Damaged."""
        left = self.end - self.size
        if not left:
            return b"", b""
        head = self._file.read(3)
        kind = head[:1]
        n = head[1] | head[2] << 8 if len(head) == 3 else left
        if (
            n + _OVERHEAD > left
            or kind not in (b"H", b"R", b"D", b"T", b"E")
            or n > (_MAX_HEADER if kind == b"H" else _MAX_CONTENT)
        ):
            raise Damaged("it is cut off, or no frame, at byte %d" % self.size)
        if kind == b"D":
            self._buffer = self._buffer or memoryview(bytearray(_MAX_CONTENT))
            content = self._buffer[:n]
        else:
            content = memoryview(bytearray(n))
        done = self._file.readinto(content)
        self._sum = crc32(content, crc32(head, self._sum))
        if done != n or self._file.read(4) != pack("<I", self._sum):
            raise Damaged("the frame at byte %d has not the sum it was written with" % self.size)
        self.size += n + _OVERHEAD
        return kind, content

    def sent(self):
        """Returns how many bytes are to be sent, as E says; only before the first frame is read. Raises Damaged."""
        file = self._file
        file.seek(max(self.end - _END, 0))
        last = file.read(_END)
        file.seek(0)
        if last[:3] != b"E\4\0" or len(last) != _END:
            raise Damaged("it has no end")
        return unpack("<I", last[3:7])[0]

    def close(self):
        """Closes the file."""
        self._file.close()


class Entry(Body):
    """A finished file as a body: the bytes that were put, under their name and with their content type.

    The file is open until `close`. number: its own. header: what H says. sum: 30 bits of the CRC-32 of the bytes,
    once they were checked.
    """

    _reader: "Reader" = None  # while the file is open
    sum = 0

    def __init__(self, path, number):
        self._path = path
        self.number = number
        try:
            self._open()
        except (OSError, Damaged) as e:
            self.close()
            raise e
        self.name = self.header.name
        self.content_type = self.header.content_type

    def _open(self):
        """Opens the file, and reads what its end and its header say. Raises Damaged."""
        self._reader = reader = Reader(self._path)
        self.size = self._left = reader.sent()
        self.header = Header(self.number, *reader.next())
        self._content = b""  # what is left of the frame that is being sent; None at the end
        self._begun = False

    def _next(self):
        """Goes on to the next frame that is sent, or to the end. Raises Damaged."""
        reader = self._reader
        self._begun = True
        kind, content = reader.next()
        if kind == b"R":
            kind, content = reader.next()
        if kind == b"D" or kind == b"T":
            self._content = content
            self._left -= len(content)
        elif kind != b"E" or len(content) != 4 or self._left or reader.size != reader.end:
            raise Damaged("its frames are not those of an entry")
        else:
            self._content = None

    def readinto(self, window):
        """Fills the window with the contents of D and T. Raises Damaged."""
        if self._reader is None:
            self._open()
        filled = 0
        while filled < len(window) and self._content is not None:
            content = self._content
            n = min(len(content), len(window) - filled)
            window[filled : filled + n] = content[:n]
            filled += n
            self._content = content[n:]
            if n == len(content):
                self._next()
        return filled

    def check(self):
        """Reads all of it, from the beginning, and closes the file. Raises Damaged."""
        self.rewind()
        found = 0
        try:
            if self._reader is None:
                self._open()
            while self._content is not None:
                found = crc32(self._content, found)
                self._next()
        finally:
            self.close()
        self.sum = found & 0x3FFFFFFF  # a small integer on every board

    def rewind(self):
        """The next byte is the first again. An open file of which none was read stays open."""
        if self._begun:
            self.close()

    def close(self):
        """Closes the file; the next byte is the first again."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
