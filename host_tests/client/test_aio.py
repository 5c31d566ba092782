"""`AsyncClient` compared with `Client`: the same requests, results and errors."""

import threading

import pytest
from support.aio import awaited, serving
from support.calls import BIG, BODIES, BROKEN, attempt, first_then_good, replying, second_call, writes
from support.chains import FAULTS, bad_chain
from support.device_source import device_source
from support.peer import DEVICE, answering, free_port, peer, reply, stored
from support.worker import DeviceError

BOTH = pytest.mark.modes("py", "mpy")
BOARD = pytest.mark.modes("mpy")
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])

BOTH_CLIENTS = device_source("client/both_clients_device")


@BOTH
@PLAIN_AND_TLS
def test_the_same_requests_and_results_as_client(worker, tls, tmp_path):
    (tmp_path / "f.csv").write_bytes(bytes(range(256)) * 40)

    def handler(made, connection, number):
        while request := made.take(connection):
            connection.reply(stored("a", "b", "c", "d") if "files" in request.target else "name.cbor")

    with serving(handler, tls) as (made, where):
        results = [
            worker.define(BOTH_CLIENTS).everything(driver, str(tmp_path / "f.csv"), **where)
            for driver in ("Client", "AsyncClient")
        ]
    assert results[0] == results[1]
    assert "'d', sample_id=3" in results[1][1]
    raw = [request.raw for request in made.requests]
    assert (raw[:4], len(raw), len(made.connections)) == (raw[4:], 8, 2)


@BOARD
@pytest.mark.parametrize("call", ["send", "upload"])
@pytest.mark.parametrize("status", [301, 401, 503])
def test_statuses(worker, call, status):
    with peer(replying(reply("the reason", status, Retry_After="7"), close=False)) as made:
        found = attempt(worker, made, call=call, driver="AsyncClient")
    assert (found.type, found.status, found.body, found.retry_after) == ("ServiceError", status, "the reason", 7)


@BOARD
@pytest.mark.parametrize("name", BROKEN)
def test_broken_replies(worker, name):
    data, wanted = BROKEN[name]
    with peer(replying(data)) as made:
        assert attempt(worker, made, driver="AsyncClient").type == wanted


@BOARD
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_not_its_size(worker, name):
    script, size = BODIES[name]
    with peer(first_then_good(lambda made, connection: connection.until_closed())) as made:
        found = attempt(worker, made, script, size, driver="AsyncClient")
    assert (found.type, "own.cbor" in found.text) == ("SampleError", True)


@BOARD
@pytest.mark.parametrize("before", [[], [b"x" * 5000], [None, None]], ids=["at once", "later", "waited"])
def test_what_the_callers_source_raises_passes_through(worker, before):
    with peer(first_then_good(lambda made, connection: connection.until_closed())) as made:
        assert attempt(worker, made, before, driver="AsyncClient", raises=True).type == "KeyError"


@BOARD
@pytest.mark.parametrize(
    ("status", "ending"), [(413, "close"), (413, "reset"), (413, "wait"), (413, "drain"), (200, "wait")]
)
def test_early_replies(worker, status, ending):
    def first(made, connection):
        connection.read_until(b"\r\n\r\n")
        connection.reply("because", status)
        if ending == "reset":
            threading.Event().wait(0.05)  # an immediate reset would discard the reply
            connection.reset()
        elif ending == "wait":
            made.closing.wait(10)
        elif ending == "drain":
            connection.until_closed()

    with peer(first_then_good(first)) as made:
        found = attempt(worker, made, **BIG, driver="AsyncClient")
    if status == 200:
        assert found.type == "ProtocolError"
    else:
        assert (found.type, found.status, found.body) == ("ServiceError", 413, "because")


@BOARD
def test_an_early_refusal_over_tls(worker):
    """TLS decrypts the reply at once, and the client reads 64 bytes at a time."""

    def handler(made, connection, number):
        connection.read_until(b"\r\n\r\n")
        connection.reply("because " * 100, 413)
        made.closing.wait(10)

    source = awaited(DEVICE) + "Client(KEY, **where).send('training', Bytes([b'x' * 50_000] * 100))\n"
    with serving(handler, True) as (made, where), pytest.raises(DeviceError) as caught:
        worker.run(source, where={"url": where["url"], **dict(where["options"])})
    assert (caught.value.type, caught.value.status) == ("ServiceError", 413)


@BOARD
def test_a_peer_that_goes_away_while_we_send(worker):
    with peer(first_then_good(lambda made, connection: connection.read_until(b"x" * 100_000))) as made:
        found = attempt(worker, made, **BIG, driver="AsyncClient")
    assert (found.type, 100_000 <= found.sent < 5_000_000) == ("NetworkError", True)


@BOARD
def test_nobody_listens(worker):
    with pytest.raises(DeviceError) as caught:
        source = awaited(DEVICE) + "Client(KEY, url=url).send('training', File(b'x', name='x.csv'))\n"
        worker.run(source, url=f"http://127.0.0.1:{free_port()}")
    assert (caught.value.type, caught.value.errno) == ("NetworkError", 111)


@BOARD
@pytest.mark.parametrize("fault", FAULTS)
def test_bad_certificates(worker, fault, tmp_path):
    context, ca = bad_chain(fault, tmp_path)
    source = awaited(DEVICE) + "Client(KEY, url=url, ca=ca).send('training', File(b'x', name='x.csv'))\n"
    with peer(answering(), context) as made, pytest.raises(DeviceError) as caught:
        worker.run(source, url=f"https://localhost:{made.port}", ca=ca)
    assert (caught.value.type, caught.value.sent, made.requests) == ("CertificateError", 0, [])


@BOARD
@pytest.mark.parametrize("unique", [True, False])
def test_kept_connections_and_replay(worker, unique):
    """A connection closed between calls is replaced; closed after a byte was sent, replayed only if that is safe."""

    def handler(made, connection, number):
        made.take(connection)
        connection.reply()
        if number == 0:
            made.take(connection)

    with peer(handler) as made:
        arguments = {"url": made.url, "wait": 0, "unique": unique, "rewindable": True}
        if unique:
            second_call(worker, driver="AsyncClient", **arguments)
        else:
            with pytest.raises(DeviceError, match="NetworkError"):
                second_call(worker, driver="AsyncClient", **arguments)
    assert [request.body for request in made.requests] == [b"one", b"two", b"two"][: 2 + unique]
    with peer(lambda made, connection, number: connection.reply() if made.take(connection) else None) as made:
        arguments.update(url=made.url, wait=50, rewindable=False)
        second_call(worker, driver="AsyncClient", **arguments)
    assert [request.body for request in made.requests] == [b"one", b"two"]


@BOARD
@pytest.mark.parametrize("buffer_size", [64, 2048, 16384])
def test_full_windows(worker, buffer_size):
    with peer(answering()) as made:
        sizes = writes(worker, made.url, [b"x" * 20_000] * 3, buffer_size, "AsyncClient")
    assert sum(sizes) == len(made.requests[0].raw)
    assert len(sizes) == -(-sum(sizes) // buffer_size)
