"""Runs on MicroPython: calls of `AsyncClient` that are cancelled after a number of steps, in each way there is."""

import asyncio
from array import array

from aio_device import run
from client_device import KEY, Bytes, descriptors
from edgeingest import File, Sample
from edgeingest.aio import AsyncClient

sample = Sample((("x", "m"),), 10, array("f", range(300)), "UNIX", name="rows")


def stepped(coroutine, k):
    """Runs k steps of the coroutine, then cancels it. Returns its result, or None."""
    for _ in range(k):
        try:
            coroutine.send(None)
        except StopIteration as e:
            return e.value
        yield
    try:
        coroutine.throw(asyncio.CancelledError())
    except asyncio.CancelledError:
        return None


async def cancelled(coroutine, k):
    """The same with Task.cancel()."""
    task = asyncio.create_task(coroutine)
    for _ in range(k):
        await asyncio.sleep_ms(0)
    task.cancel()
    try:
        return await task
    except asyncio.CancelledError:
        for _ in range(3):  # wait_for passes it on to a task of its own
            await asyncio.sleep_ms(0)


async def timed(coroutine, k):
    try:
        return await asyncio.wait_for_ms(coroutine, k)
    except asyncio.TimeoutError:
        return None


WAYS = {
    "steps": lambda coroutine, k: asyncio.create_task(stepped(coroutine, k)),
    "cancel": cancelled,
    "wait_for": timed,
    "cancelled wait_for": lambda coroutine, k: cancelled(asyncio.wait_for_ms(coroutine, 9000), k),
}


class Items:
    def __init__(self, path, body):
        self.path = path
        self.body = body

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return (File(self.path, name="0.csv"), sample, self.body, File(self.path, name="3.csv"))[index]


def start(client, call, path, body):
    """Returns the coroutine of a call. call: "send", "upload" or "lazy"."""
    if call == "send":
        return client.send("training", body)
    if call == "upload":
        return client.upload("training", [File(path), sample, body])
    return client.upload("training", Items(path, body), on_stored=lambda *_: None)


async def noting(coroutine, ended):
    """Adds the result of the coroutine to `ended`: a call may end well although its result reaches nobody."""
    ended.append(await coroutine)
    return True


def cancel_calls(url, options, steps, way, call, kept, good, script, path):
    """Cancels a call after each number of `steps`, until one ends well before that.

    kept: the connection of a call before it is used; good: a good call follows. Returns for each: (steps, whether it
    ended well, descriptors that are open, what was called on its body)."""
    client = AsyncClient(KEY, url=url, timeout_ms=9000, buffer_size=512, hmac_key="0" * 32, **dict(options))

    async def main():
        out = []
        none = descriptors()
        for k in steps:
            if kept:
                await client.send("training", Bytes([b"good"]))
            body = Bytes([b"x" * 700, None, b"y" * 700, None, b"z" * 100] if script is None else script)
            ended = []
            await WAYS[way](noting(start(client, call, path, body), ended), k)
            out.append((k, bool(ended), descriptors() - none, body.log))
            if not kept:
                if good:
                    await client.send("training", Bytes([b"good"]))
                client.close()
            if ended:
                break
        return out

    return run(main(), client)
