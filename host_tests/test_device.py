"""What only a board can show: `make device-test PORT=...` runs these on a connected one, else a simulated one has them.

The library of this project is deployed onto it first. With PORT, HOST is the address of this computer that the board
can reach, for the uploads; the board's own configuration says how it gets into the network.
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
from board_support import edgeingest
from edgeingest_tools.board.link import Link
from edgeingest_tools.board.simulated import Simulated
from service_support import HMAC_KEY, KEY, running
from test_rows import EDGES, expected, numbers, raw, values_in

PORT, HOST = os.environ.get("PORT"), os.environ.get("HOST") or (None if os.environ.get("PORT") else "127.0.0.1")
TYPECODES = "bBhHiIqQfd"
# Functions on the board. Bytes go over as hexadecimal digits.
DEVICE = """
import gc, micropython
from array import array
from binascii import hexlify, unhexlify

def text(data):
    return hexlify(data).decode()

def drain(body, size):
    window = bytearray(size)
    out = bytearray()
    while True:
        n = body.readinto(window)
        if not n:
            return text(out)
        out.extend(memoryview(window)[:n])

def encoded(values):
    from edgeingest.cbor import Encoder
    out = bytearray()
    for value in values:
        Encoder(out.extend).encode(value)
    return text(out)

def typed(code, axes, data, window):
    from edgeingest import Sample
    sensors = [("a%d" % i, "m") for i in range(axes)]
    return drain(Sample(sensors, 10, array(code, unhexlify(data)), "T").body(), window)

def signed(code, data, key, window):
    from edgeingest import Sample
    return drain(Sample((("x", "m"),), 10, array(code, unhexlify(data)), "T").body(hmac_key=key), window)

def mac(key, data):
    from edgeingest.signing import Hmac
    found = Hmac(key.encode())
    found.update(unhexlify(data))
    return found.hexdigest().decode()

def twins(name, data, width, flags, room):
    # What viper code and its plain twin leave behind, window after window.
    from edgeingest import plain
    try:
        from edgeingest import int_kernels, kernels
    except (SyntaxError, ImportError, ValueError):
        return None
    data = unhexlify(data)
    found = []
    for module in (kernels if name == "float32" else int_kernels, plain):
        state = array("i", [0, room - 12, 0, len(data), 3, 3, 1, 0x83, 0, 0, width, flags])
        if name == "measure":
            found.append((module.measure(data, state), list(state)))
            continue
        out = bytearray()
        for _ in range(len(data)):
            target = bytearray(room)
            state[0] = 0
            getattr(module, name)(target, data, state)
            out.extend(target[:state[0]])
            if state[2] >= len(data):
                break
        found.append((bytes(out), list(state)))
    return found[0] == found[1]

def form(parts, boundary, window):
    from edgeingest import File
    from edgeingest.multipart import multipart
    files = [File(unhexlify(data), name=name) for name, data in parts]
    return drain(multipart(files, boundary), window)

def parsed(data, step):
    from edgeingest.http import ResponseParser
    parser = ResponseParser()
    data = memoryview(unhexlify(data))
    at = 0
    while at < len(data) and not parser.done:
        at += parser.feed(data[at:at + step])
    return [parser.done, parser.status, bytes(parser.body).decode(), parser.keep_alive, at]

def steady(code, axes, count):
    # Bytes that a window costs, once everything is loaded and warm; the heap is locked meanwhile.
    from edgeingest import Sample
    gc.collect()
    values = array(code, bytes(count * len(bytes(array(code, [0])))))
    body = Sample([("a%d" % i, "m") for i in range(axes)], 10, values, "T").body(hmac_key="key")
    window = memoryview(bytearray(512))
    for _ in range(3):
        body.readinto(window)
    count = 0
    micropython.heap_lock()
    try:
        for _ in range(8):
            count += body.readinto(window)
    finally:
        micropython.heap_unlock()
    return count

def upload(url, key, hmac_key, sound):
    from edgeingest import Client, File, Sample
    from edgeingest.config import load
    from edgeingest.errors import SampleError
    try:
        settings = load()
    except SampleError:  # without a configuration the network has to be there already
        settings = None
    if settings and settings.wifi_ssid:
        from edgeingest.network import connect
        connect(settings.wifi_ssid, settings.wifi_password)
    sample = Sample((("x", "m"),), 10, array("h", range(1000)), "T", name="wave.1")
    with Client(key, url, hmac_key=hmac_key) as client:
        stored = client.upload("training", [sample, File(unhexlify(sound), name="noise.2.wav")])
        return [item.file_name for item in stored]
"""


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
    """call("typed", "h", ...): what the function gives there."""
    with Link(board.port, restart=bool(PORT)) as link:
        link.run(DEVICE)
        yield lambda name, *values: link.call(f"{name}(*{values!r})")


def test_encoder(call):
    """Floats that every board can hold, and integers of any size."""
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
    """The neighbours of every power of two that matters, NaN and infinities, and random bits; in several windows."""
    pick = random.Random(1)
    for room in (16, 64, 500):
        floats = raw("f", 4, numbers("f", 4, 60)) + pick.randbytes(120)
        assert call("twins", "float32", floats.hex(), 4, 4, room) is not False
        for code in "bBhHiIqQ":
            width = {"b": 1, "h": 2, "i": 4, "q": 8}[code.lower()]
            data = raw(code, width, numbers(code, width, 66)) + pick.randbytes(6 * width)
            for flags in (2, 0):
                flags |= code.islower()
                assert call("twins", "number", data.hex(), width, flags, room) is not False, (code, flags)
            assert call("twins", "measure", data.hex(), width, 2 | code.islower(), room) is not False, code


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
    """As the standard library's parser reads it."""
    parts = [("one.wav", b"\x00\xff\r\n--x" * 20), ("zwei ü.jpg", bytes(range(256)))]
    for window in (7, 512):
        body = bytes.fromhex(call("form", [(name, data.hex()) for name, data in parts], "bound", window))
        head = b"Content-Type: multipart/form-data; boundary=bound\r\n\r\n"
        found = email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts()
        assert [part.get_payload(decode=True) for part in found] == [data for _, data in parts]
        assert [name.encode() in body for name, _ in parts] == [True, True]


def test_replies(call):
    """What h11 writes, in pieces."""
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
def test_no_window_costs_memory(call, code, count):
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
