"""Runs on MicroPython: one upload of `AsyncClient` beside a ticker, to its end or to a limit of time."""

from aio_device import Seen, run
from client_device import KEY, Bytes
from edgeingest import File
from edgeingest.aio import AsyncClient


def upload_beside_ticker(url, options, buffer_size):
    """Uploads 300 files; returns how many results there are, and what the ticker saw."""
    client = AsyncClient(KEY, url=url, buffer_size=buffer_size, **dict(options))
    with Seen() as seen:
        files = [File(bytearray(300_000), name="0.csv")] + [File(b"x", name="%d.csv" % i) for i in range(1, 300)]
        results = run(seen.beside(client.upload("training", files)), client)
    return len(results), seen.ticks, seen.windows, seen.most, seen.most_idle


def fail_at_limit(url, options, place, limit):
    """Sends to a peer that stalls at `place`; returns the error, what the ticker saw, and the last call on the body."""
    limits = {"timeout_ms": 10_000, "deadline_ms": 10_000}
    limits[limit] = 150
    client = AsyncClient(KEY, url=url, timeout_ms=limits["timeout_ms"], **dict(options))
    if place == "sending":
        body = Bytes([b"x" * 500_000] * 20)
    else:
        body = Bytes([b"x"] + [None] * (1000000 if place == "body" else 1))
    with Seen() as seen:
        error = run(seen.beside(client.send("training", body, deadline_ms=limits["deadline_ms"])), client)
    return type(error).__name__, str(error), seen.ticks, seen.most, seen.most_idle, body.log[-1]
