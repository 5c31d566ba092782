"""What the tests of `AsyncClient` share: device code, and peers."""

import contextlib
import socket

from support.chains import issued
from support.peer import DEVICE, peer

_IMPORT = "from edgeingest import Client, Sample, File, errors\n"

# Device code: `client` to be awaited, and what a task may look at while it works.
AIO = (
    DEVICE
    + """
import asyncio
from array import array
from edgeingest.connection import Connection
from edgeingest.aio import AsyncClient

def run(coroutine, *clients):
    # Its result. A client is closed before what is left open is counted.
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
    # What the socket took and gave between two runs of a ticker: bytes, and calls that could do nothing.
    def __init__(self):
        self.ticks = self.windows = 0
        self.most = self.most_idle = self.bytes = self.idle = 0
        self.going = True
    def __enter__(self):
        self.real = Connection._establish
        seen = self
        def established(connection):
            seen.real(connection)
            connection._send = seen.counted(connection._send)
            connection._receive = seen.counted(connection._receive)
        Connection._establish = established
        return self
    def __exit__(self, *_):
        Connection._establish = self.real
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
        # The coroutine's result, or its error, while the ticker runs.
        ticker = asyncio.create_task(self.tick())
        try:
            return await coroutine
        except errors.IngestError as e:
            return e
        finally:
            self.going = False
            await ticker
"""
)
# Sources for `Client` that run with `AsyncClient` instead: its calls, each awaited by a loop of its own.
LIKE_CLIENT = """
import asyncio, gc, os
from edgeingest import Sample, File, errors
from edgeingest.aio import AsyncClient

class Client(AsyncClient):
    def upload(self, *args, **named):
        return asyncio.run(super().upload(*args, **named))
    def send(self, *args, **named):
        return asyncio.run(super().send(*args, **named))
    def __enter__(self):
        return self
    def __exit__(self, *_):
        self.close()
"""


def awaited(source: str) -> str:
    """The device code with `AsyncClient` in the place of `Client`."""
    assert _IMPORT in source
    return source.replace(_IMPORT, LIKE_CLIENT)


class Chains:
    """One server certificate for all tests of a process; making one takes a while."""

    good = None

    @classmethod
    def get(cls):
        cls.good = cls.good or issued()
        return cls.good


@contextlib.contextmanager
def serving(handler, tls):
    """A peer, and what a client needs to know of it: (peer, {"url": ..., "options": [("ca", ...)]})."""
    chain = Chains.get() if tls else None
    with peer(handler, chain.context if chain else None) as made:
        url = f"https://localhost:{made.port}" if chain else made.url
        yield made, {"url": url, "options": [("ca", chain.der)] if chain else []}


def full(stack):
    """The address of a listener whose queue of connections is full."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(3):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listener.getsockname())
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
