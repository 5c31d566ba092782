"""Runs on MicroPython: what becomes of entries when requests fail, and what a spool costs."""

import asyncio
import os

import edgeingest.signing
import edgeingest.spool.folder
import edgeingest.spool.format
from edgeingest import Client, File, Sample, errors
from edgeingest.ingestion import Stored
from edgeingest.spool import Spool
from spools_device import Service, files, flushed, restarted, wave


def put(spool, count, first=0):
    for i in range(first, first + count):
        spool.put("training", wave(i))


class Judge(Service):
    """Fails every request that has one of the items in `bad`: with what failure(names) makes of the names."""

    def __init__(self, failure, bad):
        super().__init__()
        self.failure = failure
        self.bad = bad

    def upload(self, category, items, on_stored, **rest):
        names = [items[i].name for i in range(len(items))]
        self.calls.append(names)
        if [name for name in names if name in self.bad]:
            raise self.failure(names)
        for i in range(len(items)):
            self.take(items[i])
            on_stored(i, Stored(items[i].name, None, False))


def _server_error(names):
    return errors.ServiceError("the service answered 500: no", 500, "no")


def _broken(names):
    return errors.NetworkError("gone", None, 100)


def _nonsense(names):
    return errors.ProtocolError("nonsense")


def flush_until_quiet(folder, count, bad, kind, max_failures, flushes):
    """Flushes so often. Returns ([result of each], [requests of each], files at the end, reasons in rejected/)."""
    spool = restarted(folder)
    put(spool, count)
    failure = {"500": _server_error, "broken": _broken, "nonsense": _nonsense}[kind]
    found = []
    requests = []
    for _ in range(flushes):
        service = Judge(failure, bad)
        result = spool.flush(service, max_failures=max_failures)
        found.append(tuple(result[:5]) + (result.error and type(result.error).__name__,))
        requests.append(service.calls)
    reasons = []
    for name in files(folder):
        if name.endswith(".txt"):
            with open(edgeingest_path(folder, name)) as file:
                reasons.append(file.read())
    return found, requests, files(folder), reasons


def edgeingest_path(folder, name):
    return "%s/rejected/%06d/%s" % (folder, 0, name.rsplit("/", 1)[1])


def flush_to(folder, url, count, times=1):
    """Flushes entries to a service. Returns ([(result, text of the error)], files at the end)."""
    spool = restarted(folder)
    put(spool, count)
    found = []
    for _ in range(times):
        with Client("ei_0123456789abcdef", url) as client:
            result = spool.flush(client)
        found.append((tuple(result[:5]) + (result.error and type(result.error).__name__,), str(result.error)))
    return found, files(folder)


def reject_and_retry(folder):
    """Has one of three entries rejected, and takes it back after a restart.

    Returns (result, files, how many were taken back, (entries, bytes are right), result, names that were stored)."""
    spool = restarted(folder)
    put(spool, 3)
    first = flushed(spool, Service([{"wave.1.cbor": "no"}]))
    left = files(folder)
    spool = restarted(folder)
    count = spool.retry_rejected()
    between = spool.entries, spool.bytes == sum(os.stat(folder + "/000000/" + n)[6] for n in files(folder))
    service = Service()
    return first, left, count, between, flushed(spool, service), [name for name, _, _ in service.stored]


def two_objects(folder):
    """Puts with two Spool objects in turn. Returns (entries of each, dropped of each, bytes of each, names stored)."""
    one = Spool(folder)
    two = Spool(edgeingest.spool.folder.os.getcwd() + "/./" + folder if folder[0] != "/" else "//" + folder + "/", 2000)
    for i in range(2):
        one.put("training", wave(2 * i))
        two.put("training", wave(2 * i + 1))
    service = Service()
    found = (one.entries, two.entries), (one.bytes == two.bytes)
    flushed(two, service)
    return found, (one.entries, two.entries), [name for name, _, _ in service.stored], files(folder)


def put_too_large(folder):
    """Returns the text of the error of an item that is larger than the whole spool."""
    try:
        Spool(folder, 1000).put("training", File(bytes(2000), name="a.txt"))
    except errors.SpoolFull as e:
        return str(e)


class Counted:
    """The module `os`, which counts the names that are listed."""

    def __init__(self):
        self.listed = 0

    def ilistdir(self, path):
        found = list(os.ilistdir(path))
        self.listed += len(found)
        return iter(found)

    def __getattr__(self, name):
        return getattr(os, name)


def _options(kind, number):
    """Returns (name, other arguments of `put`) of an entry."""
    if kind == "equal names":
        return "same", {}
    if kind == "metadata":
        return "m%d" % number, {"metadata": {"number": str(number)}}
    return "n%d" % number, {"label": "abc"[number % 3]}


