"""Runs on MicroPython: calls on a client that is at work, bodies that two calls share, errors of the caller's code."""

import asyncio
import time
from array import array

from aio_device import run
from calls_device import client_class
from client_device import KEY, Bytes, descriptors
from edgeingest import Client, File, Retry, Sample, errors
from edgeingest.aio import AsyncClient

SENSORS = (("a", "m"),)


class Rows:
    """A row source that calls `inside` once, in the middle."""

    def __init__(self, inside, rewinds=False):
        self.inside = inside
        self.left = 4000
        self.at_rewind = inside if rewinds else None
        if rewinds:
            self.inside = None
            self.rewind = self._rewind

    def readinto(self, window):
        n = min(self.left, len(window))
        self.left -= n
        if self.left < 2000 and self.inside:
            inside, self.inside = self.inside, None
            inside()
        window[:n] = bytes(n)
        return n

    def _rewind(self):
        self.left = 4000
        self.at_rewind()


class Items:
    """Three files, made when they are reached; `inside` is called on this access, counted from 0."""

    def __init__(self, inside, access):
        self.inside = inside
        self.access = access
        self.count = -1

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.count += 1
        if self.count == self.access:
            self.inside()
        return File(b"x" * 3000, name="%d.cbor" % index)


def upload(client, where, inside):
    """Makes a call in which `inside` is called once; where: see PLACES in test_calls_inside."""
    if where == "on_stored":
        once = [inside]
        items = [File(b"x", name=name) for name in ("0.cbor", "1.cbor", "2.cbor")]
        return client.upload("training", items, on_stored=lambda index, stored: once and once.pop()())
    if where in ("rows", "rewind"):
        source = Rows(inside, where == "rewind")
        if where == "rewind":
            source.left = 3000
        sample = Sample(SENSORS, 10, source, "X", typecode="h", rows=2000)
        if where == "rewind":
            sample.source._left = 3000  # it was read before, so it rewinds first
        return client.send("training", sample)
    return client.upload("training", Items(inside, 1 if where == "first pass" else 4))


def call_inside(driver, url, where, what):
    """Returns (the error inside, result, name of a call after it, descriptors left open).

    what: the call that is made inside: "send", "upload", "close"."""
    client = client_class(driver)(KEY, url=url, timeout_ms=3000)
    found = []

    def inside():
        try:
            if what == "close":
                client.close()
            elif driver == "Client":
                getattr(client, what)("training", File(b"inner", name="inner.cbor"))
            else:  # without an event loop: MicroPython's own does not bear another inside
                getattr(AsyncClient, what)(client, "training", File(b"inner", name="inner.cbor")).send(None)
        except errors.IngestError as e:
            found.append("%s: %s" % (type(e).__name__, e))

    before = descriptors()
    result = upload(client, where, inside)
    again = client.send("training", File(b"again", name="again.cbor")).file_name
    client.close()
    return found, result if isinstance(result, int) else len(result), again, descriptors() - before


def task_begun_inside(url):
    """A call of another task, begun in `on_stored`, waits for its turn; returns both results."""

    async def main():
        client = AsyncClient(KEY, url=url, timeout_ms=3000)
        tasks = []

        def on_stored(index, stored):
            tasks.append(asyncio.create_task(client.send("training", File(b"later", name="later.cbor"))))

        async with client:
            count = await client.upload("training", [File(b"x", name="0.cbor")], on_stored=on_stored)
            return count, (await tasks[0]).file_name

    return run(main())


def shared_items(kind, path):
    """Returns what the first and what the second call are given; kind: see KINDS in test_calls_inside."""
    values = array("f", (1.5,) * 3000)
    if kind == "two of one stream":
        stream = Rows(None)
        return File(stream, "1.cbor", 4000), File(stream, "2.cbor", 2000)
    if kind == "wrapped":
        body = Bytes([b"x" * 1500, b"y" * 1500, b"z" * 3000])
        return body, File(body, "2.cbor")
    source = Rows(lambda: None, True)
    item = {
        "path": lambda: File(path),
        "bytes": lambda: File(bytes(6000), name="own.cbor"),
        "body": lambda: Bytes([b"x" * 1500, b"y" * 1500, b"z" * 3000]),
        "signed": lambda: Sample(SENSORS, 10, values, "X").body(hmac_key="abcdef"),
        "csv": lambda: Sample(SENSORS, 10, values, "X").body("csv"),
        "row source": lambda: Sample(SENSORS, 10, source, "X", typecode="h", rows=2000).body(),
        "sample of a row source": lambda: Sample(SENSORS, 10, source, "X", typecode="h", rows=2000),
    }[kind]()
    return item, item


