"""`AsyncClient` calls that are cancelled, at every point there is: nothing stays open, and the client works on."""

import contextlib

import pytest
from support.aio import AIO, Chains, full, serving
from support.peer import answering, peer, stored

BOARD = pytest.mark.modes("mpy")
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])

CANCEL = (
    AIO
    + """
client = AsyncClient(KEY, url=url, timeout_ms=9000, buffer_size=512, hmac_key="0" * 32, **dict(options))
sample = Sample((("x", "m"),), 10, array("f", range(300)), "UNIX", name="rows")

def stepped(coroutine, k):
    # Lets the coroutine go k steps of the scheduler, then cancels it. Its result, or None.
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
    # The same by a task's own means.
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
    def __init__(self, body):
        self.body = body
    def __len__(self):
        return 4
    def __getitem__(self, index):
        return (File(path, name="0.csv"), sample, self.body, File(path, name="3.csv"))[index]

def start(body):
    if call == "send":
        return client.send("training", body)
    if call == "upload":
        return client.upload("training", [File(path), sample, body])
    return client.upload("training", Items(body), on_stored=lambda *_: None)

async def noting(coroutine, ended):
    # That a call went well is also known if the result reaches nobody.
    ended.append(await coroutine)
    return True

async def main():
    out = []
    none = descriptors()
    for k in steps:
        if kept:
            await client.send("training", Bytes([b"good"]))
        body = Bytes([b"x" * 700, None, b"y" * 700, None, b"z" * 100] if script is None else script)
        ended = []
        await WAYS[way](noting(start(body), ended), k)
        out.append((k, bool(ended), descriptors() - none, body.log))
        if not kept:
            if good:
                await client.send("training", Bytes([b"good"]))
            client.close()
        if ended:
            break
    return out

result = run(main(), client)
"""
)


def cancel(worker, steps=tuple(range(500)), way="steps", call="send", kept=False, good=True, script=None, **where):
    """What became of the calls that were cancelled after these steps, which all are as they must be."""
    found = worker.run(
        CANCEL, steps=list(steps), way=way, call=call, kept=kept, good=good, script=script, **{"path": None, **where}
    )
    for k, done, opened, log in found:
        began = k > 0 if way == "steps" else bool(log)
        # one that never began has touched nothing; one that was done keeps its connection
        assert done or opened == (kept and not began), (k, opened)
        if began and (call != "lazy" or log):  # items are made when they are reached
            assert log[-1:] == ["close"], k
    return found


def handler(made, connection, number):
    while request := made.take(connection):
        names = "abcd"[: request.body.count(b'name="data"')]
        connection.reply(stored(*names) if "files" in request.target else "name.cbor")


@BOARD
@PLAIN_AND_TLS
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
@pytest.mark.parametrize("call", ["send", "upload", "lazy"])
def test_after_every_step(worker, tls, kept, call, tmp_path):
    (tmp_path / "f.csv").write_bytes(b"0123456789" * 100)
    with serving(handler, tls) as (made, where):
        found = cancel(worker, kept=kept, call=call, path=str(tmp_path / "f.csv"), **where)
    assert len(found) > 6
    assert [done for _, done, _, _ in found] == [False] * (len(found) - 1) + [True]
    assert [request.body for request in made.requests].count(b"good") == len(found)


@BOARD
@PLAIN_AND_TLS
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
@pytest.mark.parametrize("way", ["cancel", "wait_for", "cancelled wait_for"])
def test_by_a_tasks_own_means(worker, tls, kept, way):
    steps = [0, 1, 2, 3, 4, 5, 7, 9, 12, 16, 24, 50, *(100 * 2**k for k in range(12))]
    with serving(handler, tls) as (made, where):
        found = cancel(worker, steps, way, kept=kept, **where)
    assert (found[0][1], found[-1][1]) == (False, True)
    assert [request.body for request in made.requests].count(b"good") == len(found)


STALLS = {
    "handshake": lambda made, connection: made.closing.wait(10),
    "sending": lambda made, connection: connection.read_until(b"\r\n\r\n") or made.closing.wait(10),
    "replying": lambda made, connection: made.take(connection) and made.closing.wait(10),
    "reply": lambda made, connection: made.take(connection) and connection.send(b"HTTP/1.1 2") or made.closing.wait(10),
    "body": lambda made, connection: connection.until_closed(),
}


@BOARD
@pytest.mark.parametrize("way", ["steps", "wait_for"])
@pytest.mark.parametrize(
    ("place", "tls"), [("handshake", True), *[(p, t) for p in [*STALLS][1:] for t in (False, True)]]
)
def test_while_the_peer_stalls(worker, place, tls, way):
    """Every second connection stalls for ever."""

    def handler(made, connection, number):
        if tls and (place != "handshake" or number % 2):
            connection.socket = Chains.get().context.wrap_socket(connection.socket, server_side=True)
        if number % 2:
            answering()(made, connection, number)
        else:
            STALLS[place](made, connection)

    script = {"sending": [b"x" * 100_000] * 100, "body": [b"x", *[None] * 9999]}.get(place)
    with peer(handler) as made:
        where = {"url": made.url, "options": []}
        if tls:
            where = {"url": f"https://localhost:{made.port}", "options": [("ca", Chains.get().der)]}
        found = cancel(worker, [1, 2, 3, 5, 8, 13, 25], way, script=script, **where)
    assert not any(done for _, done, _, _ in found)
    assert [request.body for request in made.requests].count(b"good") == 7


@BOARD
def test_while_connecting(worker):
    with contextlib.ExitStack() as stack:
        found = cancel(worker, [0, 1, 2, 3, 9], good=False, url=full(stack), options=[])
    assert len(found) == 5
