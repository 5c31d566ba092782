"""Runs on MicroPython: calls over sockets that behave as those of a board."""

import asyncio
import time

import edgeingest.client
import edgeingest.transport as transport
from board_sockets import Sockets
from calls_device import client_class
from client_device import KEY, Bytes
from edgeingest import Retry, errors
from edgeingest.aio import AsyncClient
from edgeingest.connection import Connection
from edgeingest.lwip_connection import LwipConnection

real = transport.socket
establish = transport.Transport.establish


def _wait_for_replies(ms):
    """Has every read of a socket wait before, so that all of the reply is there."""

    def established(self, *arguments):
        establish(self, *arguments)
        receive = self.receive

        def late(view):
            time.sleep_ms(ms)
            return receive(view)

        self.receive = late

    transport.Transport.establish = established


class Slow(Bytes):
    """A body that waits before each window but the first."""

    ms = 0

    def readinto(self, window):
        if self.at:
            time.sleep_ms(Slow.ms)
        return super().readinto(window)


def _be(port, network):
    """Has the library make the choices that it makes for a port when it is imported there."""
    transport.socket = network
    transport._REFUSAL = transport.WRITABLE | (transport.READABLE if port == "esp32" else 0)
    edgeingest.client.Connection = LwipConnection if port == "lwip" else Connection
    LwipConnection.held_until = None


def calls(port, driver, url, sizes, settings=(), options=(), attempts=1, unique=True, slow_ms=0, wait_ms=0):
    """Makes a call with a body of each size; returns [(outcome, sent, errno) of each], and what the sockets tell.

    settings: attributes of Sockets. options: of the client. slow_ms: before each piece of 1000 bytes. wait_ms: before a
    reply is looked for. An outcome is a file name, or "NetworkError: ...".
    """
    network = Sockets(port)
    if port != "unix":
        _be(port, network)
    Slow.ms = slow_ms
    if wait_ms:
        _wait_for_replies(wait_ms)
    for name, value in settings:
        setattr(network, name, value)
    LwipConnection.held_ms = int(10_600 * network.ms)
    found = []
    retry = Retry(attempts=attempts, base_ms=1) if attempts > 1 else None
    client = client_class(driver)(KEY, url=url, retry=retry, **dict(options))
    try:
        for size in sizes:
            try:
                body = Slow([b"x" * min(size, 1000)] * max(size // 1000, 1), size)
                outcome = client.send("training", body, disallow_duplicates=unique)
                found.append((outcome.file_name, None, None))
            except errors.IngestError as e:
                text = "%s: %s" % (type(e).__name__, e)
                found.append((text, getattr(e, "sent", None), getattr(e, "errno", None)))
    finally:
        client.close()
        _be("unix", real)
        transport.Transport.establish = establish
    return found, network.crashes, network.options, network.frozen_ms


class Beside:
    """Counts the longest time, in ms, that another task could not run."""

    most = 0

    async def tick(self):
        while True:
            start = time.ticks_ms()
            await asyncio.sleep_ms(0)
            self.most = max(self.most, time.ticks_diff(time.ticks_ms(), start))


def stalled_then_good(driver, url, timeout_ms, deadline_ms=None):
    """Makes a call whose peer acknowledges nothing, and one to a good peer; returns both outcomes, and [frozen_ms]."""
    network = Sockets("lwip")
    _be("lwip", network)
    LwipConnection.held_ms = int(10_600 * network.ms)
    client = client_class(driver)(KEY, url=url, timeout_ms=timeout_ms)
    found = []
    try:
        for size, limit in ((100_000, None), (5000, deadline_ms)):
            network.acknowledging = bool(found)
            try:
                body = Bytes([b"x" * 1000] * (size // 1000))
                found.append(client.send("training", body, deadline_ms=limit).file_name)
            except errors.IngestError as e:
                found.append("%s: %s" % (type(e).__name__, e))
    finally:
        client.close()
        _be("unix", real)
    return found, [network.frozen_ms]


def window(driver, size, url, options=()):
    """Returns how many bytes the client sends at once."""
    _be("lwip", Sockets("lwip"))
    try:
        return len(client_class(driver)(KEY, url=url, buffer_size=size, **dict(options))._connection._view)
    finally:
        _be("unix", real)


def cancelled_then_good(url):
    """Cancels a call whose peer acknowledges nothing; returns (ms, outcome) of the next call, and what it held up."""
    network = Sockets("lwip")
    _be("lwip", network)
    LwipConnection.held_ms = int(10_600 * network.ms)
    client = AsyncClient(KEY, url=url)

    async def both():
        network.acknowledging = False
        task = asyncio.create_task(client.send("training", Bytes([b"x" * 1000] * 100)))
        await asyncio.sleep_ms(60)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        network.acknowledging = True
        beside = Beside()
        ticker = asyncio.create_task(beside.tick())
        start = time.ticks_ms()
        outcome = await client.send("training", Bytes([b"x" * 1000] * 5))
        ticker.cancel()
        return time.ticks_diff(time.ticks_ms(), start), outcome.file_name, beside.most

    try:
        return asyncio.run(both())
    finally:
        client.close()
        _be("unix", real)


def held_after(driver, url, sizes):
    """Returns after each call whether the next connection would wait."""
    _be("lwip", Sockets("lwip"))
    LwipConnection.held_ms = 0
    client = client_class(driver)(KEY, url=url)
    found = []
    try:
        for size in sizes:
            LwipConnection.held_until = None
            try:
                client.send("training", Bytes([b"x" * 1000] * (size // 1000)))
            except errors.IngestError:
                pass
            found.append(LwipConnection.held_until is not None)
    finally:
        client.close()
        _be("unix", real)
    return found
