"""The library sends the same bytes as when vectors/wire.json was recorded, for every call in wire_device.

A call that fails here sends other bytes than before. `record_wire.py` writes the file: for new calls, or when the
difference is intended.
"""

import csv
import io
import json
import struct
from math import isnan

import cbor2
import pytest
from support.chains import issued
from support.wire import ANSWERS, PUBLIC, SECURE, Device, content, load

CALLS = load()
TYPECODES = "bBhHiIqQfd"
FLOATS = {0.0, 0.5, -1.25, 1024.0, 0.0625, 4096.5}
FORMS = ("application/cbor", "application/json", "text/csv", "application/octet-stream")
FIELDS = {
    "Host", "X-Api-Key", "X-File-Name", "X-Label", "X-No-Label", "X-Disallow-Duplicates", "X-Add-Date-Id", "X-Metadata",
    "Content-Type", "Content-Length",
}  # fmt: skip
FILE_TYPES = {
    "application/cbor", "application/json", "application/octet-stream", "application/vnd.apache.parquet", "audio/wav",
    "image/jpeg", "image/png", "text/csv", "text/plain", "video/avi", "video/mp4",
}  # fmt: skip


@pytest.fixture(scope="module", params=["py", "mpy"])
def device(request):
    made = Device(request.param, issued(name=PUBLIC))
    yield made
    made.worker.close()


@pytest.mark.parametrize("name", CALLS)
def test_the_bytes_are_those_that_were_recorded(device, name, tmp_path):
    if not device.possible(name):
        pytest.skip("this interpreter has other floats, digits or orders of a plain dict than the pinned one")
    assert device.observe(name, tmp_path) == CALLS[name]


def test_every_call_was_recorded(device):
    assert device.names() == list(CALLS)
    assert {*ANSWERS, *SECURE} <= {*CALLS}


# -- the recorded calls cover the public interface


def fields_of(request):
    return [tuple(line.split(": ", 1)) for line in request["head"][1:]]


def all_requests():
    return [request for requests in CALLS.values() for request in requests]


def test_every_endpoint_is_called():
    targets = {request["head"][0] for request in all_requests()}
    assert targets == {
        f"POST /api/{category}/{endpoint} HTTP/1.1"
        for category in ("training", "testing", "anomaly", "split")
        for endpoint in ("data", "files")
    }


def test_every_field_and_every_content_type_is_sent():
    fields = [field for request in all_requests() for field in fields_of(request)]
    assert {name for name, _ in fields} == FIELDS
    assert {value for name, value in fields if name == "Content-Type"} >= FILE_TYPES
    assert ("Host", PUBLIC) in fields


def values_of(kind, body):
    """Returns what independent parsers read of a sample: (numbers, None), or (raw values, type) of the binary form."""
    if kind == "text/csv":
        header, *rows = csv.reader(io.StringIO(body.decode()))
        assert header == ["timestamp", "s0", "s1"]
        return [float(text) if "." in text else int(text) for row in rows for text in row[1:]], None
    if kind == "application/octet-stream":
        stream = io.BytesIO(body)
        [form] = cbor2.CBORDecoder(stream).decode()["payload"]["values"]
        return stream.read(), form
    message = json.loads(body) if kind == "application/json" else cbor2.loads(body)
    return [value for row in message["payload"]["values"] for value in row], None


def limits(code):
    bits = 8 * struct.calcsize(code)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if code.islower() else (0, (1 << bits) - 1)


@pytest.mark.parametrize("code", TYPECODES)
def test_every_typecode_is_sent_in_every_form(code):
    requests = CALLS[f"typecode {code}"]
    kinds = [dict(fields_of(request))["Content-Type"] for request in requests]
    assert kinds == [*(FORMS[:3] if code in "qQd" else FORMS)]
    for kind, request in zip(kinds, requests, strict=True):
        body = content(request)
        values, form = values_of(kind, body)
        if form:
            assert form == "Ref-BINARY-" + ("f" if code == "f" else "iu"[code.isupper()]) + str(
                8 * struct.calcsize(code)
            )
            values = [value for (value,) in struct.iter_unpack("<" + code, values)]
        if code in "fd":
            assert {*values} == FLOATS
            assert not any(isnan(value) for value in values)
        else:
            assert (min(values), max(values)) == limits(code)
        if kind == "application/cbor":
            first = {"f": b"\xfa", "d": b"\xfb"}.get(code)
            assert not first or body.count(first + struct.pack(">" + code, 0.5)) == 1
