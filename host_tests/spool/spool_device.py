"""Runs on MicroPython: calls of a spool whose entries a client double stores or refuses."""

import asyncio
from array import array

import edgeingest.spool.flush
import edgeingest.spool.format
from edgeingest import File, Sample, errors
from edgeingest.body import Body
from edgeingest.ingestion import Stored
from edgeingest.spool import Spool
from spools_device import AsyncService, Service, files, flushed, place, restarted, size, wave


def put_and_restart(folder):
    """Puts entries with every argument, and flushes them with another Spool, as after a restart.

    Returns ((entries, whether `bytes` is right, files), result, calls, what was stored, files, bytes)."""
    spool = Spool(folder)
    spool.put("training", wave(1))
    paris = {"site": "Paris \U0001f600", "a": ""}
    spool.put("testing", File(b"\x00\xff" * 2000, name="a.wav"), label="L\u00e4bel", metadata=paris)
    spool.put("training", wave(2), file_name="other.9.cbor")
    spool.put("split", wave(3, 3).body("json"), no_label=True, disallow_duplicates=False, add_date_id=True)
    paris = {"a": "", "site": "Paris \U0001f600"}
    spool.put("testing", File(b"12", name="b.txt"), label="L\u00e4bel", metadata=paris)
    before = spool.entries, spool.bytes == size(folder), files(folder)
    spool = Spool(folder)
    service = Service()
    return before, flushed(spool, service), service.calls, service.stored, files(folder), spool.bytes


class Slow(Body):
    """A body that is never ready."""

    name = "slow"
    size = 5

    def readinto(self, window):
        return None


class Short(Body):
    """A body that ends before its size."""

    name = "short"
    size = 1000
    left = 900

    def readinto(self, window):
        n = min(self.left, len(window))
        self.left -= n
        return n


class Big(Slow):
    """A body of more bytes than the service takes."""

    name = "big"
    size = 100 * 1024 * 1024


def refusals(folder, calls):
    """Returns (text of the SampleError, files, bytes, entries) for each of these expressions."""
    spool = Spool(folder)
    names = {"spool": spool, "Spool": Spool, "Sample": Sample, "File": File, "array": array, "folder": folder}
    names.update({"Slow": Slow, "Short": Short, "Big": Big})
    found = []
    for call in calls:
        names["item"] = wave(1)
        try:
            eval(call, names)
            text = "nothing"
        except errors.SampleError as e:
            text = str(e)
        found.append((text, files(folder), spool.bytes, spool.entries))
    return found


def put_until_full(folder):
    """Puts four entries where two fit, flushes, and puts another.

    Returns ([(which, whether it is an IngestError, text) of the errors], files, entries, number of stored, entries,
    files)."""
    spool = Spool(folder, 3000)
    data = File(bytes(1000), name="a.txt")
    refused = []
    for i in range(4):
        try:
            spool.put("training", data)
        except errors.SpoolFull as e:
            refused.append((i, isinstance(e, errors.IngestError), str(e)))
    before = files(folder), spool.entries
    service = Service()
    flushed(spool, service)
    spool.put("training", data)
    return refused, before, len(service.stored), spool.entries, files(folder)


def put_dropping_the_oldest(folder):
    """Puts seven entries where three fit, of which the first is rejected, and one that never fits.

    Returns ((files, dropped) before and after the last, result, names that were stored)."""
    spool = Spool(folder, 3500, drop_oldest=True)
    for i in range(7):
        spool.put("training", File(bytes([i]) * 1000, name="%d.txt" % i))
        if i == 1:
            flushed(spool, Service([{"0.txt": "no"}]))
    before = files(folder), spool.dropped
    try:
        spool.put("training", File(bytes(4000), name="big.txt"))
        raise RuntimeError("it was put")
    except errors.SpoolFull:
        after = files(folder), spool.dropped
    service = Service()
    return before, after, flushed(spool, service), [name for name, _, _ in service.stored]


