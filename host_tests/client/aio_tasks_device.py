"""Runs on MicroPython: `AsyncClient` among several tasks."""

import asyncio
from array import array

from aio_device import run
from client_device import KEY, Bytes, descriptors
from edgeingest import File, Sample, errors
from edgeingest.aio import AsyncClient
from edgeingest.capture import Continuous


class Held(Bytes):
    """A body that has nothing ready while `held` is True."""

    held = False

    def readinto(self, window):
        return None if self.held else super().readinto(window)


def share(url, options, count, cancelled, failing, deadlines):
    """Lets `count` tasks share one client; returns the name of a call after them, and each (index, outcome, log).

    cancelled, failing: indexes of tasks; deadlines: (index, deadline_ms) of tasks."""
    client = AsyncClient(KEY, url=url, timeout_ms=9000, **dict(options))
    deadlines = dict(deadlines)
    ended = []
    bodies = []
    for i in range(count):
        fails = i in failing
        bodies.append(Held([b"%d;" % i] * (10_000 if fails else 700), 21 if fails else None))

    async def one(index):
        body = bodies[index]
        try:
            stored = await client.send("training", body, file_name="%d.csv" % index, deadline_ms=deadlines.get(index))
            ended.append((index, stored.file_name, body.log))
        except BaseException as e:
            ended.append((index, type(e).__name__, body.log))

    async def main():
        bodies[0].held = True  # the other tasks wait until it is released
        tasks = [asyncio.create_task(one(i)) for i in range(count)]
        for _ in range(5):
            await asyncio.sleep_ms(0)
        for i in cancelled:
            tasks[i].cancel()
        for i in deadlines:
            await tasks[i]
        bodies[0].held = False
        for task in tasks:
            await task
        return (await client.send("training", Bytes([b"again"]))).file_name

    return run(main(), client), ended


def two_clients(url):
    """Sends with two clients at the same time; returns the names that were stored."""
    clients = [AsyncClient(KEY, url=url) for _ in range(2)]

    async def main():
        return await asyncio.gather(*[c.send("training", File(b"x", name="a.csv")) for c in clients])

    return [one.file_name for one in run(main(), *clients)]


def closed_in_use(url, options):
    """Leaves the context of a client k steps after another task began to send with it.

    Returns for each k: (descriptors that are open, "sent" or the error's text, the last call on the body)."""

    async def use(call, log):
        try:
            await call
            log.append("sent")
        except errors.NetworkError as e:
            log.append(str(e))

    async def main():
        out = []
        none = descriptors()
        for k in range(25):
            log = []
            body = Bytes([b"x" * 3000, None, b"y" * 3000, None, b"z"])
            async with AsyncClient(KEY, url=url, buffer_size=512, **dict(options)) as client:
                await client.send("training", Bytes([b"good"]))
                if k % 2:
                    client.close()
                task = asyncio.create_task(use(client.send("training", body), log))
                for _ in range(k):
                    await asyncio.sleep_ms(0)
            opened = descriptors() - none if k else 0
            await task
            client.close()
            out.append((opened, log[0], body.log[-1]))
        return out

    return run(main())


class Later:
    """A row source whose rows another task provides; until then it has none."""

    def __init__(self):
        self.ready = bytearray()
        self.asked = 0

    def readinto(self, buffer):
        self.asked += 1
        if not self.ready:
            return None
        n = min(len(buffer), len(self.ready))
        buffer[:n] = self.ready[:n]
        self.ready = self.ready[n:]
        return n


def send_rows(url, options, step):
    """Sends rows that another task provides, `step` bytes at a time; all of them before the call if `step` is 0."""
    client = AsyncClient(KEY, url=url, hmac_key="0" * 32, **dict(options))

    async def provide(source, step):
        data = bytes(array("h", range(900)))
        for at in range(0, len(data), step):
            await asyncio.sleep_ms(2)
            source.ready += data[at : at + step]

    async def main():
        source = Later()
        sample = Sample([("x", "m"), ("y", "m"), ("z", "m")], 10, source, "UNIX", typecode="h", rows=300, iat=1)
        if step:
            asyncio.create_task(provide(source, step))
        else:
            await provide(source, 1800)
        await client.send("training", sample)

    run(main(), client)


class Counter:
    """A sensor of two axes: the number of the row, and the same negated."""

    count = 0

    def read(self, buffer, offset):
        buffer[offset] = self.count
        buffer[offset + 1] = -self.count
        self.count += 1


def send_while_capturing(url, options):
    """Sends samples of 200 rows while the next are captured; returns (rows lost, rows captured during the calls)."""
    client = AsyncClient(KEY, url=url, hmac_key="0" * 32, **dict(options))
    sensor = Counter()

    async def main():
        sensors = (("x", "N/A"), ("y", "N/A"))
        named = {"typecode": "h", "tolerance": None, "timer": False, "name": "c"}
        during = 0
        with Continuous(sensor.read, 200, 4000, sensors, "UNIX", **named) as samples:
            async for sample in samples:
                before = sensor.count
                await client.send("training", sample)
                during += sensor.count - before
                if sensor.count >= 600:
                    return samples.lost, during

    return run(main(), client)
