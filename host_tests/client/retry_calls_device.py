"""Runs on MicroPython: calls of both clients with `retry`."""

import asyncio
import gc
import time

import edgeingest.signing
import edgeingest.transport as transport
from aio_device import run
from calls_device import client_class
from client_device import KEY, Bytes, descriptors
from edgeingest import Client, File, Retry, Sample, errors
from edgeingest.aio import AsyncClient

DATA = (b"data" * 1000,)
network = transport.socket


class Elsewhere:
    """The module `socket`, but the first name look-ups lead to these ports."""

    socket, SOCK_STREAM = network.socket, network.SOCK_STREAM

    def __init__(self, ports):
        self.ports = ports

    def getaddrinfo(self, host, port, *rest):
        return network.getaddrinfo(host, self.ports.pop(0) if self.ports else port, *rest)


class Gone(Bytes):
    """A body that fails to rewind although it is `rewindable`."""

    def rewind(self):
        if self.at:
            raise errors.SampleError("own.cbor is gone")


def plain(results):
    """Returns results without their class, which does not travel."""
    if isinstance(results, tuple):
        return [tuple(results)]
    return [tuple(one) for one in results] if isinstance(results, list) else results


def attempt(
    driver, url, call, policy, options, arguments, script=DATA, rewindable=True, collected=True, ports=(), gone=False
):
    """Makes one call; returns what `Outcome` takes, or raises ValueError if the call left something open.

    call: "body", "three" files, or the path of a file; collected: without on_stored; ports: see Elsewhere."""
    client = client_class(driver)(KEY, url=url, retry=Retry(**policy), **options)
    gc.collect()
    before = descriptors()
    reported = []
    if not collected:
        arguments["on_stored"] = lambda index, stored: reported.append((index, tuple(stored)))
    body = (Gone if gone else Bytes)(script, rewindable=rewindable)
    if ports:
        transport.socket = Elsewhere(list(ports))
    start = time.ticks_ms()
    error = None
    results = []
    try:
        if call == "body":
            results = plain(client.send("training", body, **arguments))
        elif call == "three":
            results = plain(client.upload("training", [File(b"x" * 3000, name=n) for n in "abc"], **arguments))
        else:
            results = plain(client.upload("training", File(call), **arguments))
    except Exception as e:
        error = e
    took = time.ticks_diff(time.ticks_ms(), start)
    transport.socket = network
    client.close()
    gc.collect()
    if descriptors() != before:
        raise ValueError("left open")
    if body.log[-1:] not in (["close"], []):
        raise ValueError("the body is open")
    if KEY in str(error):
        raise ValueError("the error contains the key")
    names = ("status", "body", "sent", "retry_after", "results", "errno")
    fields = [(name, getattr(error, name, None)) for name in names]
    return type(error).__name__, str(error), fields, results, reported, took


def wait_beside_ticks(url, meanwhile):
    """Runs another task while a call waits for its second attempt, then does `meanwhile`: None, "cancel" or "close".

    Returns (ticks, (whether the call waited, descriptors open then), how it ended, descriptors, name of a new call)."""
    client = AsyncClient(KEY, url=url, timeout_ms=5000, retry=Retry(attempts=3, base_ms=1, max_ms=5000))

    async def main():
        body = Bytes([b"x" * 5000])
        body.log.clear()
        none = descriptors()
        task = asyncio.create_task(client.send("training", body))
        ticks = 0
        while body.log.count("close") < 1:  # the first attempt has ended: the call waits
            await asyncio.sleep_ms(1)
        while ticks < 100 and not task.done():
            ticks += 1
            await asyncio.sleep_ms(1)
        waiting = not task.done(), descriptors() - none
        if meanwhile == "cancel":
            task.cancel()
        elif meanwhile == "close":
            client.close()
        try:
            end = (await task).file_name
        except asyncio.CancelledError:
            end = "cancelled"
        except errors.IngestError as e:
            end = str(e)
        after = descriptors() - none
        good = (await client.send("training", Bytes([b"good"]))).file_name
        return ticks, waiting, end, after, good

    return run(main(), client)


class Anew:
    """Three samples, made when they are reached; the last one with its own time."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        iat = 1700000000 if index == 2 else None
        return Sample((("a", "m"),), 10, [index], "X", name="s%d" % index, iat=iat)


def upload_made_anew(url):
    """Uploads signed samples while the clock advances at every reading; returns how many were stored."""
    now = edgeingest.signing.now
    ticks = [1795000000]

    def later():
        ticks[0] += 1
        return ticks[0]

    edgeingest.signing.now = later
    try:
        with Client(KEY, url=url, hmac_key="abcdef", retry=Retry(base_ms=1)) as client:
            return len(client.upload("training", Anew(), boundary="b"))
    finally:
        edgeingest.signing.now = now
