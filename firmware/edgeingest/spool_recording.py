"""`Recording`: an entry that grows while it is measured.

The message is that of a Sample, but `values` is an array of indefinite length (RFC 8949, section 3.2.2), which the
service's documentation recommends where the number of rows is not known beforehand. The signature comes last.
"""

import os
from struct import pack

from micropython import const

from .body import Chain, octets, typecode_of
from .errors import SampleError, SpoolFull
from .ingestion import check_body
from .numbers import item_size
from .rows import TypedRows
from .sample import Sample
from .signing import ZEROS, Hmac, key_bytes
from .spool_entry import FRAME, OVERHEAD, Writer
from .spool_folder import full, quietly

_END = const(512)  # bytes that are kept free for the end of a recording: more than it has


class Coming:
    """The values of a recording's Sample: they are not there yet."""

    def readinto(self, buffer):
        """None: nothing is ready."""


def finish(writer, tail, hmac):
    """Write the end of a recording: what follows the last row, the signature, the seal."""
    tail = bytes(tail)
    if hmac is not None:
        hmac.update(tail)
        hmac.update(ZEROS)
        tail += hmac.hexdigest()
    writer.frame(b"T", tail)
    writer.seal()


class Recording:
    """Made by `Spool.record`. `rows`: how many were written. A `with` statement closes it at its end.

    When the file system fails, a SpoolFull or an OSError says so and the recording has ended: what was synced is on
    flash, and `Spool.recover` makes an entry of it.
    """

    content_type = "application/cbor"

    def __init__(self, folder, at_work, number, header, name, about, typecode, iat, hmac_key):
        self.rows = 0
        self.number = number
        self._folder = folder
        self._at_work = at_work
        self._name = name
        sensors, interval_ms, device_type, device_name = about
        sample = Sample(sensors, interval_ms, Coming(), device_type, device_name, name, typecode, 1, iat)
        self._typecode = typecode
        self._row = len(sensors) * item_size(typecode)  # bytes of a row in a buffer
        self._hmac = None if hmac_key is None else Hmac(key_bytes(hmac_key))
        start = sample.payload
        start[-1] = 0x9F  # which was the head of an array of one row
        self._tail = b"\xff" + sample.protected(hmac_key)
        self._axes = len(sensors)
        self._row_size = self._typed(bytes(self._row), 1).size
        self._window = memoryview(bytearray(FRAME))
        self._filled = 0
        self._counted = 0
        size = len(start)
        folder.reserve(len(header) + 2 * size + 2 * _END)
        self._path = folder.path(number, "rec")
        try:
            self._file = open(self._path, "wb")
        except OSError as e:
            raise full(e)
        at_work.append(number)
        self._writer = Writer(self._file)
        try:
            self._writer.frame(b"H", header)
            rest = pack("<BII", hmac_key is not None, size, self._row_size)
            self._writer.frame(b"R", rest + self._tail)
            self._take(Chain((start,)))
            self._commit()
        except OSError as e:
            e = self._failed(e)
            quietly(folder.remove, number, "rec")
            raise e

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, buffer):
        """Append rows: any number of whole rows, in an array or another buffer of native values, row-major.

        SpoolFull when `max_bytes` has no room for all of them: then none was taken, and the recording goes on.
        """
        if self._file is None:
            raise SampleError("buffer: this recording has ended")
        own = typecode_of(buffer)
        if own and own != self._typecode:
            raise SampleError("buffer: an array of %r, but typecode=%r was said" % (own, self._typecode))
        try:
            data = octets(buffer)
        except TypeError:
            raise SampleError("buffer: values of typecode %s are needed, not %r" % (self._typecode, type(buffer)))
        rows, rest = divmod(len(data), self._row)
        if rest:
            raise SampleError("buffer: %d bytes are no whole number of rows of %d" % (len(data), self._row))
        size = rows * self._row_size + self._filled
        self.size = self._writer.sent + size + _END  # at most
        check_body(self, self._name)
        self._folder.reserve(size + (size // FRAME + 1) * OVERHEAD + _END)
        try:
            self._take(self._typed(data, rows))
        except OSError as e:
            raise self._failed(e)
        self.rows += rows

    def sync(self):
        """Make what was written survive a power cut. On littlefs this copies up to a block: call it now and then."""
        if self._file is None:
            raise SampleError("sync: this recording has ended")
        try:
            self._commit()
        except OSError as e:
            raise self._failed(e)

    def close(self):
        """Finish the entry; of one without rows nothing is kept. May be called twice."""
        if self._file is None:
            return
        folder = self._folder
        try:
            if self.rows:
                self._frame()
                finish(self._writer, self._tail, self._hmac)
            self._file.close()
            if self.rows:
                self._count()
                folder.rename(self.number)
            else:
                folder.remove(self.number, "rec")
        except OSError as e:
            raise self._failed(e)
        self._end()

    def _typed(self, data, rows):
        return TypedRows(self._typecode, self._axes, rows, data, False)

    def _take(self, source):
        """All of it into the window, and windows that are full to flash."""
        while True:
            n = source.readinto(self._window[self._filled :])
            if not n:
                return
            self._filled += n
            if self._filled == FRAME:
                self._frame()

    def _frame(self):
        content = self._window[: self._filled]
        if self._filled:
            self._filled = 0
            if self._hmac is not None:
                self._hmac.update(content)
            self._writer.frame(b"D", content)
            self._count()

    def _commit(self):
        self._frame()
        self._file.flush()

    def _count(self):
        self._folder.bytes += self._writer.size - self._counted
        self._counted = self._writer.size

    def _end(self):
        self._file = self._hmac = None
        self._at_work.remove(self.number)

    def _failed(self, error):
        """The error to raise: this recording has ended."""
        quietly(self._file.close)
        self._end()
        try:
            self._folder.bytes += os.stat(self._path)[6] - self._counted
        except OSError:
            pass
        error = full(error)
        if isinstance(error, SpoolFull):
            error = SpoolFull("%s; the recording ended, recover() saves what was synced of it" % error)
        return error
