"""Error texts: each names the value and the next step. The situations are made for real."""

import socket

import pytest
from support.chains import issued
from support.device_source import device_source
from support.peer import answering, peer, reply

BOARD = pytest.mark.modes("mpy")
DEVICE = device_source("client/error_texts_device")
SEND = "Client(KEY, url=url, ca=ca, timeout_ms=2000).send('training', good)"


def outcome(worker, source, **names):
    return worker.define(DEVICE).text_of(source, **names)


@pytest.fixture
def refusing():
    """The address of a port where nothing listens: bound, so that nobody else takes it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@BOARD
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_listens(worker, refusing, scheme):
    kind, text = outcome(worker, SEND, url=f"{scheme}://{refusing}", ca=issued().der)
    assert (kind, refusing in text, "ECONNREFUSED" in text) == ("NetworkError", True, True)
    assert "(nothing listens there: is the service running, is the port right?)" in text


ALERT = b"\x15\x03\x01\x00\x02\x02"
TO_TLS = {
    "OpenSSL": ("NetworkError", None),
    "closes": ("NetworkError", b""),
    "an alert": ("NetworkError", ALERT + b"\x28"),
    "an alert with a line end": ("ProtocolError", ALERT + b"\x0a"),
    "nginx": ("ServiceError", reply("<html><title>400 The plain HTTP request was sent to HTTPS port</title>", 400)),
    "Go": ("ServiceError", reply("Client sent an HTTP request to an HTTPS server.", 400)),
    "Apache": ("ServiceError", reply("You're speaking plain HTTP to an SSL-enabled server port.", 400)),
}


@BOARD
@pytest.mark.parametrize("name", TO_TLS)
def test_http_to_a_port_that_speaks_tls(worker, name):
    wanted, data = TO_TLS[name]

    def closes(made, connection, number):
        connection.recv()
        connection.send(data)

    handler, context = (answering(), issued().context) if data is None else (closes, None)
    with peer(handler, context) as made:
        kind, text = outcome(worker, SEND, url=f"http://127.0.0.1:{made.port}", ca=None)
    assert (kind, "https:// instead?" in text) == (wanted, True), text


TO_PLAIN = {
    "answers": reply("Bad Request", 400),
    "closes": b"",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
}


@BOARD
@pytest.mark.parametrize("name", TO_PLAIN)
def test_https_to_a_port_that_does_not(worker, name):
    def answers(made, connection, number):
        connection.recv()
        connection.send(TO_PLAIN[name])
        if TO_PLAIN[name]:
            connection.until_closed()

    with peer(answers) as made:
        kind, text = outcome(worker, SEND, url=f"https://127.0.0.1:{made.port}", ca=issued().der)
    assert (kind, "http:// instead?" in text) == ("NetworkError", True), text


@BOARD
def test_https_to_a_port_that_says_nothing(worker):
    with peer(lambda made, connection, number: made.closing.wait(10)) as made:
        kind, text = outcome(worker, SEND, url=f"https://127.0.0.1:{made.port}", ca=issued().der)
    assert (kind, "http:// instead?" in text) == ("DeadlineError", True), text


@BOARD
def test_a_name_that_is_not_known(worker):
    kind, text = outcome(worker, SEND, url="http://nothing.invalid", ca=None)
    assert kind == "NetworkError"
    # the second where the computer of the test has no name server
    words = ("no such name: is url right?", "no name server answers: is the network up?")
    assert any(one in text for one in words) and "nothing.invalid:80" in text, text


NAMES = {  # of getaddrinfo: unix, lwIP on an RP2040, lwIP on an ESP32
    "[addrinfo error -2]": "no such name",
    "[addrinfo error -3]": "no name server answers",
    -2: "no such name",
    -6: "no name server answers",
    -202: "no such name, or no name server answers",
    -99: "is url right, is the network up?",
}
ROUTES = {
    104: "nothing listens there",  # ECONNRESET is what lwIP says
    101: "no way to that address: is the network up",  # ENETUNREACH
    113: "no way to that address: is the network up",  # EHOSTUNREACH
    "refused or unreachable": "is the service running, is url right?",
}


@BOARD
@pytest.mark.parametrize("phase, codes", [("_FINDING", NAMES), ("_CONNECTING", ROUTES)])
def test_the_codes_of_boards_in_words(worker, phase, codes):
    source = """
from edgeingest import network_errors
raise network_errors.network_error(phase, "host:80", OSError(code), False, 0, None)
"""
    number = {"_FINDING": 0, "_CONNECTING": 1}[phase]
    for code, words in codes.items():
        kind, text = outcome(worker, source, phase=number, code=code)
        assert (kind, words in text, str(code) in text) == ("NetworkError", True, True), text


@BOARD
@pytest.mark.parametrize("call", ["send", "upload"])
def test_a_404_is_not_the_service(worker, call):
    with peer(answering("Not Found", 404)) as made:
        kind, text = outcome(worker, f"Client(KEY, url=url).{call}('training', good)", url=made.url)
    assert kind == "ServiceError"
    assert "404: Not Found" in text and "check url" in text