class Lazy(Service):
    """Asks for the items as a Client does: once for the size, once to send them."""

    def upload(self, category, items, on_stored, **rest):
        for i in range(len(items)):
            items[i].size  # noqa: B018
        for i in range(len(items)):
            body = items[i]
            body.rewind()
            self.take(body)
            self.stored.clear()
            on_stored(i, Stored(body.name, None, False))


def costs(folder, count, kind):
    """Returns (names listed and files opened by a put, then by a flush for each entry, then by each drop)."""
    counted = Counted()
    opened = [0]

    def counted_open(*args):
        opened[0] += 1
        return open(*args)

    spool = restarted(folder, 1 << 30)
    for number in range(count - 1):
        name, options = _options(kind, number)
        spool.put("training", File(b"%d" % number, name=name), **options)
    real = edgeingest.spool.folder.os
    edgeingest.spool.folder.os = counted
    edgeingest.spool.format.open = counted_open
    try:
        name, options = _options(kind, count)
        spool.put("training", File(b"last", name=name), **options)
        of_put = counted.listed
        dropping = Spool(folder, spool.bytes, drop_oldest=True)
        counted.listed = 0
        for number in range(8):
            dropping.put("training", File(b"%d" % number, name="d%d" % number))
        of_drop = counted.listed, spool.dropped
        counted.listed = opened[0] = 0
        entries = spool.entries
        result = spool.flush(Lazy())
        return of_put, of_drop, entries, result.stored, counted.listed, opened[0]
    finally:
        edgeingest.spool.folder.os = real
        del edgeingest.spool.format.open


class Clock:
    """The module `time` with another clock."""

    def __init__(self, *seconds):
        self.seconds = list(seconds)

    def time(self):
        return self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]

    def gmtime(self, seconds):
        return (1970, 1, 1, 0, 0, 0, 0, 1)


def put_at(folder, seconds, key):
    """Puts a signed sample at each of these times, all with equal values, then flushes. Returns (result, bodies)."""
    real = edgeingest.signing.time
    spool = restarted(folder)
    try:
        for each in seconds:
            edgeingest.signing.time = Clock(each)
            spool.put("training", wave(1), hmac_key=key)
        service = Service()
        result = flushed(spool, service)
    finally:
        edgeingest.signing.time = real
    return result, [body for _, _, body in service.stored]


class Made:
    """Signed samples that are made when they are asked for."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return Sample([("a", "m")], 10, [1, 2], "X", name="wave.%d" % index)


def upload_while_the_clock_is_set(url, key, seconds):
    """Uploads samples that are made when they are reached, while the clock is set. Returns how many were stored."""
    real = edgeingest.signing.time
    edgeingest.signing._last_iat = 0
    edgeingest.signing.time = Clock(*seconds)
    stored = []
    try:
        with Client("ei_0123456789abcdef", url, hmac_key=key) as client:
            return client.upload(
                "training", Made(), on_stored=lambda index, each: stored.append(each.duplicate)
            ), stored
    finally:
        edgeingest.signing.time = real


class Ticker:
    """Counts how often another task runs, and the longest time between two runs in which a clock of reads went on."""

    def __init__(self):
        self.runs = 0

    async def run(self):
        while True:
            self.runs += 1
            await asyncio.sleep(0)


class Patient(Service):
    async def upload(self, category, items, on_stored, **rest):
        Service.upload(self, category, items, on_stored, **rest)


async def _others(folder, count):
    spool = restarted(folder, 1 << 24)
    put(spool, count)
    ticker = Ticker()
    task = asyncio.create_task(ticker.run())
    result = await spool.flush_async(Patient())
    task.cancel()
    return result.stored, ticker.runs


def others_while_entries_are_read(folder, count):
    """Returns (number of entries stored, how often another task ran during the flush)."""
    return asyncio.run(_others(folder, count))


class InterruptedOs(Counted):
    """The module `os`; Ctrl-C comes just after a file was renamed."""

    def rename(self, old, new):
        os.rename(old, new)
        raise KeyboardInterrupt


def put_interrupted(folder):
    """Puts an entry, is interrupted, and puts another. Returns the names that are stored after a restart."""
    spool = restarted(folder)
    real = edgeingest.spool.folder.os
    edgeingest.spool.folder.os = InterruptedOs()
    try:
        put(spool, 1)
    except KeyboardInterrupt:
        pass
    finally:
        edgeingest.spool.folder.os = real
    put(spool, 1, 1)
    service = Service()
    flushed(restarted(folder), service)
    return [name for name, _, _ in service.stored]
