"""`Recording`: an entry that grows while it is measured.

The message is that of a Sample, but `values` is an array of indefinite length (RFC 8949, section 3.2.2), which the
service's documentation recommends where the number of rows is not known beforehand. The signature comes last.
"""

from struct import pack

from micropython import const

from ..body import Chain, octets, sized, typecode_of
from ..cbor_rows import TypedRows
from ..errors import SampleError, SpoolFull
from ..ingestion import check_body
from ..signing import Hmac, key_bytes
from ..typecodes import item_size
from .folder import before_write, ignore_oserror, no_space
from .format import ABOUT, Writer, framed

_INDEFINITE_ARRAY = const(0x9F)
_BREAK = b"\xff"  # the end of the array
_RESERVED = const(512)  # bytes that are kept free for the end of a recording: more than it has


class FutureRows:
    """The values of a recording's Sample, a row source: its rows do not exist yet."""

    def readinto(self, buffer):
        """Returns None: nothing is ready."""


class Recording:
    """Made by `Spool.record`. `rows`: how many were written. A `with` statement closes it at its end.

    An error of the file system, SpoolFull or an OSError, ends the recording: what was synced is on flash, and
    `Spool.recover` makes an entry of it. Anything else that interrupts `write`, `sync` or `close` (Ctrl-C, MemoryError)
    ends it at its last complete row: `close` then makes the entry of these rows, or `Spool.recover` where that fails.
    """

    content_type = "application/cbor"  # for check_body, with `size`

    def __init__(self, _folder, _reserve, _number, _header, _sample, _hmac_key):
        self.rows = 0
        self.number = _number
        self._folder = _folder
        self._reserve = _reserve
        self._name = _sample.name
        self._typecode = _sample.typecode
        self._axes = len(_sample.sensors)
        self._row = self._axes * item_size(self._typecode)  # bytes of a row in a buffer
        self._row_size = self._encoded(bytes(self._row), 1).size
        self._counted = 0  # bytes of the file that are in the folder's count
        self._key = None if _hmac_key is None else key_bytes(_hmac_key)
        self._whole = True  # False while something is being written: an exception leaves it so
        hmac = self._key and Hmac(self._key)
        start = _sample.payload
        start[-1] = _INDEFINITE_ARRAY  # was the head of an array of one row
        self._tail = _BREAK + bytes(_sample.protected(_hmac_key))
        size = len(start)
        _reserve(len(_header) + 2 * size + 2 * _RESERVED)
        try:
            self._file = _folder.create(_number, "rec")
        except OSError as e:
            raise no_space(e)
        _folder.recording.append(_number)
        writer = self._writer = Writer(self._file)
        writer.hmac = hmac
        try:
            writer.frame(b"H", _header)
            writer.frame(b"R", pack(ABOUT, hmac is not None, size, self._row_size) + self._tail)
            writer.add(Chain((start,)))
            self._sync()
        except BaseException as e:
            e = self._failed(e)
            ignore_oserror(_folder.remove, _number, "rec")
            raise e

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, buffer):
        """Appends rows: any number of whole rows, in an array or another buffer of native values, row-major.

        Raises SpoolFull when `max_bytes` has no room for all of them: then none was written, and the recording goes on.
        """
        self._check_open("buffer")
        typecode = self._typecode
        own = typecode_of(buffer)
        if own and own != typecode:
            raise SampleError("buffer: an array of %r, but typecode=%r was said" % (own, typecode))
        try:
            size = len(octets(buffer))
        except TypeError:
            raise SampleError("buffer: values of typecode %s are needed, not %r" % (typecode, type(buffer)))
        rows, rest = divmod(size, self._row)
        if rest:
            raise SampleError("buffer: %d bytes are no whole number of rows of %d" % (size, self._row))
        writer = self._writer
        size = rows * self._row_size + writer.waiting
        self.size = writer.sent + size + _RESERVED  # at most
        check_body(self, self._name)
        self._reserve(framed(size) + _RESERVED)
        body = self._encoded(sized(buffer), rows)
        before_write()
        self._whole = False
        try:
            writer.add(body)
        except OSError as e:
            raise self._failed(e)
        self._count(writer.size)
        self.rows += rows
        self._whole = True

    def sync(self):
        """Makes what was written survive a power cut. On littlefs this copies up to a block: call it now and then."""
        self._check_open("sync")
        self._whole = False
        try:
            self._sync()
        except OSError as e:
            raise self._failed(e)
        self._whole = True

    def close(self):
        """Finishes the entry; of one without rows nothing is kept. May be called twice."""
        if self._file is None:
            return
        before_write()
        if not self._whole:
            self._save()
            return
        folder = self._folder
        self._whole = False
        try:
            if self.rows:
                self._writer.end_recording(self._tail)
                self._file.close()
                self._count(self._writer.size)
                folder.rename_to_entry(self.number)
            else:
                self._file.close()
                folder.remove(self.number, "rec")
        except OSError as e:
            raise self._failed(e)
        self._end()

    def _check_open(self, what):
        """Raises a SampleError when the recording has ended, or was interrupted."""
        if self._file is None or not self._whole:
            raise SampleError(what + ": this recording has ended, or was interrupted: close it, and begin another")

    def _encoded(self, data, rows):
        """Returns a body of these rows in CBOR: integers at their full width, so that every row has the same size."""
        return TypedRows(self._typecode, self._axes, rows, data, False)

    def _sync(self):
        """Writes what waits and syncs the file. Raises the OSError as it is."""
        before_write()
        self._writer.flush()
        self._file.flush()
        self._count(self._writer.size)

    def _count(self, size):
        """Adds what the file has grown by to the folder's count. size: of the file."""
        self._folder.bytes += size - self._counted
        self._folder.growing += size - self._counted
        self._counted = size

    def _end(self):
        """Called when nothing more is written to the file."""
        self._file = None
        self._writer = None
        self._folder.recording.remove(self.number)

    def _save(self):
        """Ends a recording that was interrupted: an entry is made of its complete rows, on flash and in the writer.

        The file is not continued: it may end anywhere, and the hash may have bytes that are not in it.
        """
        from .recovery import save

        writer = self._writer
        ignore_oserror(self._file.close)
        self._end()
        self._count_file()
        save(self._folder, self.number, self._key, writer)

    def _failed(self, error):
        """Ends the recording after an error. Returns the error to raise."""
        ignore_oserror(self._file.close)
        self._end()
        ignore_oserror(self._count_file)
        if isinstance(error, OSError):
            error = no_space(error)
        if isinstance(error, SpoolFull):
            error = SpoolFull("%s; the recording ended, recover() saves what was synced of it" % error)
        return error

    def _count_file(self):
        """Counts the file as it is on flash."""
        self._count(self._folder.size(self.number, "rec"))
