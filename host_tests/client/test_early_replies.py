"""A service that answers before it has the whole request: the error has its text, and sending stops."""

import contextlib

import pytest
from support.aio import serving
from support.calls import attempt, first_then_good
from support.device_source import device_source
from support.peer import DUPLICATE, answering, peer, reply

BOARD = pytest.mark.modes("mpy")
BOTH = pytest.mark.parametrize("driver", ["Client", "AsyncClient"])
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])

DEVICE = device_source("client/early_replies_device")
SIZE = 30_000_000


@BOARD
@BOTH
@PLAIN_AND_TLS
@pytest.mark.parametrize("status", [401, 413, 503])
def test_a_large_body_is_no_longer_sent(worker, driver, tls, status):
    """The peer reads as fast as the client sends, so no write ever waits."""
    taken = []

    def handler(made, connection, number):
        with contextlib.suppress(OSError):
            while len(connection.received) < 1_200_000:
                connection.recv()
            connection.reply("because", status)
            while data := connection.socket.recv(1 << 16):
                taken.append(len(data))

    with serving(handler, tls) as (made, where):
        assert worker.define(DEVICE).send_long(driver, size=SIZE, **where) == [(status, "because")]
    assert sum(taken) < SIZE // 2


@BOARD
@BOTH
def test_a_long_refusal_stops_it_too(worker, driver):
    """The head of the reply is enough: the peer may read on before it has sent the whole reply."""

    def handler(made, connection, number):
        connection.read_until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 413 No\r\nContent-Length: 1000000\r\n\r\n" + b"<html>" * 1000)
        made.closing.wait(10)

    with peer(handler) as made:
        found = worker.define(DEVICE).send_long(driver, made.url, SIZE, options=[("timeout_ms", 3000)])
    assert found == [(413, ("<html>" * 40)[:200])]


@BOARD
@BOTH
def test_a_connection_with_half_a_request_is_not_used_again(worker, driver):
    """The service reports a duplicate after the head: no error, but half of the request was sent."""

    def first(made, connection):
        connection.read_until(b"\r\n\r\n")
        connection.reply(DUPLICATE, 400)
        connection.until_closed()

    with peer(first_then_good(first)) as made:
        found = worker.define(DEVICE).send_long(driver, made.url, SIZE, again=True)
    assert found == [("long.cbor", None, True), ("stored.cbor", None, False)]
    assert len(made.connections) == 2


@BOARD
@BOTH
@pytest.mark.parametrize("size", [300, 30_000, 5_000_000])
@pytest.mark.parametrize("status", [401, 413])
def test_a_refusal_before_a_close_is_read(worker, driver, size, status):
    """The peer closes with bytes unread, which resets the connection: our write fails with EPIPE or ECONNRESET.

    The peer waits until the reply has arrived: a reset discards what is still in transit."""

    def first(made, connection):
        connection.socket.recv(100)
        connection.reply("because", status)
        made.closing.wait(0.03)

    with peer(first_then_good(first)) as made:
        found = attempt(worker, made, [b"x" * (size // 100)], times=100, driver=driver)
    assert (found.type, found.status, found.body) == ("ServiceError", status, "because")


@BOARD
@BOTH
def test_interim_replies_stop_nothing(worker, driver):
    def handler(made, connection, number):
        connection.read_until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        while len(connection.received) < SIZE:
            connection.recv()
        connection.reply("name.cbor")
        connection.until_closed()

    with peer(handler) as made:
        found = worker.define(DEVICE).send_long(driver, made.url, SIZE)
    assert found == [("name.cbor", None, False)]


@BOARD
@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_before_the_end_is_an_error(worker, status):
    def first(made, connection):
        connection.read_until(b"\r\n\r\n")
        connection.send(reply("stored.cbor", status))
        connection.until_closed()

    with peer(first_then_good(first)) as made:
        found = attempt(worker, made, [b"x" * 50_000], times=100)
    assert (found.type, str(status) in found.text) == ("ProtocolError", True)


@BOARD
@BOTH
def test_a_reply_to_the_last_byte_is_not_early(worker, driver):
    """The reply arrives before the write of the last window returns."""
    with peer(answering("name")) as made:
        assert worker.define(DEVICE).slow_writes(driver, made.url, [70_000, 140_000, 262_000]) == ["name"] * 3
