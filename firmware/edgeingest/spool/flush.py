"""Sends the entries of a spool: which go into a request together, and what becomes of them.

An entry leaves the queue when the service has it, or has refused this very entry in its own form of an answer. All
else is a failure that may pass: the others are sent, the entry is asked for again by itself, and it waits.

Source: the service's documentation, "Ingestion API": label, metadata and flags are header fields, one for all files of
a request; at most 1000 files; status codes; answers are plain text or JSON.
"""

from binascii import crc32
from collections import namedtuple

from micropython import const

from ..errors import CertificateError, IngestError, NetworkError, ProtocolError, SampleError, ServiceError
from .folder import DAMAGED, REJECTED, exists
from .format import Damaged, Entry

_MAX_FILES = const(64)  # in a request
_MAX_BYTES = const(1 << 18)  # in a request, unless one entry alone has more: this much is sent again when it fails
_MAX_WAITING = const(8)  # entries that are held, examined, until they fit into a request
_MAX_SUMS = const(128)  # of contents that are remembered
_MAX_FAILURES = const(64)  # entries whose failures are counted
_UNREADABLE = (5, 84)  # EIO, and what littlefs says when it finds damage; of any other error a file is not to blame
_REFUSALS = (400, 413, 415, 421, 422)
_LATER = (408, 425, 429)
_FEW = const(3)  # so many refusals of one kind in a row end a flush
# what became of an entry: indices of the counts of Flushed
_STORED = const(0)
_DUPLICATE = const(1)
_REJECTED = const(2)
_DAMAGED = const(3)
# what the error of a request means
_ANSWERED = const(0)  # there is none, or it has a result for each entry
_REFUSED = const(1)  # the service does not take the request
_FAILED = const(2)  # it may go well another time, and with other entries even now
_ENDS = const(3)  # it may go well another time, for no entry now
_RAISE = const(4)  # it is about the key, the url or the certificate

# What `Spool.flush` did: how many entries the service stored, had already, and refused; how many were damaged, and how
# many are kept; the error that stopped it or kept an entry, or None; how many of the duplicates have the bytes of
# another entry of this spool; number -> why an entry that should have been moved or removed is where it was.
Flushed = namedtuple("Flushed", ("stored", "duplicates", "rejected", "damaged", "kept", "error", "repeated", "stuck"))


