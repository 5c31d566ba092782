"""Runs on MicroPython: calls of wire_device about connections: kept, closed, secure, tried again; tasks; captures.

What the service answers to them is in support/wire.py.
"""

import asyncio
from array import array
from json import dumps

from edgeingest import Client, File, Retry, config
from edgeingest.aio import AsyncClient
from edgeingest.capture import Continuous, capture
from edgeingest.errors import ServiceError
from wire_calls_device import (
    BOUNDARY,
    HMAC_KEY,
    IAT,
    KEY,
    MOTION,
    Lazy,
    call,
    mixed,
    motion,
    quarters,
    raw,
    sends,
    sensors,
    small_file,
    sourced,
    uploads,
)

# -- connections


@call("keep-alive")
def _keep_alive(wire):
    with wire.client() as client:
        client.send("training", motion())
        client.send("testing", small_file(), label="two")


@call("keep-alive send and upload")
def _keep_alive_both(wire):
    with wire.client(hmac_key=HMAC_KEY) as client:
        sample = motion(iat=IAT)
        client.send("training", sample)
        client.upload("training", [sample, small_file()], boundary=BOUNDARY)
        client.send("anomaly", sample)


@call("close between calls")
def _close_between(wire):
    client = wire.client()
    client.send("training", motion())
    client.close()
    client.send("training", motion())
    client.close()


@call("two clients")
def _two_clients(wire):
    with wire.client() as one, wire.client(buffer_size=64) as two:
        one.send("training", small_file("one.bin"))
        two.send("training", small_file("two.bin"))
        one.send("training", small_file("three.bin"))


def _sends_twice(wire):
    with wire.client() as client:
        client.send("training", motion())
        client.send("training", small_file())


call("the service closes after a reply")(_sends_twice)
call("the service closes without a word")(_sends_twice)
call("the service answers in chunks")(_sends_twice)


@call("a new connection after an error")
def _after_an_error(wire):
    with wire.client() as client:
        try:
            client.send("training", motion())
        except ServiceError:
            client.send("testing", small_file())


def _retries(name, make, verb=sends, **arguments):
    verb(name, make, options=(("retry", Retry(3, 1, 1)),), **arguments)


_retries("retry after 503", lambda wire: motion())
_retries("retry after 503 twice", lambda wire: File(wire.path("f.csv", raw(3000))))
_retries("retry after a closed connection", lambda wire: sourced("f", quarters(30), (7, 0), 3, True))
_retries("retry many files", lambda wire: mixed(), uploads)
_retries("retry many files made when reached", lambda wire: Lazy(4, lambda i: mixed()[i]), uploads)


@call("public address")
def _public_address(wire):
    with Client(KEY, ca=wire.ca) as client:
        client.send("training", motion())


@call("https")
def _https(wire):
    with wire.client(ca=wire.ca, insecure=True) as client:
        client.upload("training", motion(rows=400), boundary=BOUNDARY)


@call("another form of the address")
def _other_address(wire):
    address = wire.url.replace("http://127.0.0.1", "HTTP://LocalHost") + "/"
    with Client(KEY, url=address) as client:
        client.send("training", small_file())


@call("config")
def _config(wire):
    found = {"api_key": "ei_of_the_file", "url": wire.url, "hmac_key": HMAC_KEY, "label": "of the file"}
    loaded = config.load(wire.path("edgeingest.json", dumps(found).encode()))
    with loaded.client() as client:
        client.send("training", motion(iat=IAT), label=loaded.label)


# -- AsyncClient


def awaits(name, **options):
    """A decorator: a coroutine function(wire, client) is the call of this name."""

    def keep(function):
        async def work(wire):
            async with wire.client(AsyncClient, **options) as client:
                await function(wire, client)

        call(name)(lambda wire: asyncio.run(work(wire)))
        return function

    return keep


@awaits("async send", hmac_key=HMAC_KEY)
async def _async_send(wire, client):
    await client.send("training", motion(iat=IAT), label="käse", metadata={"a": "b"})


@awaits("async upload", buffer_size=64)
async def _async_upload(wire, client):
    await client.upload("split", mixed(), no_label=True, boundary=BOUNDARY)
    await client.upload("testing", Lazy(3, lambda i: motion("lazy.%d" % i)), boundary=BOUNDARY)


@awaits("async row source that waits")
async def _async_source(wire, client):
    await client.send("training", sourced("h", range(600), (0, 5, 0, 99), 3))


@awaits("async tasks take turns")
async def _async_turns(wire, client):
    await asyncio.gather(*[client.send("training", small_file("task%d.bin" % i, 5000)) for i in range(3)])


@awaits("async retry after 503", retry=Retry(3, 1, 1))
async def _async_retry(wire, client):
    await client.upload("training", mixed(), boundary=BOUNDARY)


@awaits("async flush of a spool")
async def _async_flush(wire, client):
    spool = wire.spool()
    spool.put("training", motion("one"), label="a")
    spool.put("training", motion("two"), label="a")
    with spool.record("testing", MOTION, 10, "UNIX", name="rows") as recording:
        recording.write(array("f", quarters(30)))
    await spool.flush_async(client)


# -- capture


class Counting:
    """What a capture reads: values that go up from row to row."""

    def __init__(self, axes):
        self._axes = axes
        self._row = 0

    def read(self, buffer, offset):
        """One row, into the buffer."""
        for i in range(self._axes):
            buffer[offset + i] = self._row + i
        self._row += 1

    def row(self):
        """One row, as a tuple."""
        self._row += 1
        return tuple(self._row + i for i in range(self._axes))


LOOP = {"timer": False, "tolerance": None}  # a loop, on a computer that does other things as well
sends(
    "capture",
    lambda wire: capture(Counting(3).read, 20, 500, MOTION, "UNIX", name="wave.1", device_name="one", **LOOP),
)
sends(
    "capture of integers in tuples",
    lambda wire: capture(Counting(2).row, 10, 1000, sensors(2), "UNIX", typecode="h", tuples=True, iat=IAT, **LOOP),
    options=(("hmac_key", HMAC_KEY),),
)


@call("continuous capture")
def _continuous(wire):
    with wire.client() as client, Continuous(Counting(3).read, 10, 500, MOTION, "UNIX", name="c.1", **LOOP) as samples:
        for _ in range(3):
            client.send("training", next(samples))
