"""`AsyncClient` among many tasks: shared by several, fed by another task, closed during a call."""

import threading

import cbor2
import pytest
from support.aio import serving
from support.device_source import device_source
from support.peer import answering, peer

BOARD = pytest.mark.modes("mpy")
BOTH = pytest.mark.modes("py", "mpy")
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])

TASKS = device_source("client/aio_tasks_device")


def by_name(made, connection, number):
    while request := made.take(connection):
        connection.reply(request.field("X-File-Name"))


def share(worker, tls=False, count=10, cancelled=(), failing=(), deadlines=()):
    """Returns ({index: outcome} in the order in which the tasks that share a client ended, peer)."""
    with serving(by_name, tls) as (made, where):
        options = {"cancelled": list(cancelled), "failing": list(failing), "deadlines": list(deadlines)}
        again, ended = worker.define(TASKS).share(count=count, **options, **where)
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
    """The tasks that wait keep their turn, and the one that sends keeps its connection."""
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
    """The first call lasts until the two with deadlines have failed; its connection is kept."""
    ended, made = share(worker, count=4, deadlines=[(1, 30), (3, 90)])
    assert list(ended.items()) == [(1, "DeadlineError"), (3, "DeadlineError"), (0, "0.csv"), (2, "2.csv")]
    assert len(made.connections) == 1


@BOARD
def test_two_clients_work_side_by_side(worker):
    """The peer replies only when it has both requests."""
    barrier = threading.Barrier(2)

    def handler(made, connection, number):
        while made.take(connection):
            barrier.wait(10)
            connection.reply()

    with peer(handler) as made:
        assert worker.define(TASKS).two_clients(made.url) == ["stored.cbor"] * 2


@BOARD
@PLAIN_AND_TLS
def test_closed_while_another_task_uses_it(worker, tls):
    with serving(answering(), tls) as (_, where):
        found = worker.define(TASKS).closed_in_use(**where)
    assert found[8][1] == "the client was closed during the call"
    for opened, outcome, last in found:
        assert (opened, last) == (0, "close")
        assert outcome in ("sent", "the client was closed during the call")


@BOTH
@PLAIN_AND_TLS
@pytest.mark.parametrize("step", [1 + 2 * 17, 600, 1800])
def test_rows_that_another_task_provides(worker, tls, step):
    """However they are cut, the message equals that of rows that were ready at once."""
    with serving(by_name, tls) as (made, where):
        for one in (step, 0):
            worker.define(TASKS).send_rows(step=one, **where)
    assert made.requests[0].body == made.requests[1].body
    values = cbor2.loads(made.requests[0].body)["payload"]["values"]
    assert [value for row in values for value in row] == list(range(900))


@BOARD
@PLAIN_AND_TLS
def test_rows_are_captured_while_others_are_sent(worker, tls):
    """Each reply takes 200 ms, in which 50 rows are captured; rows are lost only if one takes 800 ms."""

    def handler(made, connection, number):
        while request := made.take(connection):
            threading.Event().wait(0.2)
            connection.reply(request.field("X-File-Name"))

    with serving(handler, tls) as (made, where):
        lost, during = worker.define(TASKS).send_while_capturing(**where)
    rows = [row for request in made.requests for row in cbor2.loads(request.body)["payload"]["values"]]
    assert rows == [[i, -i] for i in range(len(rows))]
    assert len(rows) >= 400
    assert lost == 0
    assert during > 30