class Batch:
    """The entries of a request, which are made when they are reached: only their numbers and sums are held.

    header: of the last. raw: it goes by itself, to the `data` endpoint. results: for each entry None, _STORED,
    _DUPLICATE, or the reason why it was refused.
    """

    def __init__(self, folder):
        self._folder = folder
        self._names = []  # CRC-32 of their names, which must differ within a request
        self._size = 0
        self._open = None  # the entry that was made last, whose file may be open
        self.numbers = []
        self.sums = []  # of their contents
        self.header = None
        self.raw = False
        self.results = []

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, index):
        self.close()
        number = self.numbers[index]
        self._open = entry = Entry(self._folder.path(number, "ent"), number)
        return entry

    def close(self):
        """Closes the file that is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def add(self, entry):
        """Adds an entry that was checked, if it may go into this request, too. Returns whether it did."""
        # The binary form, for audio, goes to `data`: only there its content type is documented.
        raw = entry.content_type == "application/octet-stream" and entry.name.lower().endswith(".cbor")
        name_sum = crc32(entry.name.encode()) & 0x3FFFFFFF  # a small integer on every board
        if self.header is not None and (
            raw
            or self.raw
            or len(self.numbers) == _MAX_FILES
            or self._size + entry.size > _MAX_BYTES
            or entry.header.request != self.header.request
            or name_sum in self._names
        ):
            return False
        self.numbers.append(entry.number)
        self.sums.append(entry.sum)
        self.results.append(None)
        self._names.append(name_sum)
        self._size += entry.size
        self.header = entry.header
        self.raw = raw
        return True

    def send(self, client):
        """Makes the request. Returns what the client returns, which of an AsyncClient is to be awaited."""
        category, arguments = self.header.arguments()
        if self.raw:
            return client.send(category, self[0], **arguments)
        return client.upload(category, self, on_stored=self.on_stored, **arguments)

    def on_stored(self, index, stored):
        """Called when the service has stored an entry, or had it already."""
        self.results[index] = _DUPLICATE if stored.duplicate else _STORED


class Flush:
    """One call of `Spool.flush`: sends what was in the spool when it began, and keeps account."""

    def __init__(self, folder, client, max_failures):
        self._folder = folder
        self._client = client
        self._max_failures = max_failures
        self._newest = folder.highest  # what is put meanwhile has to wait, or this might never end
        self._examined = self._examine_all()
        self._waiting = []  # examined entries that did not fit into a request yet
        self._alone = []  # numbers of entries that are asked for by themselves, before others
        self._suspects = []  # numbers of entries that failed in an earlier flush, which are asked for last
        self._refused = []  # (number, reason) of refusals of one kind in a row
        self._failed = []  # (number, reason) of entries that failed by themselves
        self._failures = 0  # entries in a row that failed by themselves
        self._proven = False  # the service has stored an entry: it is not the network or the settings
        self._counts = [0, 0, 0, 0]
        self._repeated = 0
        self._stuck = {}
        self.error = None

    def fill(self, batch):
        """A generator: adds entries to a Batch, if there are any. Yields after each that was read."""
        waiting = self._waiting
        if not self._alone:
            for entry in list(waiting):
                if batch.add(entry):
                    waiting.remove(entry)
            for entry in self._examined:  # goes on where it was
                if not batch.add(entry):
                    waiting.append(entry)
                self._protect(batch)
                yield
                if batch.raw or len(waiting) == _MAX_WAITING:
                    break
        while batch.header is None and (self._alone or self._suspects):
            entry = self._examine((self._alone or self._suspects).pop(0))
            if entry is not None:
                batch.add(entry)
        self._protect(batch)

    def _protect(self, batch):
        """Has the entries of a request, and those that wait for one, not dropped meanwhile."""
        self._folder.sending = batch.numbers + [entry.number for entry in self._waiting]

    def _examine_all(self):
        """A generator of the entries, oldest first, all read and checked."""
        folder = self._folder
        for number in folder.numbers():
            if number > self._newest:
                return
            if number in folder.stuck:  # the service has it
                self._remove(number)
            elif number in folder.failures:
                self._suspects.append(number)
            else:
                entry = self._examine(number)
                if entry is not None:
                    yield entry

    def _examine(self, number):
        """Returns the entry; None if it is damaged and was set aside, or dropped meanwhile."""
        entry = None
        try:
            entry = Entry(self._folder.path(number, "ent"), number)
            entry.check()
        except (Damaged, OSError) as e:
            entry = None
            if isinstance(e, Damaged) or e.errno in _UNREADABLE:
                self._set_aside(number, DAMAGED, str(e), _DAMAGED)
            elif exists(self._folder.path(number, "ent")):
                raise e
        return entry

    async def send(self, batch, is_async):
        """Sends a batch and keeps its results. Returns the error, or None."""
        error = None
        try:
            result = batch.send(self._client)
            if is_async:
                result = await result
            if batch.raw:
                batch.on_stored(0, result)
        except IngestError as e:
            error = e
        finally:
            batch.close()
        status = getattr(self._client, "status", None) or 0
        if status >= 500 and error is None:
            batch.results = [None] * len(batch)
            error = ServiceError("the service answered %d: it has these bytes" % status, status)
        return error  # not from within `try`: the native emitter loses the value

    def take(self, batch, error):
        """Takes what a request has brought. Returns whether to go on; raises the error if it is the caller's."""
        results = batch.results
        if len(results) > 1 and results.count(_DUPLICATE) == len(results):
            # Perhaps said once, and of one of them: asked for by itself, each has an answer of its own.
            self._alone.extend(batch.numbers)
            return True
        meaning = _meaning(error)
        if meaning == _REFUSED and len(results) == 1:
            results[0] = str(error)
        for i, reason in enumerate(getattr(error, "results", ())):
            if isinstance(reason, str):
                results[i] = reason
        if error is None and None in results:
            raise ProtocolError("the client says nothing of an entry")
        self._take_stored(batch)
        if meaning == _RAISE:
            raise error
        if meaning >= _FAILED:
            self.error = error
        return meaning != _ENDS and self._take_failed(batch) and self._take_refused(batch, error)

    def _take_failed(self, batch):
        """Takes the entries that have no result. Returns whether to go on."""
        missing = [number for number, result in zip(batch.numbers, batch.results) if result is None]
        if len(batch) > 1:
            self._alone.extend(missing)
        elif missing:
            self._failures += 1
            self._failed.append((missing[0], str(self.error)))
        return self._failures < 2

    def _take_stored(self, batch):
        """Removes the entries that the service has; first, as setting others aside needs the space."""
        sums = self._folder.sums
        for number, content, result in zip(batch.numbers, batch.sums, batch.results):
            if result not in (_STORED, _DUPLICATE):
                continue
            self._counts[result] += 1
            if content in sums:
                self._repeated += result == _DUPLICATE
            else:
                del sums[:-_MAX_SUMS]
                sums.append(content)
            self._failures = 0
            self._proven = True
            self._folder.failures.pop(number, None)
            self._remove(number)

    def _take_refused(self, batch, error):
        """Takes the refusals of a request. Returns whether to go on."""
        folder = self._folder
        for number, result in zip(batch.numbers, batch.results):
            kind, count = folder.refusals
            if isinstance(result, str):
                last, kind = kind, "".join([c for c in result if not c.isdigit()])[:80]
                if kind != last:
                    self._set_refused_aside()
                    count = 0
                folder.refusals = kind, count + 1
                self._refused.append((number, result))
                if count + 1 >= _FEW:
                    words = "%d entries in a row were refused in the same words, so it may be the settings" % (
                        count + 1
                    )
                    self.error = ServiceError("%s: %s" % (words, error), error.status, error.body, error.retry_after)
                    return False
            elif result is not None:
                folder.refusals = None, 0
                self._set_refused_aside()
        return True

    def _set_refused_aside(self):
        """Moves the refused entries away: they are few, or others were taken, so it is not the settings."""
        for number, reason in self._refused:
            self._set_aside(number, REJECTED, reason, _REJECTED)
        self._refused = []

    def _remove(self, number):
        """Removes an entry that the service has."""
        stuck = self._folder.stuck
        try:
            self._folder.remove(number)
            stuck.pop(number, None)
        except OSError as e:
            if len(stuck) > _MAX_FAILURES:
                raise e
            stuck[number] = self._stuck[number] = "stored, but not removed: %s" % e

    def _set_aside(self, number, where, reason, outcome):
        """Moves an entry to where a person can look at it."""
        try:
            self._folder.set_aside(number, "ent", where, reason)
            self._counts[outcome] += 1
            self._folder.failures.pop(number, None)
        except (OSError, IngestError) as e:
            self._stuck[number] = "%s (not moved to %s/: %s)" % (reason, where, e)

    def end(self):
        """Settles the entries that failed, and returns Flushed."""
        folder = self._folder
        failures = folder.failures
        if folder.refusals[1] < _FEW:
            self._set_refused_aside()
        for number, reason in self._refused + self._failed:
            count = failures.get(number, (0,))[0]
            count += self._proven or count > 0
            if count >= self._max_failures:
                reason = "failed in %d flushes while others were stored: %s" % (count, reason)
                self._set_aside(number, REJECTED, reason, _REJECTED)
            elif number in failures or len(failures) < _MAX_FAILURES:
                failures[number] = count, reason
        return Flushed(*(self._counts + [folder.entries, self.error, self._repeated, self._stuck]))


