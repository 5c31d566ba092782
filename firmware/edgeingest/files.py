"""`File`: a file to upload, from bytes, a path, a stream of known size, or another body."""

import os

from .body import Body, Chain, sized
from .errors import SampleError
from .validate import check_text

# The service goes by the extension; these are the types that its own clients send.
_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "mp4": "video/mp4",
    "avi": "video/avi",
    "wav": "audio/wav",
    "cbor": "application/cbor",
    "json": "application/json",
    "labels": "application/json",
    "csv": "text/csv",
    "txt": "text/plain",
    "parquet": "application/vnd.apache.parquet",
}


def content_type_of(name):
    """Returns the content type for the extension of a name; application/octet-stream for an unknown one."""
    return _TYPES.get(name[name.rfind(".") + 1 :].lower(), "application/octet-stream")


class File(Body):
    """A file.

    source: a buffer, which must not change until it is sent; a path (str); a stream with `readinto`; or a body. name:
    the file name to send, from the path or body if not given; a label is inferred from it when none is given, see
    `upload`. size: bytes, needed for a stream. content_type: by the extension if not given.
    A stream is read from where it stands, and again only if it has `seek` and `tell`; it is not closed.
    A source that is not exactly `size` bytes long is a SampleError when it is sent; only of a stream without `seek`
    (a socket, a UART) nothing is read, or waited for, beyond `size`.

        client.upload("testing", File("frame.jpg"))
        client.upload("testing", File(b"timestamp,level\\n0,1.5\\n10,2.5\\n", name="tank.01.csv"))
    """

    def __init__(self, source, name=None, size=None, content_type=None):
        self._path = self._start = None
        self._exact = False  # nothing is read beyond size
        self._stream = None
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
            raise SampleError("size: a number of bytes is needed, not %r" % (size,))
        if isinstance(source, str):
            actual = _size_of(source)
            self._path = source
            name = source[max(source.rfind("/"), source.rfind("\\")) + 1 :] if name is None else name
        elif hasattr(source, "readinto"):
            self._stream = source
            if hasattr(source, "content_type"):  # a body
                actual = source.size
                name = source.name if name is None else name
                content_type = source.content_type if content_type is None else content_type
                self.rewindable = getattr(source, "rewindable", True)
            else:
                actual = size
                if size is None:
                    raise SampleError("size: the number of bytes is needed: File(stream, name=..., size=...)")
                self.rewindable = hasattr(source, "seek") and hasattr(source, "tell")
                self._exact = not self.rewindable
                try:
                    self._start = source.tell() if self.rewindable else None
                except OSError:  # a pipe has tell(), but no position
                    self.rewindable = False
        else:
            try:
                self._stream = Chain((sized(source),), "source")
            except TypeError:
                raise SampleError("source: bytes, a path, a stream or a body is needed, not %r" % type(source))
            actual = self._stream.size
        if size is not None and size != actual:
            raise SampleError("size: %d was said, but the source has %d bytes: leave size out" % (size, actual))
        if name is None:
            kind = "a stream has" if hasattr(source, "readinto") else "bytes have"
            raise SampleError('name: %s no file name: give one, such as name="climate.csv"' % kind)
        self.name = check_text(name, "name")
        self.content_type = (
            content_type_of(name) if content_type is None else check_text(content_type, "content_type", 127)
        )
        self.size = actual
        self._left = actual

    def __repr__(self):
        return "File(%r, %d bytes, %s)" % (self.name, self.size, self.content_type)

    def readinto(self, window):
        """Fills the window, or as much as the source gives at a time."""
        left = self._left
        if left < len(window):
            if not left and self._exact:
                return 0
            if left:
                window = memoryview(window)[:left]  # a stream that blocks must not wait for what is not ours
        if self._stream is None:
            self._open()
        try:
            n = self._stream.readinto(window)
        except OSError as e:
            raise self._error("cannot be read: %s" % e)
        if n:
            if type(n) is not int or not 0 < n <= len(window):
                raise self._error("cannot be read: readinto gave %r of %d bytes" % (n, len(window)))
            left -= n
            self._left = left
            if left < 0:
                raise self._error("has more than its size of %d bytes" % self.size)
        elif n is not None and left:
            raise self._error("ended %d bytes before its size of %d" % (left, self.size))
        return n

    def _error(self, text):
        """Returns the SampleError for this file."""
        return SampleError("%r %s" % (self.name, text))

    def _open(self):
        """Opens the file of a path."""
        try:
            self._stream = open(self._path, "rb")
        except OSError as e:
            raise SampleError("source: %r cannot be opened: %s" % (self._path, e))

    def rewind(self):
        """Starts again from where the source stood."""
        inner = self._stream is not None and hasattr(self._stream, "content_type")  # a body: it may have been read
        if self._left == self.size and self._path is None and not inner:
            return
        if not self.rewindable and not inner:
            raise SampleError("%r: this stream has no seek() and tell(), it cannot be read a second time" % self.name)
        self._left = self.size
        if self._path is not None:
            self.close()
        elif self._start is not None:
            self._stream.seek(self._start)
        elif inner:
            self._stream.rewind()

    def close(self):
        """Closes the file that was opened for a path; what the caller opened stays open."""
        if self._path is not None:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
                self._left = self.size
        elif self._stream is not None and hasattr(self._stream, "content_type"):
            self._stream.close()


def _size_of(path):
    """Returns the bytes of the file at a path, or raises the SampleError."""
    try:
        stat = os.stat(path)
    except (OSError, ValueError) as e:
        raise SampleError("source: %r cannot be read: %s (os.listdir() tells what is there)" % (path, e))
    if stat[0] & 0x4000:
        raise SampleError("source: %r is a folder: give the path of a file" % path)
    return stat[6]
