"""Calls over sockets that behave as those of lwIP's boards and of ESP32 do, which differ from unix: see fakes."""

import contextlib
import time

import pytest
from support.aio import full_listener, serving
from support.calls import first_then_good
from support.device_source import device_source
from support.imus import FAKES
from support.peer import answering, free_port, peer, reply

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
    if port == "lwip":
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


# -- ESP32: a refused connection is writable, and its address may be None


@DRIVERS
@pytest.mark.parametrize("port", ["unix", "lwip", "esp32"])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_refused_connection_has_the_same_words_everywhere(device, port, driver, tls):
    url = f"{'https' if tls else 'http'}://127.0.0.1:{free_port()}"
    options = [("insecure", True)] if tls else []
    [(text, sent, errno)], crashes, *_ = device.calls(port, driver, url, [100], options=options)
    assert "cannot be connected to" in text
    assert "nothing listens there" in text
    assert sent == 0
    assert crashes == []


@DRIVERS
def test_the_next_address_is_tried_after_a_refusal(device, driver):
    with peer(answering()) as made:
        settings = [("addresses", [free_port(), made.port])]
        [(outcome, *_)], *_ = device.calls("esp32", driver, "http://board.example", [100], settings=settings)
    assert outcome == "stored.cbor"


@DRIVERS
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_name_with_ipv6_alone(device, driver, tls):
    settings = [("names", {"board.example": None})]
    url, options = (f"{'https' if tls else 'http'}://board.example:80", [("insecure", True)] if tls else [])
    [(text, sent, _)], *_ = device.calls("esp32", driver, url, [100], settings=settings, options=options)
    assert text.startswith("NetworkError: board.example:80 cannot be found: ")
    assert "no IPv4 address" in text
    assert sent == 0


@DRIVERS
@pytest.mark.parametrize(
    ("port", "code", "words"),
    [
        ("lwip", -2, "no such name"),
        ("lwip", -6, "no name server"),
        ("lwip", -16, "no such name"),
        ("esp32", -202, "no such name, or no name server answers"),
        ("esp32", -2, "no such name"),
    ],
)
def test_the_codes_of_a_look_up_are_said_in_words(device, driver, port, code, words):
    settings = [("names", {"board.example": code})]
    [(text, _, errno)], *_ = device.calls(port, driver, "http://board.example", [100], settings=settings)
    assert words in text
    assert errno == code


@DRIVERS
@PORTS
def test_one_address_comes_back_and_the_name_is_asked_again(device, port, driver):
    """A Retry so comes to the others."""
    with peer(answering()) as made:
        settings = [("names", {"board.example": [free_port(), free_port(), made.port]})]
        arguments = {"settings": settings, "attempts": 3}
        found, *_ = device.calls(port, driver, "http://board.example", [100], **arguments)
    assert found[0][0] == "stored.cbor"


# -- a link that is down


@DRIVERS
@PORTS
@pytest.mark.parametrize("errno", [5, 113, -1])
def test_without_a_link_the_window_is_not_sent_twice(device, port, driver, errno):
    """lwIP has queued it already when it says that there is no way (tcp_output after tcp_write): it sends it later."""
    with peer(answering()) as made:
        arguments = {"settings": [("write_errors", {1: errno})], "attempts": 2}
        [(outcome, *_)], *_ = device.calls(port, driver, made.url, [20_000], **arguments)
        start = time.monotonic()
        [(text, sent, number)], *_ = device.calls(port, driver, made.url, [20_000], settings=arguments["settings"])
        took = time.monotonic() - start
    assert took < 2  # no reply is waited for: only what has come already is read
    assert outcome == "stored.cbor"
    assert [len(request.body) for request in made.requests] == [20_000]
    assert (sent > 0, number) == (True, errno)
    assert "cannot be sent to: " in text
    assert "is the network up" in text


# -- lwIP: what a closed connection holds, and a heap without space


def stalling(made, connection, number):
    """The first connection is read no more after its head; the others are served."""
    if number == 0:
        connection.read_until(b"\r\n\r\n")
        made.closing.wait(10)
    else:
        answering()(made, connection, number)


