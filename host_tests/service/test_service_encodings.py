"""Messages in CBOR, JSON and the binary form: the choices that each encoding allows, and bodies in another encoding."""

import json
import math
import struct

import cbor2
import pytest
from support.service import MESSAGE, binary_header, changed, running


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


# -- CBOR


def _indefinite(message):
    """Returns the message with maps and arrays of indefinite length, down to the rows."""
    if isinstance(message, dict):
        members = (cbor2.dumps(name) + _indefinite(value) for name, value in message.items())
        return b"\xbf" + b"".join(members) + b"\xff"
    if isinstance(message, list):
        return b"\x9f" + b"".join(map(_indefinite, message)) + b"\xff"
    return cbor2.dumps(message)


def test_cbor_lengths_and_key_order_are_free(service):
    turned = dict(reversed(MESSAGE.items()))
    turned["payload"] = dict(reversed(MESSAGE["payload"].items()))
    wide = b"\xbb" + struct.pack(">Q", 3) + cbor2.dumps(MESSAGE)[1:]
    for body in (_indefinite(MESSAGE), cbor2.dumps(turned), wide):
        assert service.data(body).status == 200
        assert service.rows()[-1]["rows"] == 3


def test_cbor_keeps_nan_and_infinity(service):
    assert service.data(cbor2.dumps(changed("payload.values", [[math.nan, math.inf]]))).status == 200


_GOOD = cbor2.dumps(MESSAGE)
_NOT_CBOR = [
    (_GOOD[:-1], "not CBOR at or before byte"),
    (_GOOD[:1], "not CBOR at or before byte 1"),
    (_GOOD[: _GOOD.index(b"fvalues") + 8], "not CBOR"),
    (_GOOD + b"\x00", f"byte {len(_GOOD)} (00) follows the end of the message"),
    (_GOOD + _GOOD, f"byte {len(_GOOD)} (a3) follows the end of the message"),
    (b"\xff", "not CBOR"),
    (b"\xbc", "begins with the reserved byte 0xbc"),
    (b"\x83\x01\x02\x03", "the message is [1, 2, 3]: it must be a map"),
    (b'{"payload": 1}', "the message begins with {, as JSON does"),
    (b"\xa1\x01\x02", "the message has the key 1: keys must be text"),
    (b"\xa2\x61a\x01\x61a\x02", "the message has 'a' twice"),
    (b"\xa1\x67payload\xa2\x61a\x01\x61a\x02", "payload has 'a' twice"),
    (b"\xa1\x69protected\xa2\x61a\x01\x61a\x02", "Duplicate map key"),
    (b"\xa1\x61\xff\x01", "not CBOR"),
    (b"\xa1\x61a" + b"\x81" * 5000 + b"\x01", "depth"),
    (b"\xa1\x61a\xc0\x63abc", "not CBOR"),
]


@pytest.mark.parametrize(("body", "text"), _NOT_CBOR)
def test_not_cbor(service, body, text):
    reply = service.data(body)
    assert reply.status == 400
    assert text in reply.text


def test_every_truncation_is_refused(service):
    assert [service.data(_GOOD[:size]).status for size in range(1, len(_GOOD))] == [400] * (len(_GOOD) - 1)


# -- JSON


_JSON = json.dumps(MESSAGE)
_NOT_JSON = [
    (_JSON[:-1], "not JSON"),
    (_JSON + "{}", "not JSON: Extra data"),
    (_JSON.replace("1.5", "NaN"), "not JSON: NaN is not JSON; leave such readings out, or send CBOR"),
    (_JSON.replace("1.5", "-Infinity"), "not JSON: -Infinity is not JSON"),
    (_JSON.replace("1.5", "1e999"), "'1e999' is too large for a double"),
    (_JSON.replace("{", '{"payload": 1, ', 1), "'payload' appears twice"),
    ("[]", "the message is []: it must be a map"),
    ("\ufeff" + _JSON, "BOM"),
    ("[" * 100_000, "not JSON"),
    ("9" * 5000, "not JSON"),
    (_JSON.replace("[[1.5, -2], [0.25, 3], [0.001, 0]]", '["Ref-BINARY-i16"]'), "only a CBOR header can carry binary"),
]


@pytest.mark.parametrize(("text", "error"), _NOT_JSON)
def test_not_json(service, text, error):
    reply = service.data(text.encode(), Content_Type="application/json")
    assert reply.status == 400
    assert error in reply.text


def test_json_must_be_utf8(service):
    assert "not JSON" in service.data(_JSON.encode("utf-16"), Content_Type="application/json").text


# -- the binary form


_VALUES = {"i8": "b", "u8": "B", "i16": "h", "u16": "H", "i32": "i", "u32": "I", "f32": "f"}


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/cbor"])
@pytest.mark.parametrize("kind", _VALUES)
def test_binary_types(service, kind, content_type):
    body = binary_header(kind, pad=3) + struct.pack(f"<5{_VALUES[kind]}", *range(5))
    assert service.data(body, Content_Type=content_type).status == 200
    assert (service.rows()[-1]["rows"], service.rows()[-1]["kind"]) == (5, "binary")


_NOT_BINARY = [
    (binary_header("i64") + b"12345678", "use one of i8, u8, i16, u16, i32, u32, f32"),
    (binary_header("image/jpeg (5 bytes) xyz") + b"12345", "images go to /files"),
    (binary_header().replace(b"BINARY", b"Binary") + b"1234", "binary data is announced as Ref-BINARY-<type>"),
    (binary_header(sensors=2) + b"1234", "there are 2 sensors: binary data has exactly one"),
    (binary_header() + b"123", "3 bytes follow the header: that is no whole number of i16 (2 bytes each)"),
    (binary_header(), "no values follow"),
    (binary_header().replace(b"\x9fn", b"\x81n")[:-1] + b"1234", "the header ends in 36, not ff"),
    (_GOOD, "application/octet-stream is for the binary form"),
]


@pytest.mark.parametrize(("body", "text"), _NOT_BINARY)
def test_not_the_binary_form(service, body, text):
    reply = service.data(body, Content_Type="application/octet-stream")
    assert reply.status == 400
    assert text in reply.text
