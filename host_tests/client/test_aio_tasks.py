"""`AsyncClient` among many tasks: several share one, rows come from elsewhere, and it is closed while it works."""

import threading

import cbor2
import pytest
from support.aio import AIO, serving
from support.peer import answering, peer

BOARD = pytest.mark.modes("mpy")
BOTH = pytest.mark.modes("py", "mpy")
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])

SHARED = (
    AIO
    + """
client = AsyncClient(KEY, url=url, timeout_ms=9000, **dict(options))
ended = []

class Held(Bytes):
    # has nothing to give until it is let go
    held = False
    def readinto(self, window):
        return None if self.held else super().readinto(window)

bodies = [Held([b"%d;" % i] * (10_000 if i in failing else 700), 21 if i in failing else None) for i in range(count)]

async def one(index):
    body = bodies[index]
    try:
        stored = await client.send("training", body, file_name="%d.csv" % index, deadline_ms=deadlines.get(index))
        ended.append((index, stored.file_name, body.log))
    except BaseException as e:
        ended.append((index, type(e).__name__, body.log))

async def main():
    bodies[0].held = True  # the others are at wait until then
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
deadlines = dict(deadlines)
result = run(main(), client), ended
"""
)


def by_name(made, connection, number):
    while request := made.take(connection):
        connection.reply(request.field("X-File-Name"))


def share(worker, tls=False, count=10, cancelled=(), failing=(), deadlines=()):
    """{index: (outcome, body's log)} in the order in which the tasks that share a client ended; and the peer."""
    with serving(by_name, tls) as (made, where):
        options = {"cancelled": list(cancelled), "failing": list(failing), "deadlines": list(deadlines)}
        again, ended = worker.run(SHARED, count=count, **options, **where)
    assert again == "own.cbor"
    assert all(log[-1:] == ["close"] for _, _, log in ended)
    return {index: outcome for index, outcome, _ in ended}, made


@BOTH
@PLAIN_AND_TLS
@pytest.mark.parametrize("count", [2, 10])
def test_tasks_take_turns(worker, tls, count):
    ended, made = share(worker, tls, count)
    assert list(ended.items()) == [(i, f"{i}.csv") for i in range(count)]
    assert [request.body for request in made.requests] == [b"%d;" % i * 700 for i in range(count)] + [b"again"]
    assert len(made.connections) == 1


@BOARD
@PLAIN_AND_TLS
@pytest.mark.parametrize("cancelled", [[0], [1], [9], [0, 1, 2], [4, 5, 9], list(range(9)), list(range(10))])
def test_cancelled_at_work_or_while_waiting(worker, tls, cancelled):
    """Those that wait are not touched: neither their turn nor the connection of the one at work."""
    ended, made = share(worker, tls, cancelled=cancelled)
    for i in range(10):
        assert ended[i] == ("CancelledError" if i in cancelled else f"{i}.csv")
    assert [i for i in ended if i not in cancelled] == [i for i in range(10) if i not in cancelled]
    assert len(made.connections) == (2 if 0 in cancelled else 1)


@BOARD
@PLAIN_AND_TLS
def test_failures_are_of_one_task_only(worker, tls):
    ended, _ = share(worker, tls, failing=[0, 3, 4, 9])
    assert list(ended.items()) == [(i, "SampleError" if i in (0, 3, 4, 9) else f"{i}.csv") for i in range(10)]


@BOARD
def test_a_deadline_counts_the_wait_for_the_turn(worker):
    """The first is at work until the two with deadlines have failed; its connection is not harmed."""
    ended, made = share(worker, count=4, deadlines=[(1, 30), (3, 90)])
    assert list(ended.items()) == [(1, "DeadlineError"), (3, "DeadlineError"), (0, "0.csv"), (2, "2.csv")]
    assert len(made.connections) == 1


@BOARD
def test_two_clients_work_side_by_side(worker):
    """Each waits for a reply that comes only when both requests are there."""
    barrier = threading.Barrier(2)

    def handler(made, connection, number):
        while made.take(connection):
            barrier.wait(10)
            connection.reply()

    source = (
        AIO
        + """
clients = [AsyncClient(KEY, url=url) for _ in range(2)]
async def main():
    return await asyncio.gather(*[c.send("training", File(b"x", name="a.csv")) for c in clients])
result = [one.file_name for one in run(main(), *clients)]
"""
    )
    with peer(handler) as made:
        assert worker.run(source, url=made.url) == ["stored.cbor"] * 2


CLOSED = (
    AIO
    + """
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
result = run(main())
"""
)


@BOARD
@PLAIN_AND_TLS
def test_closed_while_another_task_uses_it(worker, tls):
    with serving(answering(), tls) as (_, where):
        found = worker.run(CLOSED, **where)
    assert found[8][1] == "the client was closed during the call"
    for opened, outcome, last in found:
        assert (opened, last) == (0, "close")
        assert outcome in ("sent", "the client was closed during the call")


ROWS = (
    AIO
    + """
class Later:
    # Rows that another task provides; until then there are none.
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

async def provide(source, step):
    data = bytes(array("h", range(900)))
    for at in range(0, len(data), step):
        await asyncio.sleep_ms(2)
        source.ready += data[at:at + step]

async def main():
    source = Later()
    sample = Sample([("x", "m"), ("y", "m"), ("z", "m")], 10, source, "UNIX", typecode="h", rows=300, iat=1)
    if step:
        asyncio.create_task(provide(source, step))
    else:
        await provide(source, 1800)
    await client.send("training", sample)

client = AsyncClient(KEY, url=url, hmac_key="0" * 32, **dict(options))
run(main(), client)
"""
)


@BOTH
@PLAIN_AND_TLS
@pytest.mark.parametrize("step", [1 + 2 * 17, 600, 1800])
def test_rows_that_another_task_provides(worker, tls, step):
    """However they are cut, they arrive as rows that were there at once."""
    with serving(by_name, tls) as (made, where):
        for one in (step, 0):
            worker.run(ROWS, step=one, **where)
    assert made.requests[0].body == made.requests[1].body
    values = cbor2.loads(made.requests[0].body)["payload"]["values"]
    assert [value for row in values for value in row] == list(range(900))


CONTINUOUS = (
    AIO
    + """
from edgeingest.capture import Continuous
count = 0
def read(buffer, offset):
    global count
    buffer[offset] = count
    buffer[offset + 1] = -count
    count += 1

async def main():
    sensors = (("x", "N/A"), ("y", "N/A"))
    options = {"typecode": "h", "tolerance": None, "timer": False, "name": "c"}
    during = 0
    with Continuous(read, 200, 4000, sensors, "UNIX", **options) as samples:
        async for sample in samples:
            before = count
            await client.send("training", sample)
            during += count - before
            if count >= 600:
                return samples.lost, during
client = AsyncClient(KEY, url=url, hmac_key="0" * 32, **dict(options))
result = run(main(), client)
"""
)


@BOARD
@PLAIN_AND_TLS
def test_rows_are_captured_while_others_are_sent(worker, tls):
    """Each reply takes 200 ms, that is 50 rows; none is lost unless one takes 800 ms."""

    def handler(made, connection, number):
        while request := made.take(connection):
            threading.Event().wait(0.2)
            connection.reply(request.field("X-File-Name"))

    with serving(handler, tls) as (made, where):
        lost, during = worker.run(CONTINUOUS, **where)
    rows = [row for request in made.requests for row in cbor2.loads(request.body)["payload"]["values"]]
    assert rows == [[i, -i] for i in range(len(rows))]
    assert len(rows) >= 400
    assert lost == 0
    assert during > 30
