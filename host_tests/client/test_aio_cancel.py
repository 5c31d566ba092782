"""`AsyncClient` calls that are cancelled at every step: nothing stays open, and the client remains usable."""

import contextlib

import pytest
from support.aio import Chains, full_listener, serving
from support.device_source import device_source
from support.peer import answering, peer, stored

BOARD = pytest.mark.modes("mpy")
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])

PREPARING = {"send": 0, "upload": 11, "lazy": 10}  # steps in which the bodies and parts of a request are made
CANCEL = device_source("client/aio_cancel_device")


def cancel(worker, steps=tuple(range(500)), way="steps", call="send", kept=False, good=True, script=None, **where):
    """Cancels calls after these steps; checks each, and returns (steps, ended well, descriptors, log of the body)."""
    found = worker.define(CANCEL).cancel_calls(
        steps=list(steps), way=way, call=call, kept=kept, good=good, script=script, **{"path": None, **where}
    )
    for k, done, opened, log in found:
        began = k > 0 if way == "steps" else "rewind" in log
        # a call that has not used the connection leaves it open; one that ended well keeps it
        unused = not began or opened and way == "steps" and k <= PREPARING[call]
        assert done or opened == (kept and unused), (k, opened)
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
    """Every second connection stalls until the end of the test."""

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
        found = cancel(worker, [0, 1, 2, 3, 9], good=False, url=full_listener(stack), options=[])
    assert len(found) == 5
