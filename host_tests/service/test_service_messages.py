"""Every rule of the data acquisition format, broken once: the service answers 400 with a text that names it."""

import hashlib
import hmac
import json
import struct

import cbor2
import pytest
from support.service import (
    HMAC_KEY,
    MESSAGE,
    binary_header,
    changed,
    numbered,
    part,
    running,
    signed,
    vector,
)

_TYPES = {"cbor": "application/cbor", "json": "application/json", "cbor+i16": "application/octet-stream"}
_SIXTY_FOUR = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


def _encode(encoding, message):
    return cbor2.dumps(message) if encoding == "cbor" else json.dumps(message).encode()


# -- the vectors in the service's documentation are accepted, and their signatures are valid


@pytest.mark.parametrize("name", ["C1", "C2", "C3", "J1"])
def test_published_signed_vectors_are_accepted_and_verify(tmp_path, name):
    body, entry = vector(name)
    with running(tmp_path, hmac_key=entry["hmac_key_ascii"]) as service:
        assert service.data(body, Content_Type=_TYPES[entry["format"]]).status == 200
        assert service.row()["signature"] == "valid"
        assert service.row()["sha256"] == entry["sha256"]
        spoilt = body.replace(b"L475V", b"L475W").replace(b"CUSTOM", b"CUSTON")
        assert spoilt != body
        assert service.data(spoilt, Content_Type=_TYPES[entry["format"]]).status == 200
        assert service.row(id=2)["signature"] == "invalid"


def test_published_unsigned_vectors_are_accepted(service):
    body, _ = vector("U1")
    assert service.data(body).status == 200
    body, _ = vector("U2")
    boundary = body[2 : body.index(b"\r\n")].decode()
    reply = service.files(body=body, Content_Type=f"multipart/form-data; boundary={boundary}")
    assert (reply.status, reply.json["files"][0]["fileName"]) == (200, "test.cbor")


# -- signatures are recorded; a wrong one is not refused


@pytest.mark.parametrize("encoding", ["cbor", "json"])
def test_signature_is_valid_invalid_none_or_unchecked(tmp_path, encoding):
    body = signed(lambda message: _encode(encoding, message))
    zeros = changed("protected.alg", "HS256", changed("signature", "0" * 64))
    sent = [body, _encode(encoding, zeros), _encode(encoding, MESSAGE)]
    with running(tmp_path / "with key", hmac_key=HMAC_KEY) as service:
        for data in sent:
            assert service.data(data, Content_Type=_TYPES[encoding]).status == 200
        assert [row["signature"] for row in service.rows()] == ["valid", "invalid", "none"]
    with running(tmp_path / "other key", hmac_key=HMAC_KEY[::-1]) as service:
        service.data(body, Content_Type=_TYPES[encoding])
        assert service.row()["signature"] == "invalid"
    with running(tmp_path / "without key") as service:
        service.data(body, Content_Type=_TYPES[encoding])
        assert service.row()["signature"] == "unchecked"


def test_binary_signature_covers_the_appended_values(tmp_path):
    header = binary_header()
    header = header.replace(b"calgdnone", b"calgeHS256").replace(b"b00", b"x@" + b"0" * 64)
    values = struct.pack("<4h", 1, -2, 3, -4)
    mac = hmac.new(HMAC_KEY.encode(), header + values, hashlib.sha256).hexdigest().encode()
    body = header.replace(b"0" * 64, mac) + values
    with running(tmp_path, hmac_key=HMAC_KEY) as service:
        assert service.data(body, Content_Type="application/octet-stream").status == 200
        assert service.data(body[:-1] + b"\x00", Content_Type="application/octet-stream").status == 200
        assert [row["signature"] for row in service.rows()] == ["valid", "invalid"]
        assert [row["rows"] for row in service.rows()] == [4, 4]


# -- the members