async def flush(folder, client, is_async, max_failures):
    """Sends what waits, request after request, and returns Flushed. Nothing is awaited unless the client is async."""
    if folder.sending:
        raise SampleError("flush: another one is at work on this spool")
    work = Flush(folder, client, max_failures)
    more = True
    if is_async:
        from asyncio import sleep
    try:
        while more:
            batch = Batch(folder)
            for _ in work.fill(batch):
                if is_async:
                    await sleep(0)
            more = batch.header is not None and work.take(batch, await work.send(batch, is_async))
    finally:
        folder.sending = ()
    return work.end()


def _meaning(error):
    """Returns what the error of a request, or None, means for its entries."""
    if isinstance(error, CertificateError):
        return _RAISE
    if isinstance(error, ServiceError):
        status = error.status
        if getattr(error, "results", ()):
            return _ANSWERED
        if status in _LATER or error.retry_after:
            return _ENDS
        if status >= 500 or status < 300:
            return _FAILED
        if status not in _REFUSALS:
            return _RAISE
        # The page of a proxy, or of a network that wants a log-in, says nothing of an entry.
        return _FAILED if error.body.strip()[:1] in ("", "<", "{", "[") else _REFUSED
    if isinstance(error, NetworkError):
        return _FAILED if error.sent else _ENDS
    return _ANSWERED if error is None else _FAILED
