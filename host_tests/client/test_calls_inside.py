"""A call on a client that is at work, a body that two calls share, errors of the caller's code, long first passes."""

import pytest
from support.device_source import device_source
from support.peer import peer, stored

UNIX = pytest.mark.modes("py", "mpy")
BOARD = pytest.mark.modes("mpy")
DRIVERS = pytest.mark.parametrize("driver", ["Client", "AsyncClient"])
PLACES = pytest.mark.parametrize("where", ["on_stored", "rows", "first pass", "second pass", "rewind"])
CALLS = device_source("client/calls_inside_device")


def by_endpoint(made, connection, number):
    """Answers each endpoint in its own form; a name for each file."""
    while request := made.take(connection):
        if request.target.endswith("/files"):
            names = [part.split(b'"')[0].decode() for part in request.body.split(b'filename="')[1:]]
            connection.reply(stored(*names))
        else:
            connection.reply(request.field("X-File-Name"))


@UNIX
@DRIVERS
@PLACES
@pytest.mark.parametrize("what", ["send", "upload", "close"])
def test_a_call_on_a_client_at_work_is_refused(worker, driver, where, what):
    """It says so, and the call at work goes on as if nothing had been."""
    with peer(by_endpoint) as made:
        errors, count, again, left_open = worker.define(CALLS).call_inside(driver, made.url, where, what)
    [error] = errors
    assert error.startswith("SampleError: the client is at work")
    assert (count, again, left_open) == (3, "again.cbor", 0)
    assert len(made.requests) == 2  # nothing of the inner call has left
    assert all(b"inner" not in request.raw for request in made.requests)
    assert len(made.connections) == 1


@UNIX
def test_another_task_that_begins_inside_waits_for_its_turn(worker):
    with peer(by_endpoint) as made:
        assert worker.define(CALLS).task_begun_inside(made.url) == (1, "later.cbor")


KINDS = [
    "path",
    "bytes",
    "body",
    "signed",
    "csv",
    "row source",
    "sample of a row source",
    "two of one stream",
    "wrapped",
]


@UNIX
@pytest.mark.parametrize("kind", KINDS)
def test_a_body_that_another_call_sends_is_refused(worker, kind, tmp_path):
    """The first call goes on unharmed, and the body can be sent again when that has ended."""
    path = tmp_path / "own.cbor"
    path.write_bytes(b"p" * 6000)
    with peer(by_endpoint) as made:
        first, second, again = worker.define(CALLS).shared(made.url, kind, str(path))
    assert first.endswith((".cbor", ".csv"))
    assert second.startswith("SampleError: ") and "another call" in second
    assert len(made.requests) == 1 + (again is not None)
    if again is not None:
        own, alone = [request.body.split(b"\r\n\r\n", 1)[1].split(b"\r\n--")[0] for request in made.requests]
        assert own == alone
        assert not again.startswith("SampleError")


@UNIX
@DRIVERS
@PLACES
@pytest.mark.parametrize("kind", ["NetworkError", "ServiceError", "ProtocolError", "SampleError", "DeadlineError"])
@pytest.mark.parametrize("retry", [False, True])
def test_what_the_callers_code_raises_comes_out_once(worker, driver, where, kind, retry):
    """Also errors of the library, from another client for instance: they are not the upload's own."""
    if kind == "ServiceError" and retry:
        kind = "FilesError"
    with peer(by_endpoint) as made:
        found = worker.define(CALLS).raised_inside(driver, made.url, where, kind, retry)
    assert found == (True, 1, "again.cbor", 0)
    assert len(made.requests) == (2 if where == "on_stored" else 1)


@UNIX
@DRIVERS
def test_a_deadline_covers_the_first_pass(worker, driver):
    with peer(by_endpoint) as made:
        error, took, count, again = worker.define(CALLS).slow_first_pass(driver, made.url, 100)
    assert error[0] == "DeadlineError" and "before" in error[1] and error[2] == 0
    assert took < 250
    assert count < 60
    assert (again, len(made.requests)) == ("again.cbor", 2)


@BOARD
def test_a_deadline_covers_the_making_of_one_body(worker):
    with peer(by_endpoint) as made:
        text, sent = worker.define(CALLS).slow_send(made.url)
    assert ("before" in text, sent, made.connections) == (True, 0, [])


@BOARD
def test_other_tasks_run_in_the_first_pass(worker):
    with peer(by_endpoint) as made:
        count, longest = worker.define(CALLS).longest_block(made.url, 100, False)
    assert count == 100
    assert longest < 150  # a few samples a window, of 3 ms each; 300 ms and more if the first pass were in one piece