_BROKEN = [
    ("payload", ..., "the message has no payload: send exactly payload, protected, signature"),
    ("protected", ..., "the message has no protected"),
    ("signature", ..., "the message has no signature"),
    ("extra", 1, "the message has 'extra' at the top level"),
    ("protected", "v1", "protected is 'v1': it must be a map"),
    ("protected.ver", ..., 'protected.ver is None: send "v1"'),
    ("protected.ver", "v2", "protected.ver is 'v2'"),
    ("protected.alg", ..., "protected.alg is None"),
    ("protected.alg", "HS512", 'protected.alg is \'HS512\': send "HS256" or "none"'),
    ("protected.alg", "HS256", "signature is '00': with alg HS256 send 64 lower-case hex characters"),
    ("protected.iat", "now", "protected.iat is 'now': send seconds since 1970"),
    ("protected.iat", -1, "protected.iat is -1"),
    ("signature", "", "signature is '': with alg none send \"00\""),
    ("signature", "abc", "signature is 'abc': with alg none"),
    ("signature", 0, "signature is 0: with alg none"),
    ("payload", [], "payload is []: it must be a map"),
    ("payload.device_type", ..., "payload.device_type is missing"),
    ("payload.device_type", "", "payload.device_type is '': send text"),
    ("payload.device_type", 5, "payload.device_type is 5"),
    ("payload.device_name", 5, "payload.device_name is 5: it must be text"),
    ("payload.metadata", [], "payload.metadata is []: it must be a map"),
    ("payload.structured_labels", {}, "payload.structured_labels is {}: it must be an array"),
    ("payload.frequency", 100, "payload.frequency is not a member: send interval_ms"),
    ("payload.color", "red", "payload.color is not a documented member"),
    ("payload.interval_ms", ..., "payload.interval_ms is missing"),
    ("payload.interval_ms", "10", "payload.interval_ms is '10'"),
    ("payload.interval_ms", True, "payload.interval_ms is True"),
    ("payload.interval_ms", -1, "payload.interval_ms is -1"),
    ("payload.interval_ms", 0, "payload.interval_ms is 0: that is for images"),
    ("payload.sensors", ..., "payload.sensors is missing"),
    ("payload.sensors", [], "payload.sensors is []"),
    ("payload.sensors", "accX", "payload.sensors is 'accX'"),
    ("payload.sensors.1", "accY", "payload.sensors[1] is 'accY': it must be a map with exactly name and units"),
    ("payload.sensors.1", {"name": "accY"}, "payload.sensors[1] is {'name': 'accY'}"),
    ("payload.sensors.1.rate", 5, "payload.sensors[1] is"),
    ("payload.sensors.0.units", "", "payload.sensors[0].units is ''"),
    ("payload.sensors.0.name", None, "payload.sensors[0].name is None"),
    ("payload.values", ..., "payload.values is missing"),
    ("payload.values", 7, "payload.values is 7: it must be an array"),
    ("payload.values", {}, "payload.values is {}: it must be an array"),
    ("payload.values", [], "values is empty"),
    ("payload.values", [1, 2, 3], "values is a flat array but there are 2 sensors"),
    ("payload.values", [[1], [2]], "the rows of values have 1 numbers but there are 2 sensors"),
    ("payload.values", [[1, 2, 3]], "the rows of values have 3 numbers but there are 2 sensors"),
    ("payload.values", [[]], "values[0] has 0 numbers"),
    ("payload.values", [[1, 2], [3]], "values[1] has 1 numbers, values[0] has 2"),
    ("payload.values", [[1, 2], 3], "values[1] is the number 3 but before it are rows"),
    ("payload.values", [1, [2, 3]], "values[1] is the row [2, 3] but before it are numbers"),
    ("payload.values", [[1, 2], [3, "4"]], "values[1] has '4', which is not a number"),
    ("payload.values", [[1, 2], [3, None]], "values[1] has None, which is not a number"),
    ("payload.values", [[1, 2], [3, True]], "values[1] has True, which is not a number"),
    ("payload.values", [[1, 2], [3, [4]]], "values[1] has [4], which is not a number"),
    ("payload.values", [None], "values[0] is None: send a number, or a row of numbers"),
    ("payload.values", [[1, 2], "x"], "values[1] is 'x': send a number"),
    ("payload.values", ["Ref-BINARY-i16", 1], "values[1] is 1: the Ref-BINARY string must be the only element"),
    ("payload.values", ["Ref-BINARY-i16", "Ref-BINARY-i16"], "the Ref-BINARY string must be the only element"),
]