def _files_after_put(spool, folder):
    spool.put("training", wave(1))
    return files(folder)


def numbers(folder):
    """Returns the files after each of four entries: the others were rejected, or sent, or have other names."""
    spool = Spool(folder)
    found = [_files_after_put(spool, folder)]
    flushed(spool, Service([{"wave.1.cbor": "no"}]))
    found.append(_files_after_put(Spool(folder), folder))
    spool = Spool(folder)
    flushed(spool, Service())
    found.append(_files_after_put(spool, folder))
    for name in ("/000000/00000009.tmp", "/note.txt"):
        with open(folder + name, "wb"):
            pass
    found.append(_files_after_put(Spool(folder), folder))
    return found


def _number_rejected(folder):
    return len([name for name in files(folder) if "/" in name]) // 2


def outcome_of_error(folder, expression):
    """Returns "kept", "rejected" or "raised" for an entry with which the client raises this error, or what else
    happens."""
    spool = restarted(folder)
    spool.put("training", wave(1))
    before = _number_rejected(folder)
    error = eval("errors." + expression, {"errors": errors})
    try:
        result = flushed(spool, Service([error]))
        if _number_rejected(folder) == before + 1:
            outcome, expected = "rejected", (0, 0, 1, 0, 0, None, 0, {})
        else:
            outcome, expected = "kept", (0, 0, 0, 0, 1, type(error).__name__, 0, {})
        if result != expected:
            outcome = repr((outcome, result))
    except errors.IngestError as e:
        outcome = "raised" if e is error and spool.entries == 1 else repr(e)
    flushed(spool, Service())
    return outcome


class Broken(Service):
    """Acknowledges two items, then the connection breaks."""

    def upload(self, category, items, on_stored, **rest):
        on_stored(0, Stored("x", None, False))
        on_stored(1, Stored("x", None, True))
        raise errors.NetworkError("gone")


def flush_to_a_broken_connection(folder):
    """Returns (result, files) of a flush of four entries."""
    spool = Spool(folder)
    for i in range(4):
        spool.put("training", wave(i))
    return flushed(spool, Broken()), files(folder)


class SlowService(AsyncService):
    """Uses the spool in which it is while it sends."""

    def __init__(self, spool):
        super().__init__()
        self.spool = spool
        self.refusals = []

    async def upload(self, category, items, **named):
        try:
            self.spool.flush(Service())
        except errors.SampleError as e:
            self.refusals.append(str(e))
        self.spool.put("training", wave(9))
        await asyncio.sleep(0.01)
        await super().upload(category, items, **named)


async def _flush_async(folder):
    spool = Spool(folder)
    for i in range(3):
        spool.put("training", wave(i), label=str(i))
    first = await spool.flush_async(AsyncService([None, errors.ServiceError("busy", 503)]))
    try:
        await spool.flush_async(AsyncService([errors.ServiceError("key", 401)]))
        raise RuntimeError("nothing was raised")
    except errors.ServiceError as e:
        status = e.status
    slow = SlowService(spool)
    last = await spool.flush_async(slow)
    first = tuple(first[:5]) + (type(first.error).__name__,) + tuple(first[6:])
    return first, status, tuple(last), slow.refusals, len(slow.stored)


def flush_async(folder):
    """Flushes three entries: the second request fails, then all, then another flush and a put happen meanwhile.

    Returns (result, status of the error, result, texts of the refusals of the other flush, number of stored)."""
    return asyncio.run(_flush_async(folder))


