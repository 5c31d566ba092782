"""Recovers recordings that a power cut ended: they become entries that end with a whole row, or are set aside.

Also takes back rejected entries.
"""

from collections import namedtuple
from struct import calcsize, unpack

from micropython import const

from ..errors import SpoolFull
from ..signing import Hmac, key_bytes
from .folder import DAMAGED, REJECTED, exists, no_space
from .format import ABOUT, MAX_FRAME, Damaged, Header, Reader, Writer

# what became of a recording: indices of the counts of Recovered
_FINISHED = const(0)
_WAITING = const(1)
_DROPPED = const(2)
_DAMAGED = const(3)

# What `Spool.recover` did: how many recordings became entries, still wait, were dropped, and were damaged.
Recovered = namedtuple("Recovered", ("finished", "waiting", "dropped", "damaged"))


class InterruptedRecording:
    """A recording as it was left: its frames H, R, D, ... are read until one is missing or bad.

    key: bytes, or None. rest: bytes that follow those of D, if these are `sent` bytes.
    writer: has counted, summed and hashed these frames, and can continue the file after them.
    fault: why nothing can be made of it, or None. complete: T and E follow, only the new name is missing.
    clean: nothing follows. lost: more follows than an interrupted write explains. signed, tail: as in R.
    """

    _row_size = 0

    def __init__(self, path, number, key, sent=0, rest=b""):
        self._path = path
        self._number = number
        self._key = key
        self.fault = None
        self.complete = self.clean = self.lost = False
        writer = self.writer = Writer()
        reader = Reader(path)
        self.end = reader.end
        try:
            self._begin(reader, writer)
            while True:
                kind, content = reader.next()
                if kind != b"D":
                    break
                writer.data(content)
            self.clean = not kind
            self.complete = kind == b"T" and reader.next()[0] == b"E" and reader.size == self.end
        except (Damaged, OSError) as e:  # what the file system cannot read is damaged as well
            if not self._row_size:
                self.fault = str(e)
            # More than the frame that was being written: there may be rows.
            self.lost = isinstance(e, OSError) or self.end - writer.size > MAX_FRAME
        finally:
            reader.close()
        self._rest = rest if writer.sent == sent else b""

    def _begin(self, reader, writer):
        """Reads H and R, and passes them to the writer. Raises Damaged."""
        kind, content = reader.next()
        Header(self._number, kind, content)
        writer.frame(kind, content)
        kind, content = reader.next()
        size = calcsize(ABOUT)
        if kind != b"R" or len(content) < size:
            raise Damaged("it is no recording")
        self.signed, self._start, self._row_size = unpack(ABOUT, content[:size])
        if not self._row_size:
            raise Damaged("its rows have no bytes")
        self.tail = bytes(content[size:])
        writer.frame(kind, content)
        if self.signed and self._key is not None:
            writer.hmac = Hmac(self._key)

    def usable(self):
        """Returns the length up to the end of the last complete row; 0 without a row, or with a fault."""
        if self.fault:
            return 0
        rows = (self.writer.sent + len(self._rest) - self._start) // self._row_size
        return self._start + rows * self._row_size if rows > 0 else 0

    def write(self, file, length):
        """Writes a finished recording of the first `length` bytes of D, and of the rest, into an open file."""
        writer = Writer(file)
        reader = Reader(self._path)
        try:
            self._begin(reader, writer)
            while writer.sent < min(length, self.writer.sent):
                writer.data(reader.next()[1][: length - writer.sent])
        finally:
            reader.close()
        if writer.sent < length:
            writer.data(self._rest[: length - writer.sent])
        writer.end_recording(self.tail)


def recover(folder, hmac_key, drop):
    """Finishes, or drops, every recording that is not at work. Returns Recovered."""
    key = None if hmac_key is None else key_bytes(hmac_key)
    counts = [0, 0, 0, 0]
    for number in folder.numbers("rec"):
        if number not in folder.recording:
            counts[_recover(folder, number, key, drop)] += 1
    return Recovered(*counts)


def retry_rejected(folder):
    """Makes all rejected entries wait again. Returns how many."""
    count = 0
    for number in folder.numbers("ent", REJECTED):
        folder.take_back(number)
        count += 1
    folder.refusals = None, 0
    folder.failures.clear()
    return count


def save(folder, number, key, writer):
    """Finishes a recording whose Writer was interrupted, if that is possible: what it had not written is part of it."""
    _recover(folder, number, key, False, writer.sent, writer.unframed())


def _recover(folder, number, key, drop, sent=0, rest=b""):
    """Finishes one recording if that is possible. Returns what became of it."""
    path = folder.path(number, "rec")
    # Empty: the cut was before its first bytes. An entry of this number: it was before the copied file was removed.
    if drop or not folder.size(number, "rec") or exists(folder.path(number, "ent")):
        folder.remove(number, "rec")
        return _DROPPED
    recording = InterruptedRecording(path, number, key, sent, rest)
    length = recording.usable()
    end = recording.writer.size
    if recording.fault or recording.lost and not length:
        folder.set_aside(number, "rec", DAMAGED, recording.fault or "all that follows byte %d is damaged" % end)
        return _DAMAGED
    if not length:
        folder.remove(number, "rec")
        return _DROPPED
    if recording.signed and key is None and not recording.complete:
        return _WAITING
    try:
        if recording.complete:
            folder.rename_to_entry(number)
        elif recording.clean and length == recording.writer.sent:
            _append_end(folder, number, recording)
        else:
            # A copy: files cannot be made shorter on every port.
            folder.write(number, lambda file: recording.write(file, length))
            if recording.lost:
                folder.set_aside(number, "rec", DAMAGED, "what follows byte %d is damaged" % end)
            else:
                folder.remove(number, "rec")
    except SpoolFull:  # a program that starts with this must come to its flush
        return _WAITING
    return _FINISHED


def _append_end(folder, number, recording):
    """Appends T and E to a recording that ends with a whole row."""
    path = folder.path(number, "rec")
    try:
        with open(path, "ab") as file:
            recording.writer.file = file
            recording.writer.end_recording(recording.tail)
    except OSError as e:
        raise no_space(e)
    finally:
        grown = folder.size(number, "rec") - recording.end
        folder.bytes += grown
        folder.growing += grown
    folder.rename_to_entry(number)
