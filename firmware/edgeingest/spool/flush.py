"""Sends the entries of a spool: which go into a request together, and what becomes of them.

Source: the service's documentation, "Ingestion API": label, metadata and flags are header fields, one for all files of
a request; at most 1000 files; status codes.
"""

from binascii import crc32
from collections import namedtuple

from micropython import const

from ..errors import CertificateError, IngestError, ProtocolError, SampleError, ServiceError
from .folder import DAMAGED, REJECTED
from .format import Damaged, Entry

_MAX_FILES = const(64)  # in a request
_MAX_BYTES = const(1 << 18)  # in a request, unless one entry alone has more: this much is sent again when it fails
_MAX_EXAMINED = const(256)  # entries that are examined for one request
_NUMBERS = const(32)  # that are held at a time
_UNREADABLE = (5, 84)  # EIO, and what littlefs says when it finds damage; of any other error a file is not to blame
_REFUSALS = (400, 413, 415, 421, 422)
_LATER = (408, 425, 429)  # and from 500 on
# what became of an entry: indices of the counts of Flushed
_STORED = const(0)
_DUPLICATE = const(1)
_REJECTED = const(2)
_DAMAGED = const(3)
# what the end of a request means
_DONE = const(0)  # no error
_TRY_LATER = const(1)  # the entries are kept and flush ends
_REFUSED = const(2)  # the error is about an entry
_RAISE = const(3)  # the error is about key, url or certificate

# What `Spool.flush` did: how many entries the service stored, had already, and refused; how many were damaged, and how
# many are kept; and the error that stopped it, or None.
Flushed = namedtuple("Flushed", ("stored", "duplicates", "rejected", "damaged", "kept", "error"))


class Batch:
    """The entries of a request, which are made when they are reached: only their numbers are held.

    header: of the last. raw: it goes by itself, to the `data` endpoint. results: for each entry None, _STORED,
    _DUPLICATE, or the reason why it was refused.
    """

    def __init__(self, folder):
        self._folder = folder
        self._sums = []  # of their names, which must differ within a request
        self._size = 0
        self.typecodes = []
        self.header = None
        self.raw = False
        self.results = []

    def __len__(self):
        return len(self.typecodes)

    def __getitem__(self, index):
        number = self.typecodes[index]
        return Entry(self._folder.path(number, "ent"), number)

    def add(self, number, entry):
        """Checks the entry and adds it, if it may go into this request, too. Raises Damaged."""
        # The binary form, for audio, goes to `data`: only there its content type is documented.
        raw = entry.content_type == "application/octet-stream" and entry.name.lower().endswith(".cbor")
        name_sum = crc32(entry.name.encode())
        if self.header is not None and (
            raw
            or len(self.typecodes) == _MAX_FILES
            or self._size + entry.size > _MAX_BYTES
            or entry.header.request != self.header.request
            or name_sum in self._sums
        ):
            return
        entry.check()
        self.typecodes.append(number)
        self.results.append(None)
        self._sums.append(name_sum)
        self._size += entry.size
        self.header = entry.header
        self.raw = raw

    def send(self, client):
        """Makes the request. Returns what the client returns, which of an AsyncClient is to be awaited."""
        category, arguments = self.header.arguments()
        if self.raw:
            return client.send(category, self[0], **arguments)
        return client.upload(category, self, on_stored=self.on_stored, **arguments)

    def on_stored(self, index, stored):
        """Called when the service has stored an entry, or had it already."""
        self.results[index] = _DUPLICATE if stored.duplicate else _STORED

    def on_refused(self, error):
        """Called when some entries were refused. Returns whether the error tells which."""
        reasons = getattr(error, "results", ()) or ((str(error),) if len(self.typecodes) == 1 else ())
        for i, reason in enumerate(reasons):
            if isinstance(reason, str):
                self.results[i] = reason
        return len(reasons) > 0


def _next_batch(folder, counts, separate, newest):
    """Returns a Batch of the oldest entry and those that go with it, all read and checked; empty when there are none.

    What is damaged is set aside and counted. separate: entries up to this number go each by itself. newest: the last
    number that is examined.
    """
    batch = Batch(folder)
    examined = number = 0
    more = True
    while more and (examined < _MAX_EXAMINED or batch.header is None):
        numbers = folder.numbers_above(number, _NUMBERS)
        more = len(numbers) == _NUMBERS
        examined += len(numbers)
        for number in numbers:
            if number > newest:
                return batch
            try:
                batch.add(number, Entry(folder.path(number, "ent"), number))
            except (Damaged, OSError) as e:
                if isinstance(e, OSError) and e.errno not in _UNREADABLE:
                    raise e
                folder.set_aside(number, "ent", DAMAGED, str(e))
                counts[_DAMAGED] += 1
            if batch.raw or batch.header is not None and number <= separate:
                return batch
    return batch


async def flush(folder, client, is_async):
    """Sends what waits, request after request, and returns Flushed. Nothing is awaited unless the client is async."""
    if folder.sending:
        raise SampleError("flush: another one is at work on this spool")
    counts = [0, 0, 0, 0]
    separate = 0
    newest = folder.highest  # what is put meanwhile has to wait, or this might never end
    error = None
    while error is None:
        batch = _next_batch(folder, counts, separate, newest)
        if batch.header is None:
            break
        folder.sending = batch.typecodes
        try:
            error = await _request(batch, client, is_async)
        finally:
            folder.sending = ()
        meaning = _meaning(error)
        if meaning == _REFUSED and not batch.on_refused(error):
            separate = batch.typecodes[-1]  # sent one by one, the entry that is refused shows
        answered = _apply_results(folder, batch, counts)
        if meaning == _RAISE:
            raise error
        if meaning == _DONE and not answered:
            raise ProtocolError("the client says neither that entries were stored nor why they were not")
        if meaning == _REFUSED:
            error = None
    return Flushed(*(counts + [folder.entries, error]))


async def _request(batch, client, is_async):
    """Sends a batch and keeps its results. Returns the error, or None."""
    error = None
    try:
        result = batch.send(client)
        if is_async:
            result = await result
        if batch.raw:
            batch.on_stored(0, result)
    except IngestError as e:
        error = e
    return error  # not from within `try`: the native emitter loses the value


def _meaning(error):
    """Returns what the error of a request, or None, means for its entries."""
    if error is None:
        return _DONE
    if isinstance(error, ServiceError):
        status = error.status
        if status in _LATER or status >= 500:
            return _TRY_LATER
        return _REFUSED if status in _REFUSALS or status < 300 else _RAISE
    if isinstance(error, SampleError):  # an entry that the client refuses, or that was damaged just now
        return _REFUSED
    return _RAISE if isinstance(error, CertificateError) else _TRY_LATER


def _apply_results(folder, batch, counts):
    """Removes the entries that the service has, sets aside those that it refused, and counts both.

    Returns whether there was any.
    """
    answered = False
    for refused in (False, True):  # first what makes room: to set aside needs some
        for number, result in zip(batch.typecodes, batch.results):
            if result is None or isinstance(result, str) is not refused:
                continue
            answered = True
            if refused:
                folder.set_aside(number, "ent", REJECTED, result)
                counts[_REJECTED] += 1
            else:
                folder.remove(number)
                counts[result] += 1
    return answered