def put_beside_a_recording(folder):
    """Puts an entry that would fit only without the recording, then one that fits when an entry is dropped.

    Returns ((entries, dropped) after the first, (entries, dropped, bytes) after the second)."""
    spool = Spool(folder, 4000, drop_oldest=True)
    recording = spool.record("training", (("a", "m"),), 10, "X")
    recording.write(array("f", range(400)))
    for i in range(3):
        spool.put("training", File(b"%d" % i, name="%d.txt" % i))
    try:
        spool.put("training", File(bytes(3300), name="big.txt"))
        raise RuntimeError("it was put")
    except errors.SpoolFull:
        first = spool.entries, spool.dropped
    spool.put("training", File(bytes(2000), name="less.txt"))
    second = spool.entries, spool.dropped, spool.bytes
    recording.close()
    return first, second


class Own:
    """A body that is no Body: without `rewindable`, and without a name."""

    name = None
    size = 5
    content_type = "text/plain"

    def readinto(self, window):
        n = min(self.left, len(window))
        self.left -= n
        return n

    def rewind(self):
        self.left = 5

    def close(self):
        pass


def put_in_a_full_file_system(folder):
    """Puts an entry for which the file system has space only when another is dropped.

    Returns (dropped, entries, files)."""
    spool = Spool(folder, drop_oldest=True)
    spool.put("training", wave(1))
    write = spool._folder.write
    full = [True]

    def write_with_space(number, fill):
        if full.pop():
            full.append(False)
            raise errors.SpoolFull("no space")
        write(number, fill)

    spool._folder.write = write_with_space
    spool.put("training", Own(), file_name="own.txt")
    return spool.dropped, spool.entries, files(folder)


def flush_without_space_to_set_aside(folder):
    """Flushes three entries, of which the first is rejected, twice: there is no space for it, then there is.

    Returns [(result, files) of each]."""
    spool = Spool(folder)
    for i in range(3):
        spool.put("training", wave(i), disallow_duplicates=False)

    def set_aside(*arguments):
        raise errors.SpoolFull("no space")

    kept, spool._folder.set_aside = spool._folder.set_aside, set_aside
    found = [(flushed(spool, Service([{"wave.0.cbor": "no"}])), files(folder))]
    spool._folder.set_aside = kept
    return found + [(flushed(spool, Service([{"wave.0.cbor": "no"}])), files(folder))]


def flush_what_cannot_be_removed(folder):
    """Flushes four entries, of which the second cannot be removed; three times, the last when it can be.

    Returns ([result of each], names of what was sent, files)."""
    spool = Spool(folder)
    for i in range(4):
        spool.put("training", wave(i))
    remove = spool._folder.remove

    def fails(number, *rest):
        if number == 2:
            raise OSError(5, "EIO")
        remove(number, *rest)

    service = Service()
    spool._folder.remove = fails
    found = [flushed(spool, service), flushed(spool, service)]
    spool._folder.remove = remove
    found.append(flushed(spool, service))
    return found, [name for name, _, _ in service.stored], files(folder)


def flush_unreadable(folder, number):
    """Flushes an entry whose file cannot be opened because of this errno.

    Returns (result or the errno that was raised, entries)."""
    spool = Spool(folder)
    spool.put("training", wave(1))

    def fails(path, each):
        raise OSError(number, "x")

    kept, edgeingest.spool.flush.Entry = edgeingest.spool.flush.Entry, fails
    try:
        result = flushed(spool, Service())
    except OSError as e:
        result = e.errno
    finally:
        edgeingest.spool.flush.Entry = kept
    return result, spool.entries


def flush_a_damaged_length(folder):
    """Flushes an entry whose first frame claims 61440 bytes more. Returns (result, size of the largest buffer)."""
    spool = Spool(folder)
    spool.put("training", File(bytes(100_000), name="a.bin"))
    with open(folder + place("00000001.ent"), "r+b") as file:
        file.seek(2)
        file.write(b"\xf0")
    sizes = []

    def counted(size):
        sizes.append(size)
        return bytearray(size)

    edgeingest.spool.format.bytearray = counted
    try:
        return flushed(spool, Service()), max(sizes, default=0)
    finally:
        del edgeingest.spool.format.bytearray
