"""Calls over sockets that behave as those of lwIP's boards and of ESP32 do, which differ from unix: see fakes."""

import time

import pytest
from support.calls import first_then_good
from support.device_source import device_source
from support.imus import FAKES
from support.peer import answering, peer, reply

DRIVERS = pytest.mark.parametrize("driver", ["Client", "AsyncClient"])
PORTS = pytest.mark.parametrize("port", ["lwip", "esp32"])
DEVICE = device_source("client/board_sockets_device")


@pytest.fixture(scope="module")
def device(workers):
    return workers("mpy", paths=[FAKES]).define(DEVICE)


@DRIVERS
@PORTS
def test_calls_are_made(device, port, driver):
    with peer(answering()) as made:
        found, crashes, *_ = device.calls(port, driver, made.url, [100, 3000, 50_000, 200])
    assert [outcome for outcome, *_ in found] == ["stored.cbor"] * 4
    assert crashes == []
    assert [len(request.body) for request in made.requests] == [100, 3000, 50_000, 200]
    assert len(made.connections) == 1


# -- setsockopt writes through pcb.tcp, which is NULL after an RST


@DRIVERS
@pytest.mark.parametrize("port", ["lwip", "esp32"])
@pytest.mark.parametrize("size", [3000, 100_000])
def test_no_option_is_set_after_a_reset(device, port, driver, size):
    """The peer resets before the last window; the body takes its time."""

    def first(made, connection):
        connection.read_until(b"\r\n\r\n")
        connection.reset()

    with peer(first_then_good(first)) as made:
        found, crashes, options, _ = device.calls(port, driver, made.url, [size, 100], slow_ms=5)
    assert crashes == []
    assert found[0][0].startswith("NetworkError: ")
    assert found[1][0] == "stored.cbor"
    assert options == [(1, 1, 0)] * 2  # TCP_NODELAY, on, before it is connected: each once


# -- a reply that is followed at once by an RST


@DRIVERS
@pytest.mark.parametrize("port", ["unix", "lwip", "esp32"])
@pytest.mark.parametrize(("status", "result"), [(200, "stored.cbor"), (401, "ServiceError: ")])
def test_a_reply_before_a_reset_is_read(device, port, driver, status, result):
    """`readinto` goes on until its view is full, and drops what it has when it fails then."""

    def first(made, connection):
        made.take(connection)
        connection.reply("stored.cbor", status)
        connection.reset()

    with peer(first_then_good(first)) as made:
        found, *_ = device.calls(port, driver, made.url, [1000, 100], wait_ms=30)
    assert found[0][0].startswith(result)
    assert found[1][0] == "stored.cbor"


@DRIVERS
@pytest.mark.parametrize("gap", [1, 60, 255, 256, 257, 700])
def test_no_byte_of_a_reply_is_read_twice_or_lost_before_a_reset(device, driver, gap):
    """The pieces of the reply end anywhere, also at the end of the buffer."""
    name = "n" * 900

    def first(made, connection):
        made.take(connection)
        data = reply(name)
        connection.send(data[:gap])
        time.sleep(0.03)
        connection.send(data[gap:])
        connection.reset()

    with peer(first_then_good(first)) as made:
        found, *_ = device.calls("unix", driver, made.url, [1000], wait_ms=10)
    assert found[0][0] == name


@DRIVERS
def test_half_a_reply_before_a_reset_is_an_error(device, driver):
    def first(made, connection):
        made.take(connection)
        connection.send(reply("stored.cbor")[:-3])
        connection.reset()

    with peer(first_then_good(first)) as made:
        found, *_ = device.calls("unix", driver, made.url, [1000], wait_ms=30)
    assert "ECONNRESET" in found[0][0]


@DRIVERS
@pytest.mark.parametrize("size", [20_000, 3_000_000])
def test_a_refusal_is_read_when_the_peer_closes_with_bytes_unread(device, driver, size):
    """A plain close() of Linux is an RST then."""

    def first(made, connection):
        connection.socket.recv(10)
        connection.reply("the key is wrong", 401)
        time.sleep(0.02)

    with peer(first_then_good(first)) as made:
        found, *_ = device.calls("unix", driver, made.url, [size, 100])
    assert found[0][0].startswith("ServiceError: ")
    assert found[1][0] == "stored.cbor"
