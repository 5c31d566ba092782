"""URLs, name look-up, connecting, and every limit of time, on real sockets."""

import contextlib
import socket
import threading
import time

import pytest
from support.device_source import device_source
from support.peer import DEVICE, answering, free_port, peer, reply
from support.worker import DeviceError

UNIX = pytest.mark.modes("py", "mpy", "cpython")
BOARD = pytest.mark.modes("mpy")

PARSE = """
from edgeingest.url import parse_url

def parse(url):
    return parse_url(url)
"""
GOOD = {
    "http://a": (False, "a", 80, "a"),
    "HTTP://A.b-c.example/": (False, "A.b-c.example", 80, "A.b-c.example"),
    "https://ingestion.edgeimpulse.com": (True, "ingestion.edgeimpulse.com", 443, "ingestion.edgeimpulse.com"),
    "http://127.0.0.1:4810": (False, "127.0.0.1", 4810, "127.0.0.1:4810"),
    "http://h:80/": (False, "h", 80, "h"),
    "https://h:443": (True, "h", 443, "h"),
    "https://h:80": (True, "h", 80, "h:80"),
    "http://[::1]": (False, "::1", 80, "[::1]"),
    "https://[fe80::1:2]:8443/": (True, "fe80::1:2", 8443, "[fe80::1:2]:8443"),
    "http://[::ffff:127.0.0.1]:1": (False, "::ffff:127.0.0.1", 1, "[::ffff:127.0.0.1]:1"),
    "http://h:65535": (False, "h", 65535, "h:65535"),
}
BAD = [
    "", "h", "//h", "ftp://h", "ws://h", "http:h", "http:/h", "http://", "http:///", "https://:80", "http://h:", "http://h:0",
    "http://h:65536", "http://h:-1", "http://h:8x", "http://h:0x50", "http://h:\xb2", "http://h:999999", "http://h/api",
    "http://h//", "http://h?x", "http://h#x", "http://user@h", "http://user:pw@h", "http://h h", "http://h\r\nX: y",
    "http://h\n", "http://h\0", "http://h\t", "http://ä.de", "http://[::1", "http://[::1]x", "http://[]", "http://[h]",
    "http://[1.2.3.4]", "http://[::1%25eth0]", "http://::1", "http://" + "h" * 254, " http://h", "http://h ", None, 5,
    b"http://h", ["http://h"], "http://h\\x", "http://h:80:80", "http://[::1]:", "https://",
]  # fmt: skip


@pytest.mark.modes("py", "mpy", "native", "cpython")
def test_urls(worker):
    parse = worker.define(PARSE).parse
    for url, wanted in GOOD.items():
        assert parse(url) == wanted, url
    for url in BAD:
        with pytest.raises(DeviceError) as caught:
            parse(url)
        assert (caught.value.type, caught.value.text[:5]) == ("SampleError", "url: "), url


@pytest.mark.modes("mpy", "cpython")
def test_the_public_service_is_the_default(worker):
    source = DEVICE + (
        "from edgeingest.url import parse_url\nclient = Client(KEY, insecure=True)\n"
        "made = client._connection\ntls, host, port, shown = parse_url('https://ingestion.edgeimpulse.com')\n"
        "result = (made._host, made._port, client._host) == (host, port, shown)"
    )
    assert worker.run(source) is True


def error_of(worker, source, **data):
    with pytest.raises(DeviceError) as caught:
        worker.run(DEVICE + source, **data)
    return caught.value


STREAM = device_source("protocol/stream_device")
SEND = "result = Client(KEY, url=url).send('training', Bytes([b'x'])).file_name\n"


@UNIX
def test_a_refused_connection(worker):
    error = error_of(worker, SEND, url=f"http://127.0.0.1:{free_port()}")
    assert (error.family[0], error.errno, error.sent) == ("NetworkError", 111, 0)
    assert "127.0.0.1" in error.text


@UNIX
def test_an_unknown_host(worker):
    error = error_of(worker, SEND, url="http://nothing.invalid")
    assert error.type == "NetworkError"
    assert "nothing.invalid:80 cannot be found" in error.text


@UNIX
def test_several_addresses_are_tried_in_turn(worker):
    with peer(answering()) as made:
        ports = [free_port(), free_port(), made.port]
        assert worker.define(STREAM).send_to_addresses(made.url, ports) == ("stored.cbor", 1)
    with pytest.raises(DeviceError) as caught:
        worker.define(STREAM).send_to_addresses(made.url, [free_port(), free_port()])
    assert caught.value.type == "NetworkError"


