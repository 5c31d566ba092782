"""Sending what a spool has: which entries go into a request together, and what becomes of them.

Source: the service's documentation, "Ingestion API": label, metadata and flags are header fields, one for all files of
a request; at most 1000 files; status codes.
"""

from binascii import crc32
from collections import namedtuple

from micropython import const

from .errors import CertificateError, IngestError, ProtocolError, SampleError, ServiceError
from .spool_entry import Damaged, Entry
from .spool_folder import DAMAGED, REJECTED

_FILES = const(64)  # in a request
_BYTES = const(1 << 18)  # in a request, unless one entry alone has more: this much is sent again when it fails
_LOOK = const(256)  # entries that are looked at for one request
_SCAN = const(32)  # numbers that are held at a time
_UNREADABLE = (5, 84)  # EIO, and what littlefs says when it finds damage; of any other error a file is not to blame
_REFUSALS = (400, 413, 415, 421, 422)
_LATER = (408, 425, 429)  # and from 500 on
_FINE = const(0)  # what an error means: there is none;
_PASSES = const(1)  # the entries are kept, flush ends;
_REFUSED = const(2)  # it is about an entry;
_RAISES = const(3)  # it is about key, url or certificate

Flushed = namedtuple("Flushed", ("stored", "duplicates", "rejected", "damaged", "kept", "error"))


class Batch:
    """The entries of a request, made when they are reached; only their numbers are held."""

    def __init__(self, folder):
        self._folder = folder
        self._sums = []  # of their names, which must differ within a request
        self.numbers = []
        self.header = None
        self.size = 0
        self.raw = False
        self.results = []  # for each entry: None, or 0: stored, 1: a duplicate, or the reason why it was refused

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, index):
        number = self.numbers[index]
        return Entry(self._folder.path(number, "ent"), number)

    def takes(self, entry):
        """Whether the entry may go into this request, too."""
        if self.header is None:
            return True
        full = len(self) == _FILES or self.size + entry.size > _BYTES
        other = entry.header.request != self.header.request or _raw(entry)
        return not (full or other or self.raw or crc32(entry.name.encode()) in self._sums)

    def add(self, number, entry):
        """Take the entry."""
        self.numbers.append(number)
        self._sums.append(crc32(entry.name.encode()))
        self.size += entry.size
        if self.header is None:
            self.header = entry.header
            self.raw = _raw(entry)

    def begin(self, client):
        """What the request gives: its result (Client), or what is to be awaited for it (AsyncClient)."""
        self.results = [None] * len(self)
        category, arguments = self.header.arguments()
        if self.raw:
            return client.send(category, self[0], **arguments)
        return client.upload(category, self, on_stored=self.note, **arguments)

    def note(self, index, stored):
        """The service has this one."""
        self.results[index] = 1 if stored.duplicate else 0

    def refused(self, error):
        """Some are not taken; whether the error tells which."""
        reasons = getattr(error, "results", ()) or ((str(error),) if len(self) == 1 else ())
        for i, reason in enumerate(reasons):
            if isinstance(reason, str):
                self.results[i] = reason
        return len(reasons) > 0


def _raw(entry):
    """The binary form, for audio, goes to the `data` endpoint: only there its content type is documented."""
    return entry.content_type == "application/octet-stream" and entry.name.lower().endswith(".cbor")


def _collect(folder, alone, newest):
    """(batch, damaged): the oldest entry and what goes with it, all read and checked; what is damaged is set aside.

    alone: entries up to this number go by themselves. newest: the last number that is looked at.
    """
    batch = Batch(folder)
    looked = last = damaged = 0
    more = True
    while more and (looked < _LOOK or not len(batch)):
        numbers = folder.after(last, _SCAN)
        more = len(numbers) == _SCAN
        for number in numbers:
            if number > newest:
                return batch, damaged
            last = number
            looked += 1
            try:
                entry = Entry(folder.path(number, "ent"), number)
                if not batch.takes(entry):
                    continue
                entry.check()
            except (Damaged, OSError) as e:
                if isinstance(e, OSError) and e.errno not in _UNREADABLE:
                    raise e
                folder.set_aside(number, "ent", DAMAGED, str(e))
                damaged += 1
                continue
            batch.add(number, entry)
            if number <= alone or batch.raw:
                return batch, damaged
    return batch, damaged


def flushing(folder, client):
    """A generator of requests at work, to which the result of each is sent, or its error thrown; returns Flushed."""
    if folder.busy:
        raise SampleError("flush: another one is at work on this spool")
    counts = [0, 0, 0, 0]
    alone = 0
    newest = folder.highest  # what is put meanwhile has to wait, or this might never end
    verdict = _FINE
    while verdict != _PASSES:
        batch, damaged = _collect(folder, alone, newest)
        counts[3] += damaged
        if not len(batch):
            break
        folder.busy = batch.numbers
        error = None
        try:
            result = yield batch.begin(client)
            if batch.raw:
                batch.note(0, result)
        except IngestError as e:
            error = e
        finally:
            folder.busy = ()
        verdict = _verdict(error)
        if verdict == _REFUSED and not batch.refused(error):
            alone = batch.numbers[-1]  # which one is to blame? One by one they will show it
        settled = _settle(folder, batch, counts)
        if verdict == _RAISES:
            raise error
        if verdict == _FINE and not settled:
            raise ProtocolError("the client says neither that entries were stored nor why they were not")
    return Flushed(counts[0], counts[1], counts[2], counts[3], folder.entries, error if verdict == _PASSES else None)


def _verdict(error):
    """What an error means for the entries of its request."""
    if error is None:
        return _FINE
    if isinstance(error, ServiceError):
        status = error.status
        if status in _LATER or status >= 500:
            return _PASSES
        return _REFUSED if status in _REFUSALS or status < 300 else _RAISES
    if isinstance(error, SampleError):  # an entry that the client refuses, or that was damaged just now
        return _REFUSED
    return _RAISES if isinstance(error, CertificateError) else _PASSES


def _settle(folder, batch, counts):
    """Remove what the service has, set aside what it refused, count both; whether there was any."""
    settled = False
    for refused in (False, True):  # first what makes room: to set aside needs some
        for i, result in enumerate(batch.results):
            if result is None or isinstance(result, str) is not refused:
                continue
            settled = True
            number = batch.numbers[i]
            if refused:
                folder.set_aside(number, "ent", REJECTED, result)
                counts[2] += 1
            else:
                folder.remove(number)
                counts[result] += 1
    return settled
