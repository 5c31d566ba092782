"""Tests for a board: `make device-test PORT=...` runs these on a connected one, without PORT on a simulated one.

The library of this project is deployed onto it first. With PORT, HOST is the address of this computer that the board
can reach, for the uploads; the configuration on the board has its Wi-Fi network.
"""

import email
import email.policy
import hashlib
import hmac
import io
import os
import random
import wave

import cbor2
import h11
import pytest
from edgeingest_tools.board.link import Link
from edgeingest_tools.board.simulated import Simulated
from support.boards import edgeingest
from support.interpreters import SUPPORT
from support.service import HMAC_KEY, KEY, running
from support.typed_values import EDGES, expected, numbers, raw, values_in

PORT, HOST = os.environ.get("PORT"), os.environ.get("HOST") or (None if os.environ.get("PORT") else "127.0.0.1")
TYPECODES = "bBhHiIqQfd"
FUNCTIONS = (SUPPORT / "on_board.py").read_text()


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """The port of the board, with the library on it."""
    if PORT:
        connected = type("Connected", (), {"port": PORT})
        edgeingest(connected, "deploy")
        yield connected
    else:
        with Simulated(tmp_path_factory.mktemp("board")) as board:
            edgeingest(board, "deploy")
            yield board


@pytest.fixture(scope="module")
def call(board):
    """Returns call("typed", "h", ...), which calls a function of on_board.py on the board and returns its result."""
    with Link(board.port, restart=bool(PORT)) as link:
        link.run(FUNCTIONS)
        yield lambda name, *values: link.call(f"{name}(*{values!r})")


def test_encoder(call):
    """Floats that every board can represent, and integers of any size."""
    values = [*EDGES, 2**64 - 1, 2**64, -(2**64), -(2**64) - 1, 10**30, None, True, False, "", "ü€", b"", b"\xff" * 300]
    values += [0.0, -0.0, 1.5, -2.25, 16777216.0, [1, [2, [3]]], {"one": [1.5]}, "x" * 70]
    for at in range(0, len(values), 40):
        some = values[at : at + 40]
        assert bytes.fromhex(call("encoded", some)) == b"".join(cbor2.dumps(value) for value in some)


@pytest.mark.parametrize("code", TYPECODES)
@pytest.mark.parametrize("axes", [1, 3, 24])
def test_rows(call, code, axes):
    width = {"b": 1, "h": 2, "i": 4, "q": 8, "f": 4, "d": 8}[code.lower()]
    values = numbers(code, width, 96)
    for window in (61, 512):
        found, message = values_in(bytes.fromhex(call("typed", code, axes, raw(code, width, values).hex(), window)))
        assert found == expected(code, width, axes, values)
        assert len(message["payload"]["sensors"]) == axes


def test_kernels_and_their_twins(call):
    """Values beside the powers of two where the encoding changes, NaN, infinities, random bits; several windows."""
    pick = random.Random(1)
    for window in (16, 61, 500):
        floats = raw("f", 4, numbers("f", 4, 60)) + pick.randbytes(120)
        assert call("twins", "f", 3, floats.hex(), True, window) is not False
        for code in "bBhHiIqQ":
            width = {"b": 1, "h": 2, "i": 4, "q": 8}[code.lower()]
            data = raw(code, width, numbers(code, width, 66)) + pick.randbytes(6 * width)
            for shortest in (True, False):
                assert call("twins", code, 3, data.hex(), shortest, window) is not False, (code, shortest)


def test_signatures(call):
    pick = random.Random(2)
    for size in (0, 1, 55, 56, 64, 200):
        data = pick.randbytes(size)
        assert call("mac", HMAC_KEY, data.hex()) == hmac.new(HMAC_KEY.encode(), data, hashlib.sha256).hexdigest()
    message = bytes.fromhex(call("signed", "h", raw("h", 2, numbers("h", 2, 80)).hex(), HMAC_KEY, 100))
    signature = cbor2.loads(message)["signature"]
    zeroed = message.replace(signature.encode(), b"0" * 64)
    assert hmac.new(HMAC_KEY.encode(), zeroed, hashlib.sha256).hexdigest() == signature


def test_multipart(call):
    """Compared with the standard library's parser."""
    parts = [("one.wav", b"\x00\xff\r\n--x" * 20), ("zwei ü.jpg", bytes(range(256)))]
    for window in (7, 512):
        body = bytes.fromhex(call("form", [(name, data.hex()) for name, data in parts], "bound", window))
        head = b"Content-Type: multipart/form-data; boundary=bound\r\n\r\n"
        found = email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts()
        assert [part.get_payload(decode=True) for part in found] == [data for _, data in parts]
        assert [name.encode() in body for name, _ in parts] == [True, True]


def test_replies(call):
    """Replies that h11 writes, in pieces."""
    for headers, pieces in (
        ([("Content-Length", "11")], [b"hello world"]),
        ([("Transfer-Encoding", "chunked")], [b"hello", b" ", b"world"]),
    ):
        server = h11.Connection(h11.SERVER)
        server.receive_data(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        server.next_event()
        server.next_event()
        data = server.send(h11.Response(status_code=201, headers=headers))
        data += b"".join(server.send(h11.Data(data=piece)) for piece in pieces) + server.send(h11.EndOfMessage())
        for step in (1, 7, 4096):
            assert call("parsed", data.hex(), step) == [True, 201, "hello world", True, len(data)]


@pytest.mark.parametrize("code, count", [("h", 4500), ("f", 1500)])
def test_no_window_allocates(call, code, count):
    assert call("steady", code, 3, count) == 8 * 512


@pytest.mark.skipif(HOST is None, reason="HOST is not given: the address of this computer that the board can reach")
def test_upload(call, tmp_path):
    with running(tmp_path / "service", api_keys=(KEY,), hmac_key=HMAC_KEY, host=HOST) as service:
        sound = io.BytesIO()
        with wave.open(sound, "wb") as writer:
            writer.setparams((1, 2, 8000, 0, "NONE", ""))
            writer.writeframes(bytes(range(256)) * 4)
        assert call("upload", service.url, KEY, HMAC_KEY, sound.getvalue().hex()) == ["wave.1.cbor", "noise.2.wav"]
        row = service.row(sent_name="wave.1.cbor")
        assert (row["signature"], row["rows"]) == ("valid", 1000)
        payload = cbor2.loads((service.directory / "training" / "wave.1.cbor").read_bytes())["payload"]
        assert payload["values"] == list(range(1000))
        assert payload["sensors"] == [{"name": "x", "units": "m"}]
        assert (service.directory / "training" / "noise.2.wav").read_bytes() == sound.getvalue()