@pytest.mark.parametrize("encoding", ["cbor", "json"])
@pytest.mark.parametrize(("path", "value", "text"), _BROKEN)
def test_broken_member_is_refused_on_both_endpoints(service, encoding, path, value, text):
    body = _encode(encoding, changed(path, value))
    reply = service.data(body, Content_Type=_TYPES[encoding])
    assert (reply.status, reply.content_type) == (400, "text/plain; charset=utf-8")
    assert text in reply.text
    assert reply.text.startswith("'wave.01.cbor': ")
    reply = service.files(part(f"a.{encoding}", body))
    assert (reply.status, reply.json["success"]) == (400, False)
    assert text in reply.error
    assert reply.error.startswith(f"'a.{encoding}': ")


@pytest.mark.parametrize("signature", ["0" * 63, "0" * 65, _SIXTY_FOUR.upper(), "g" * 64, "", None, 5])
def test_hs256_signature_is_64_lower_case_hex_characters(service, signature):
    body = cbor2.dumps(changed("protected.alg", "HS256", changed("signature", signature)))
    assert "with alg HS256 send 64 lower-case hex characters" in service.data(body).text


_ACCEPTED = [
    ("payload.device_name", ...),
    ("payload.metadata", {"site": "Paris"}),
    ("payload.interval_ms", 0.0625),
    ("protected.iat", 1564128599),
    ("protected.iat", 1564128599.5),
    ("protected.exp", 1564127560),
    ("signature", None),
    ("signature", "00" * 16),
    ("payload.values", [[1, 2]]),
    ("payload.values", [[1, 2.5]] * 1000),
    ("payload.values", [[2**62, -(2**62)]]),
]


@pytest.mark.parametrize("encoding", ["cbor", "json"])
@pytest.mark.parametrize(("path", "value"), _ACCEPTED)
def test_free_choices_are_accepted(service, encoding, path, value):
    reply = service.data(_encode(encoding, changed(path, value)), Content_Type=_TYPES[encoding])
    assert (reply.status, reply.text.startswith("wave.01.")) == (200, True)


@pytest.mark.parametrize("encoding", ["cbor", "json"])
@pytest.mark.parametrize("values", [[1, 2.5, 3], [[1], [2.5], [3]]])
def test_one_axis_is_flat_or_rows(service, encoding, values):
    message = changed("payload.sensors", MESSAGE["payload"]["sensors"][:1], changed("payload.values", values))
    assert service.data(_encode(encoding, message), Content_Type=_TYPES[encoding]).status == 200
    assert service.rows()[-1]["rows"] == 3


def test_interval_zero_is_for_images(service):
    message = changed("payload.sensors", [{"name": "image", "units": "rgba"}], changed("payload.interval_ms", 0))
    assert service.data(cbor2.dumps(changed("payload.values", [0xFF0000, 0x00FF00], message))).status == 200


def test_index_has_the_members_of_the_message(service):
    service.data(cbor2.dumps(MESSAGE), x_file_name="known.01.cbor")
    row = service.row(sent_name="known.01.cbor")
    assert (row["rows"], row["interval_ms"], row["device_name"]) == (3, 10, "28:cd:c1:00:00:01")
    assert (row["device_type"], row["kind"], row["signature"]) == ("RPI_PICO_W", "cbor", "none")
    assert json.loads(row["sensors"]) == [["accX", "m/s2"], ["accY", "m/s2"]]


def test_nothing_of_a_refused_request_is_stored(tmp_path):
    with running(tmp_path) as service:
        bad = cbor2.dumps(changed("payload.values", []))
        assert service.data(bad).status == 400
        assert service.files(part("a.cbor", numbered(1)), part("b.cbor", bad)).status == 400
        assert service.rows() == []
        assert service.on_disk() == []
