"""Runs on MicroPython: runs coroutines of `AsyncClient`, and counts what other tasks can do meanwhile."""

import asyncio
import gc

from client_device import descriptors
from edgeingest import errors
from edgeingest.aio import AsyncClient
from edgeingest.transport import Transport


def run(coroutine, *clients):
    """Returns the result of a coroutine; raises ValueError if descriptors are open after `clients` were closed."""
    gc.collect()
    before = descriptors()
    try:
        return asyncio.run(coroutine)
    finally:
        for client in clients:
            client.close()
        if descriptors() != before:
            raise ValueError("%d descriptors more are open" % (descriptors() - before))


class Seen:
    """Counts what the socket transfers between two runs of a ticker: bytes, and calls that transferred nothing."""

    def __init__(self):
        self.ticks = self.windows = 0
        self.most = self.most_idle = self.bytes = self.idle = 0
        self.going = True

    def __enter__(self):
        self.real = Transport.establish
        seen = self

        def established(connection, *arguments):
            seen.real(connection, *arguments)
            connection.send = seen.counted(connection.send)
            connection.receive = seen.counted(connection.receive)

        Transport.establish = established
        return self

    def __exit__(self, *_):
        Transport.establish = self.real

    def counted(self, call):
        def counting(window):
            n = call(window)
            if n:
                self.bytes += n
                self.windows += 1
            else:
                self.idle += 1
            self.most = max(self.most, self.bytes)
            self.most_idle = max(self.most_idle, self.idle)
            return n

        return counting

    async def tick(self):
        while self.going:
            self.ticks += 1
            self.bytes = self.idle = 0
            await asyncio.sleep_ms(0)

    async def beside(self, coroutine):
        """Runs the ticker while the coroutine runs; returns the coroutine's result, or its IngestError."""
        ticker = asyncio.create_task(self.tick())
        try:
            return await coroutine
        except errors.IngestError as e:
            return e
        finally:
            self.going = False
            await ticker


class Awaited(AsyncClient):
    """`AsyncClient` with the interface of `Client`: each call is awaited by an event loop of its own."""

    def upload(self, *args, **named):
        return asyncio.run(super().upload(*args, **named))

    def send(self, *args, **named):
        return asyncio.run(super().send(*args, **named))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