@UNIX
def test_localhost_is_found_when_only_its_ipv4_address_listens(worker):
    with peer(answering()) as made:
        assert worker.run(DEVICE + SEND, url=f"http://localhost:{made.port}") == "stored.cbor"


@UNIX
def test_an_ipv6_literal(worker):
    with peer(answering(), host="::1") as made:
        assert worker.run(DEVICE + SEND, url=f"http://[::1]:{made.port}") == "stored.cbor"
    assert made.requests[0].field("Host") == f"[::1]:{made.port}"


# -- time

BIG = {"script": [b"x" * 50_000], "times": 100}


def late(worker, url, latest=800, **options):
    """Makes a call that ends at a limit of 300 ms; returns (text, bytes sent) of the DeadlineError."""
    kind, text, sent, took, left_open, log = worker.define(STREAM).timed(url, **options)
    assert (kind, left_open, log[-1]) == ("DeadlineError", 0, "close"), text
    assert 290 <= took <= latest, took
    return text, sent


TIMEOUT, DEADLINE = {"timeout_ms": 300}, {"deadline_ms": 300}
EITHER = pytest.mark.parametrize("limit", [TIMEOUT, DEADLINE], ids=["timeout_ms", "deadline_ms"])


def silent(made, connection, number):
    made.closing.wait(20)


@EITHER
@BOARD
def test_a_connection_that_is_never_made(worker, limit):
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # fills the queue of connections that are not accepted
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        time.sleep(0.02)
        text, sent = late(worker, f"http://127.0.0.1:{listener.getsockname()[1]}", **limit)
    assert "connecting" in text and sent == 0


@EITHER
@UNIX
def test_no_reply(worker, limit):
    with peer(silent) as made:
        text, sent = late(worker, made.url, **limit)
    assert "reply" in text and sent > 100


@EITHER
@BOARD
@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_reply_that_trickles(worker, limit, start):
    def handler(made, connection, number):
        made.take(connection)
        connection.send(start)
        for byte in reply("x" * 500, Slow="y" * 500):
            if made.closing.wait(0.02):
                return
            connection.send(bytes([byte]))

    with peer(handler) as made:
        assert "reply" in late(worker, made.url, **limit)[0]


@EITHER
@UNIX
def test_a_peer_that_stops_reading(worker, limit):
    def handler(made, connection, number):
        connection.read_until(b"x" * 1000)
        made.closing.wait(20)

    with peer(handler) as made:
        # timeout_ms counts from the last byte of progress, and two megabytes fit into the sockets
        text, sent = late(worker, made.url, 800 if limit is DEADLINE else 8000, **BIG, **limit)
    assert "sending" in text and 1000 < sent < 5_000_000


@BOARD
def test_a_peer_that_reads_slowly_meets_the_deadline_only(worker):
    def handler(made, connection, number):
        with contextlib.suppress(OSError):
            while connection.recv(20_000) and not made.closing.wait(0.01):
                pass

    with peer(handler) as made:
        assert (
            "sending" in late(worker, made.url, script=[b"x" * 50_000], times=400, timeout_ms=250, deadline_ms=300)[0]
        )


@BOARD
def test_a_slow_body_meets_the_deadline_though_nothing_ever_waits(worker):
    with peer(answering()) as made:
        text, sent = late(worker, made.url, **BIG, pause=20, **DEADLINE)
    assert "sending" in text and sent > 2048


@EITHER
@BOARD
@pytest.mark.parametrize("start", [[], [b"x" * 5000]], ids=["at once", "later"])
def test_a_body_that_is_never_ready(worker, limit, start):
    with peer(silent) as made:
        text, _ = late(worker, made.url, script=[*start, *[None] * 5000], size=9000, **limit)
    assert "body" in text


@EITHER
@BOARD
def test_a_tls_handshake_that_stalls(worker, limit, authority):
    with peer(silent) as made:
        _, sent = late(worker, made.url.replace("http:", "https:"), ca=authority, **limit)
    assert sent == 0


@pytest.fixture(scope="module")
def authority():
    import trustme

    return trustme.CA().cert_pem.bytes()


@BOARD
def test_no_limit_is_met_by_a_call_that_goes_well(worker):
    def handler(made, connection, number):
        while made.take(connection):
            threading.Event().wait(0.1)
            connection.reply()

    source = DEVICE + (
        "client = Client(KEY, url=url, timeout_ms=300)\n"
        "result = [client.send('training', Bytes([b'x']), deadline_ms=1000).file_name for _ in range(5)]\n"
        "client.close()\n"
    )
    with peer(handler) as made:
        assert worker.run(source, url=made.url) == ["stored.cbor"] * 5
    assert len(made.connections) == 1