@DRIVERS
def test_after_a_stalled_upload_the_next_one_is_stored(device, driver):
    """Without a wait it stands still in `write` for 10 s, and all other tasks with it, and its bytes are lost."""
    with peer(stalling) as made:
        found, freezes = device.stalled_then_good(driver, made.url, timeout_ms=150)
    assert found[0].startswith("DeadlineError: ")
    assert found[1] == "stored.cbor"
    assert freezes[0] < 30


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@DRIVERS
def test_windows_are_whole_segments(device, driver, tls):
    """800 bytes with what TLS adds: a segment that is not full holds as much of the heap."""
    with serving(answering(), tls) as (made, where):
        for size, expected in ((2048, 1600), (800, 800), (799, 799 + 29 * tls), (16384, 16000)):
            assert device.window(driver, size, **where) + 29 * tls == expected


def test_a_cancelled_call_is_waited_for(device):
    with peer(stalling) as made:
        took, outcome, most = device.cancelled_then_good(made.url)
    assert outcome == "stored.cbor"
    assert 250 <= took < 1500
    assert most < 60  # other tasks run meanwhile


@DRIVERS
def test_a_deadline_that_ends_while_it_waits(device, driver):
    with peer(stalling) as made:
        found, _ = device.stalled_then_good(driver, made.url, timeout_ms=150, deadline_ms=60)
    assert found[1].startswith("DeadlineError: no time left while waiting for lwIP's memory")


@DRIVERS
def test_a_good_call_is_not_waited_for(device, driver):
    def handler(made, connection, number):
        made.take(connection)
        connection.reply(Connection="close")

    with peer(handler) as made:
        assert device.held_after(driver, made.url, [5000, 100]) == [False, False]


@DRIVERS
def test_a_reset_is_not_waited_for(device, driver):
    def handler(made, connection, number):
        connection.read_until(b"\r\n\r\n")
        connection.reset()

    with peer(handler) as made:
        assert device.held_after(driver, made.url, [5000, 100]) == [False, False]


@DRIVERS
def test_an_early_refusal_is_waited_for(device, driver):
    def handler(made, connection, number):
        connection.read_until(b"\r\n\r\n")
        connection.reply("because", 413)
        made.closing.wait(10)

    with peer(handler) as made:
        assert device.held_after(driver, made.url, [5_000_000]) == [True]


@DRIVERS
@pytest.mark.parametrize("setting", ["no_pcbs", "enobufs"])
def test_no_memory_is_not_now(device, driver, setting):
    with peer(answering()) as made:
        [(outcome, *_)], *_ = device.calls("lwip", driver, made.url, [5000], settings=[(setting, 3)])
    assert outcome == "stored.cbor"
    assert [len(request.body) for request in made.requests] == [5000]


@DRIVERS
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_no_memory_for_a_connection_at_all(device, driver, tls):
    options = [("timeout_ms", 250), *([("insecure", True)] if tls else [])]
    url = f"{'https' if tls else 'http'}://127.0.0.1:9"
    [(text, *_)], *_ = device.calls("lwip", driver, url, [1], settings=[("no_pcbs", 1000)], options=options)
    assert "lwIP has no memory for a connection" in text


# -- lwIP of 1.23 and 1.24: writable before it is connected


@DRIVERS
@pytest.mark.parametrize("early", [False, True], ids=["1.25", "1.24"])
def test_nothing_counts_as_sent_before_it_is_connected(device, driver, early):
    """Otherwise a Retry that must not send twice would not send at all."""
    with contextlib.ExitStack() as stack:
        url = full_listener(stack)
        arguments = {"settings": [("early_pollout", early)], "options": [("timeout_ms", 100)]}
        [(text, sent, _)], *_ = device.calls("lwip", driver, url, [100], attempts=2, unique=False, **arguments)
    assert text.startswith("DeadlineError: no time left while connecting to 127.0.0.1")
    assert "attempt 2 of 2" in text
    assert sent == 0
