"""`AsyncClient` while other tasks run: after every window, however long anything takes; and what it allocates."""

import contextlib

import pytest
from support.aio import AIO, full, serving
from support.peer import peer, reply, stored
from support.scripts import run_script

BOTH = pytest.mark.modes("py", "mpy")
BOARD = pytest.mark.modes("mpy")
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])

TICKER = (
    AIO
    + """
client = AsyncClient(KEY, url=url, buffer_size=buffer_size, **dict(options))
with Seen() as seen:
    files = [File(bytearray(300_000), name="0.csv")] + [File(b"x", name="%d.csv" % i) for i in range(1, 300)]
    results = run(seen.beside(client.upload("training", files)), client)
result = len(results), seen.ticks, seen.windows, seen.most, seen.most_idle
"""
)


@BOTH
@PLAIN_AND_TLS
@pytest.mark.parametrize("buffer_size", [512, 2048, 16384])
def test_other_tasks_run_after_every_window(worker, tls, buffer_size):
    """Up and down: between two runs of a ticker at most one window goes or comes."""

    def handler(made, connection, number):
        connection.read_until(b"--\r\n")
        connection.reply(stored(*[f"{i}.csv" for i in range(300)]))
        connection.until_closed()

    with serving(handler, tls) as (_, where):
        count, ticks, windows, most, idle = worker.run(TICKER, buffer_size=buffer_size, **where)
    assert (count, idle <= 1) == (300, True)
    assert 320_000 // buffer_size < windows <= ticks
    assert most <= buffer_size


class Stall:
    """Peers that let the client wait for ever, each at another place."""

    def connecting(made, connection, number):
        made.closing.wait(10)

    handshake = connecting

    def sending(made, connection, number):
        connection.read_until(b"\r\n\r\n")
        made.closing.wait(10)

    def replying(made, connection, number):
        made.take(connection)
        made.closing.wait(10)

    def body(made, connection, number):
        connection.until_closed()

    def trickling(made, connection, number):
        made.take(connection)
        for byte in reply("x" * 10_000):
            connection.send(bytes([byte]))
            if made.closing.wait(0.02):
                return


LIMITS = (
    AIO
    + """
limits = {"timeout_ms": 10_000, "deadline_ms": 10_000}
limits[limit] = 150
client = AsyncClient(KEY, url=url, timeout_ms=limits["timeout_ms"], **dict(options))
body = Bytes([b"x" * 500_000] * 20 if place == "sending" else [b"x"] + [None] * (1000000 if place == "body" else 1))
with Seen() as seen:
    error = run(seen.beside(client.send("training", body, deadline_ms=limits["deadline_ms"])), client)
result = type(error).__name__, str(error), seen.ticks, seen.most, seen.most_idle, body.log[-1]
"""
)


@BOARD
@pytest.mark.parametrize("limit", ["timeout_ms", "deadline_ms"])
@pytest.mark.parametrize("place", ["connecting", "handshake", "sending", "replying", "trickling", "body"])
def test_limits_of_time_while_other_tasks_run(worker, place, limit):
    stalls = getattr(Stall, place)
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(peer(stalls))
        url = full(stack) if place == "connecting" else made.url
        options = []
        if place == "handshake":
            url, options = url.replace("http", "https"), [("insecure", True)]
        found = worker.run(LIMITS, url=url, options=options, place=place, limit=limit)
    name, text, ticks, most, idle, last = found
    assert (name, last) == ("DeadlineError", "close"), text
    assert "no time left while" in text
    assert most <= 2048 and idle <= 1
    assert ticks > 2


MEMORY = (
    """
import sys
url, path = sys.argv[1:3]
options = ()
"""
    + AIO
    + """
client = AsyncClient(KEY, url=url)
sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))

async def cost(call, *args):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    await call(*args)
    used = gc.mem_alloc() - before
    gc.enable()
    return used

async def grown(calls):
    before = after = 0
    for i in range(calls):
        await client.send("training", File(b"x", name="a.csv"))
        if i == 2:
            gc.collect()
            before = gc.mem_alloc()
    gc.collect()
    return gc.mem_alloc() - before

async def main():
    print(await grown(200))
    values = array("f", bytes(4 * 250_000))
    samples = [Sample(sensors, 10, memoryview(values)[:n * 3], "UNIX", typecode="f", name="a") for n in (700, 70_000)]
    short = File(path + ".short")
    for call in (client.send, client.upload):
        for small, large in ((samples[0], samples[1]), (short, File(path))):
            await cost(call, "training", small)
            print(await cost(call, "training", small), await cost(call, "training", large))

asyncio.run(main())
"""
)


def test_memory(tmp_path):
    """Reused connections leave nothing behind; what a call allocates does not grow with what it sends."""
    (tmp_path / "f.csv").write_bytes(bytes(1_000_000))
    (tmp_path / "f.csv.short").write_bytes(bytes(10_000))
    (tmp_path / "main.py").write_text(MEMORY)

    def handler(made, connection, number):
        while request := made.take(connection):
            connection.reply(stored("a") if "files" in request.target else "name.cbor")

    with peer(handler) as made:
        done = run_script(tmp_path / "main.py", "8M", mpy=True, args=[made.url, str(tmp_path / "f.csv")])
    assert done.code == 0, done.stderr + done.stdout
    grown, *calls = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    assert grown[0] < 100
    for small, large in calls:
        assert large - small < 4000  # 32 bytes a window would be 16,000