def shared(url, kind, path):
    """Two clients are given one body, the second while the first sends; returns both outcomes and that of a third."""
    held = [True]

    class Slow(Bytes):
        """Has nothing ready while the second call begins."""

        def readinto(self, window):
            return None if self.at and held else super().readinto(window)

    item, second = shared_items(kind, path)

    async def call(client, items):
        try:
            return (await client.upload("training", items))[0].file_name
        except errors.IngestError as e:
            return "%s: %s" % (type(e).__name__, e)

    async def main():
        first = AsyncClient(KEY, url=url, timeout_ms=3000, buffer_size=64)
        other = AsyncClient(KEY, url=url, timeout_ms=3000)
        waiting = Slow([b"w" * 100, b"w"])
        waiting.name = "wait.cbor"
        task = asyncio.create_task(call(first, [item, waiting]))
        await asyncio.sleep_ms(30)
        refused = await call(other, [second])
        held.clear()
        ended = await task
        again = None if kind == "two of one stream" else await call(other, [second])
        first.close()
        other.close()
        return ended, refused, again

    return run(main())


def raised_inside(driver, url, where, kind, retry):
    """The caller's code raises an error of the library once; returns (it came out itself, times raised)."""
    own = getattr(errors, kind)("of the caller's code")
    raised = []

    def inside():
        raised.append(1)
        raise own

    client = client_class(driver)(KEY, url=url, timeout_ms=3000, retry=Retry(base_ms=1) if retry else None)
    before = descriptors()
    try:
        upload(client, where, inside)
    except Exception as e:
        again = client.send("training", File(b"again", name="again.cbor")).file_name
        client.close()
        return e is own, len(raised), again, descriptors() - before


class Samples:
    """Signed samples, made when they are reached; each takes some ms to make."""

    def __init__(self, count):
        self.count = count
        self.made = 0

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.made += 1
        start = time.ticks_us()
        while time.ticks_diff(time.ticks_us(), start) < 3000:
            pass
        return Sample(SENSORS, 10, array("h", [1, 2, 3]), "X", name="s%d" % index)


def slow_first_pass(driver, url, deadline_ms):
    """Returns (error, ms that it took, samples made, name of a call after it)."""
    client = client_class(driver)(KEY, url=url, hmac_key="abcdef")
    client.send("training", File(b"x", name="first.cbor"))
    samples = Samples(400)
    start = time.ticks_ms()
    error = None
    try:
        client.upload("training", samples, deadline_ms=deadline_ms)
    except errors.IngestError as e:
        error = type(e).__name__, str(e), e.sent
    took = time.ticks_diff(time.ticks_ms(), start)
    again = client.send("training", File(b"x", name="again.cbor")).file_name
    client.close()
    return error, took, samples.made, again


def longest_block(url, count, held):
    """Returns (samples stored, the longest time in ms in which no other task ran) for so many lazy samples."""

    async def main():
        longest = 0
        samples = Samples(count)

        async def tick():
            nonlocal longest
            last = time.ticks_ms()
            while True:
                await asyncio.sleep_ms(0)
                now = time.ticks_ms()
                longest = max(longest, time.ticks_diff(now, last))
                last = now

        async with AsyncClient(KEY, url=url, hmac_key="abcdef") as client:
            await client.send("training", File(b"x", name="first.cbor"))
            ticker = asyncio.create_task(tick())
            items = tuple(Samples.__getitem__(samples, i) for i in range(count)) if held else samples
            stored = await client.upload("training", items)
            ticker.cancel()
        return len(stored), longest

    return run(main())


def slow_send(url):
    """Making the one body takes longer than the deadline; returns the error and bytes sent."""

    class SlowSample(Sample):
        def body(self, format="cbor", hmac_key=None):
            time.sleep_ms(60)
            return super().body(format, hmac_key)

    with Client(KEY, url=url) as client:
        try:
            client.send("training", SlowSample(SENSORS, 10, [1], "X"), deadline_ms=50)
        except errors.DeadlineError as e:
            return str(e), e.sent
