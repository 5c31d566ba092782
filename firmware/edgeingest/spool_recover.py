"""What becomes of recordings that a power cut ended: entries that end with a whole row, or files set aside."""

import os
from collections import namedtuple
from struct import unpack

from micropython import const

from .errors import SpoolFull
from .signing import Hmac, key_bytes
from .spool_entry import FRAME, OVERHEAD, Damaged, Header, Reader, Writer
from .spool_folder import DAMAGED, full
from .spool_recording import finish

_ABOUT = const(9)  # bytes of R before its text
_FINISHED = const(0)
_WAITING = const(1)
_DROPPED = const(2)
_DAMAGED = const(3)

Recovered = namedtuple("Recovered", ("finished", "waiting", "dropped", "damaged"))


class Cut:
    """A recording as it was left: its frames H, R, D, ... are read until one is missing or bad.

    size, total: where the last good D ended, and the sum there; sent: bytes in all D. sealed: T and E follow, it was
    finished. fault: why nothing can be made of it, or None. clean: nothing follows the last good D. lost: more than an
    interrupted write does not make sense there.
    """

    def __init__(self, path, number):
        self._path = path
        self._number = number
        self.fault = None
        self.sealed = self.clean = self.lost = False
        self.sent = self.size = self.total = 0
        reader = Reader(path)
        self.end = reader.end
        try:
            self._begin(reader)
            kind = b"D"
            while kind == b"D":
                self.size = reader.size
                self.total = reader.total
                kind, content = reader.next()
                if kind == b"D":
                    self.sent += len(content)
            self.clean = not kind
            self.sealed = kind == b"T" and reader.next()[0] == b"E" and reader.size == self.end
        except (Damaged, OSError) as e:  # what the file system cannot read is damaged as well
            if not self.size:
                self.fault = str(e)
            # More than the frame that was being written: there may be rows.
            self.lost = isinstance(e, OSError) or self.end - self.size > FRAME + OVERHEAD
        finally:
            reader.close()

    def _begin(self, reader):
        self.header = Header(reader, self._number).content
        kind, content = reader.next()
        if kind != b"R" or len(content) < _ABOUT:
            raise Damaged("it is no recording")
        self.about = bytes(content)
        self.signed, self._start, self._row = unpack("<BII", self.about[:_ABOUT])
        if not self._row:
            raise Damaged("its rows have no bytes")
        self.tail = self.about[_ABOUT:]

    def whole(self):
        """How many of the bytes are whole rows and what is before them; 0 without a row."""
        rows = (self.sent - self._start) // self._row
        return self._start + rows * self._row if rows > 0 else 0

    def pieces(self, left):
        """A generator of that many bytes of D, in pieces."""
        reader = Reader(self._path)
        try:
            self._begin(reader)
            while left:
                content = reader.next()[1][:left]
                left -= len(content)
                yield content
        finally:
            reader.close()


def recover(folder, at_work, hmac_key, drop):
    """Finish, or drop, every recording that is not at work."""
    key = None if hmac_key is None else key_bytes(hmac_key)
    counts = [0, 0, 0, 0]
    last = 0
    while numbers := folder.after(last, 8, "rec"):
        for last in numbers:
            if last not in at_work:
                counts[_recover(folder, last, key, drop)] += 1
    return Recovered(*counts)


def _recover(folder, number, key, drop):
    path = folder.path(number, "rec")
    # Empty: the cut was before its first bytes. An entry of this number: it was before the copied file was removed.
    if drop or not os.stat(path)[6] or number in folder.after(number - 1, 1):
        folder.remove(number, "rec")
        return _DROPPED
    cut = Cut(path, number)
    left = 0 if cut.fault else cut.whole()
    if cut.fault or cut.lost and not left:
        folder.set_aside(number, "rec", DAMAGED, cut.fault or "all that follows byte %d is damaged" % cut.size)
        return _DAMAGED
    if not left:
        folder.remove(number, "rec")
        return _DROPPED
    if cut.signed and key is None and not cut.sealed:
        return _WAITING
    try:
        if cut.sealed:
            folder.rename(number)
        elif cut.clean and left == cut.sent:
            _append(folder, number, cut, key)
        else:
            _copy(folder, number, cut, key, left)
            if cut.lost:
                folder.set_aside(number, "rec", DAMAGED, "what follows byte %d is damaged" % cut.size)
            else:
                folder.remove(number, "rec")
    except SpoolFull:  # a program that starts with this must come to its flush
        return _WAITING
    return _FINISHED


def _append(folder, number, cut, key):
    """Append the end."""
    hmac = None
    if cut.signed:
        hmac = Hmac(key)
        for piece in cut.pieces(cut.sent):
            hmac.update(piece)
    path = folder.path(number, "rec")
    try:
        with open(path, "ab") as file:
            finish(Writer(file, cut.size, cut.sent, cut.total), cut.tail, hmac)
    except OSError as e:
        raise full(e)
    finally:
        folder.bytes += os.stat(path)[6] - cut.end
    folder.rename(number)


def _copy(folder, number, cut, key, left):
    """Copy what is good: files cannot be made shorter on every port."""

    def fill(file):
        hmac = Hmac(key) if cut.signed else None
        writer = Writer(file)
        writer.frame(b"H", cut.header)
        writer.frame(b"R", cut.about)
        for piece in cut.pieces(left):
            if hmac is not None:
                hmac.update(piece)
            writer.frame(b"D", piece)
        finish(writer, cut.tail, hmac)

    folder.write(number, fill)
