"""The binary form: a CBOR header that ends in 0xFF, then the raw values; the signature is of both."""

import struct
from array import array

import cbor2
import pytest
from support.bodies import HMAC_KEY, assert_signed, refused, vector
from support.device_source import device_source

DEVICE = device_source("encoding/binary_device")
NAMED = {"sensors": (("audio", "wav"),), "interval_ms": 0.0625, "device_type": "T", "device_name": "d"}
FORMS = {"b": "i8", "B": "u8", "h": "i16", "H": "u16", "i": "i32", "I": "u32", "f": "f32"}


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


def split(data):
    """Returns (header, raw values): the header ends with the break of the `values` array, as documented."""
    at = data.index(b"Ref-BINARY-")
    end = data.index(b"\xff", at) + 1
    return cbor2.loads(data[:end]), data[end:]


def test_the_content_of_c3_signed(device):
    message, entry = vector("C3")
    wanted, raw = split(message)
    payload = wanted["payload"]
    named = {key: payload[key] for key in ("device_type", "interval_ms")}
    named = {
        **named,
        "device_name": payload.get("device_name"),
        "sensors": [(s["name"], s["units"]) for s in payload["sensors"]],
    }
    values = array("h", struct.unpack("<32h", raw))
    name, content_type, data = device.binary({**named, "values": values, "iat": False}, entry["hmac_key_ascii"])
    found, found_raw = split(data)
    assert (name, content_type) == ("sample.cbor", "application/octet-stream")
    assert found_raw == raw
    assert found["payload"] == payload
    assert found["protected"] == wanted["protected"]
    assert_signed(data, entry["hmac_key_ascii"])


@pytest.mark.parametrize("key", [None, HMAC_KEY])
@pytest.mark.parametrize("code", FORMS)
def test_every_format(device, code, key):
    values = array(code, [1, 2, 100, 127, 0] * 41)
    _, _, data = device.binary({**NAMED, "values": values}, key)
    header, raw = split(data)
    assert header["payload"]["values"] == ["Ref-BINARY-" + FORMS[code]]
    assert raw == values.tobytes()
    assert header["signature"] == "00" if key is None else header["protected"]["alg"] == "HS256"
    if key:
        assert_signed(data)


def test_negative_bytes_are_unchanged(device):
    values = array("b", range(-128, 128))
    assert split(device.binary({**NAMED, "values": values})[2])[1] == values.tobytes()


def test_views(device):
    values = array("h", range(50))
    assert split(device.view({**NAMED, "typecode": "h"}, values.tobytes(), 7))[1] == values.tobytes()[14:]
    assert split(device.binary({**NAMED, "typecode": "B", "values": b"abc"})[2])[1] == b"abc"


@pytest.mark.parametrize("code", ["l", "L"])
def test_long_has_the_size_of_the_port(device, code):
    width = device.width(code)
    named = {**NAMED, "typecode": code, "values": bytes(16)}
    if width == 8:
        refused(lambda: device.binary(named), "format")
    else:
        header, _ = split(device.binary(named)[2])
        assert header["payload"]["values"] == ["Ref-BINARY-" + ("i32" if code == "l" else "u32")]


def test_row_sources(device):
    raw = struct.pack("<200h", *range(200))
    named = {**NAMED, "typecode": "h", "rows": 200}
    for step, waits in ((1, 0), (7, 1), (64, 0), (1000, 2)):
        assert split(device.source(named, raw + b"more", step, waits, True))[1] == raw
        assert split(device.source(named, raw, step, waits, False))[1] == raw
    data = device.source(named, raw, 7, 0, True, HMAC_KEY)
    assert split(data)[1] == raw
    assert_signed(data)
    refused(lambda: device.source(named, raw, 7, 0, False, HMAC_KEY), "rewind")
    refused(lambda: device.source(named, raw, 7, 3, True, HMAC_KEY), "values")
    for key in (None, HMAC_KEY):
        refused(lambda key=key: device.source(named, raw[:-1], 7, 0, True, key), "values")


def test_values_without_a_binary_form_are_refused(device):
    two = {**NAMED, "sensors": (("a", "m"), ("b", "m"))}
    refused(lambda: device.binary({**two, "values": array("h", [1, 2])}), "one sensor")
    for values in (array("q", [1]), array("Q", [1]), array("d", [1]), [1, 2], []):
        refused(lambda values=values: device.binary({**NAMED, "values": values}), "format")
