"""Sample: the data acquisition message in CBOR, its arguments and its clock; published vectors byte for byte."""

import math
import struct
from array import array

import cbor2
import pytest
from support.bodies import HMAC_KEY, assert_signed, refused, vector
from support.device_source import device_source
from support.floats import held

DEVICE = device_source("encoding/sample_device")
ACC = tuple((name, "m/s2") for name in ("accX", "accY", "accZ"))
GOOD = {"sensors": ACC, "interval_ms": 10, "values": [[1.5, -2, 3]], "device_type": "T"}
ONE = {**GOOD, "sensors": (("a", "m"),), "values": [1, 2, 3]}


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


def test_u1_byte_for_byte(device):
    rows = [[0.1627109944820404, -0.803987979888916, 9.82971477508545],
            [0.06699900329113007, -0.7752739787101746, 9.906285285949707]]  # fmt: skip
    named = {"sensors": ACC, "interval_ms": 20.0, "values": rows, "device_type": "NORDIC_NRF91"}
    name, content_type, data = device.message({**named, "device_name": "11:22:33:44:55:66", "name": "test"})
    assert data == vector("U1")[0]
    assert (name, content_type) == ("test.cbor", "application/cbor")


# The vectors C1, C2 and J1 as arguments.
DISCO = {"sensors": ACC, "device_type": "DISCO-L475VG-IOT01A", "device_name": "ac:87:a3:0a:2d:1b"}


def content(name):
    message, entry = vector(name)
    if name == "J1":
        import json

        return json.loads(message), entry
    return cbor2.loads(message), entry


@pytest.mark.parametrize("form", ["cbor", "json"])
@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("name", ["C1", "C2", "J1"])
def test_the_content_of_published_vectors_signed(device, name, typed, form):
    wanted, entry = content(name)
    payload = wanted["payload"]
    sensors = [(sensor["name"], sensor["units"]) for sensor in payload["sensors"]]
    values = payload["values"]
    if typed:
        values = array("d", [value for row in values for value in row])
    named = {key: payload[key] for key in ("device_name", "device_type", "interval_ms")}
    named = {**named, "sensors": sensors, "values": values, "iat": wanted["protected"].get("iat", False)}
    _, content_type, data = device.message(named, form, entry["hmac_key_ascii"])
    assert_signed(data, entry["hmac_key_ascii"])
    found = cbor2.loads(data) if form == "cbor" else __import__("json").loads(data)
    assert content_type == "application/" + form
    if typed and form == "cbor":  # doubles are copied from the array, whatever floats the interpreter has
        assert found["payload"] == payload
    else:
        mode = device._worker.mode
        assert held(mode, found["payload"]) == held(mode, payload)
    assert found["protected"] == wanted["protected"]
    assert list(found) == ["payload", "protected", "signature"]


@pytest.mark.parametrize("key", [None, HMAC_KEY, "k", "k" * 32, "k" * 64, "k" * 65, "k" * 200])
def test_keys(device, key):
    _, _, data = device.message({**GOOD, "iat": False}, "cbor", key)
    message = cbor2.loads(data)
    assert message["protected"] == {"alg": "HS256" if key else "none", "ver": "v1"}
    if key:
        assert_signed(data, key)
    else:
        assert message["signature"] == "00"


LATE = 1_795_318_316  # 2026
SHIFT = 946_684_800  # from 1970 to 2000


@pytest.mark.parametrize(("iat", "key", "clock", "wanted"), [
    (None, HMAC_KEY, (LATE, 1970), LATE),
    (None, HMAC_KEY, (LATE - SHIFT, 2000), LATE),
    (None, HMAC_KEY, (LATE + 0.75, 1970), LATE),
    (None, HMAC_KEY, (1_704_067_200, 1970), 1_704_067_200),
    (None, HMAC_KEY, (1_704_067_199, 1970), None),
    (None, HMAC_KEY, (0, 1970), None),
    (None, HMAC_KEY, (0, 2000), None),
    (None, HMAC_KEY, (1_704_067_200 - SHIFT, 2000), 1_704_067_200),
    (None, HMAC_KEY, (1_704_067_200 - SHIFT - 1, 2000), None),
    (None, HMAC_KEY, (SHIFT + 5, 1970), None),
    (None, None, (LATE, 1970), None),
    (False, HMAC_KEY, (LATE, 1970), None),
    (0, HMAC_KEY, (LATE, 1970), 0),
    (5, None, (LATE, 1970), 5),
    (1564128599, HMAC_KEY, (0, 2000), 1564128599),
])  # fmt: skip
def test_iat(device, iat, key, clock, wanted):
    mode = device._worker.mode
    if clock and isinstance(clock[0], float):  # single precision rounds what the clock gives to 128 s
        wanted += int(held(mode, clock[0])) - int(clock[0])
    for form in ("cbor", "json"):
        _, _, data = device.message({**GOOD, "iat": iat}, form, key, clock)
        protected = (cbor2.loads(data) if form == "cbor" else __import__("json").loads(data))["protected"]
        assert protected.get("iat") == wanted
        if key:
            assert_signed(data, key)


def test_a_rewound_body_keeps_its_iat(device):
    """The clock advances, the bytes do not change: `message` compares them after many rewinds."""
    _, _, data = device.message(GOOD, "cbor", HMAC_KEY)
    assert cbor2.loads(data)["protected"]["iat"] > LATE - 10**8


@pytest.mark.parametrize("count", [1, 2, 23, 24, 25, 255, 256, 1024])
def test_as_cbor2_writes_it(device, count):
    sensors = [(f"s{i}\u00e9", "m/s2" if i % 2 else "N/A") for i in range(count)]
    rows = [[i, i + 0.5] * (count // 2) + [-(2**64)] * (count % 2) for i in range(3)]
    named = {
        "sensors": sensors,
        "interval_ms": 0.0625,
        "values": rows,
        "device_type": "T" * 300,
        "device_name": "\U0001f600",
    }
    _, _, data = device.message({**named, "iat": 2**40}, ways=((100,), (2048, 1)))
    payload = {"device_name": "\U0001f600", "device_type": "T" * 300, "interval_ms": 0.0625,
               "sensors": [{"name": name, "units": units} for name, units in sensors], "values": rows}  # fmt: skip
    protected = {"alg": "none", "ver": "v1", "iat": 2**40}
    assert data == cbor2.dumps({"payload": payload, "protected": protected, "signature": "00"})


@pytest.mark.parametrize("values", [[], [5], [1.5, math.nan, -math.inf, 2**64 - 1], [[1], [2.5]], (1, 2), [(1,), [2]]])
def test_lists_of_one_axis(device, values):
    _, _, data = device.message({**ONE, "values": values})
    assert cbor2.dumps(values) in data and repr(cbor2.loads(data)["payload"]["values"]) == repr([
        list(value) if isinstance(value, tuple) else value for value in values
    ])  # fmt: skip


def test_rows_are_counted(device):
    assert device.attributes(GOOD) == (1, None, "sample")
    assert device.attributes({**GOOD, "values": array("h", range(12)), "rows": 4}) == (4, "h", "sample")
    assert device.attributes({**GOOD, "values": bytes(24), "typecode": "f", "name": "x.1"}) == (2, "f", "x.1")
    assert device.attributes({**GOOD, "values": array("h")}) == (0, "h", "sample")


BAD_TEXT = ["", None, 5, True, b"abc", ["a"], "a\r\nb", "a\nb", "a\0", "\x7f", "\t"]
HUGE = 10**400
BAD = {
    "sensors": [None, 5, "accX", [], {"a": "m"}, ["ab"], [("a",)], [("a", "m", "x")], [("a", "m"), None], [5, 6, 7],
                [["a", "m"]] * 1025, *[[(text, "m")] for text in BAD_TEXT], *[[("a", text)] for text in BAD_TEXT]],
    "interval_ms": [None, 0, 0.0, -1, -0.5, "10", True, math.nan, math.inf, -math.inf, [], b"", HUGE, 1e300],
    "values": [None, 5, 1.5, True, {"a": 1}, b"raw", bytearray(6), "abc", [1, 2, 3], [[1, 2]], [[1, 2, 3, 4]],
                   [[1, 2, 3], 4],
               [[1, 2, "3"]], [[1, 2, None]], [[1, 2, True]], [[1, 2, [3]]], [[1, 2, 2**64]], [[1, 2, -(2**64) - 1]],
               [[1, 2, HUGE]], [None], ["abc"], [b"abc"], [{}], array("h", [1, 2]), array("f", [1.0] * 4), [[]]],
    "device_type": BAD_TEXT,
    "device_name": [text for text in BAD_TEXT if text is not None],
    "name": BAD_TEXT,
    "typecode": ["f", "x", 5, "", "ff", b"f", True],
    "rows": [0, 2, -1, "1", 1.5, HUGE, []],
    "iat": [-1, "now", True, math.nan, math.inf, [], HUGE, -0.5, 5.0, 1564128599.25, 1e300],
}  # fmt: skip


@pytest.mark.parametrize("argument", BAD)
def test_bad_arguments_are_named(device, argument):
    for value in BAD[argument]:
        refused(lambda value=value: device.size({**GOOD, argument: value}), argument)


def test_a_float_is_no_time(device):
    """Single precision rounds today's seconds to 128 s: the error names the value and says what to give."""
    for iat in (0.0, 1795318316.0, 1564128599.25):
        refused(lambda iat=iat: device.size({**GOOD, "iat": iat}), "iat: ", "give an int", "64 s")
    assert cbor2.loads(device.message({**GOOD, "iat": 1795318317}, "cbor")[2])["protected"]["iat"] == 1795318317


TYPED_BAD = {
    "typecode": [{"values": bytes(12), "typecode": code} for code in ("x", "c", "s", "", "ff", 5, b"f", True,
                   [], "\u00e9")]
    + [{"values": array("h", range(6)), "typecode": "f"}, {"values": [[1, 2, 3]], "typecode": "f"}],
    "values": [{"values": bytes(13), "typecode": "f"}, {"values": "a" * 12, "typecode": "f"}, {"values": 5,
    "typecode": "h"},
               {"values": None, "typecode": "h"}, {"values": {}, "typecode": "h"}],
    "rows": [{"values": bytes(12), "typecode": "f", "rows": n} for n in (0, 2, -1, "1", 1.5, HUGE)],
}  # fmt: skip


@pytest.mark.parametrize("argument", TYPED_BAD)
def test_bad_typed_values_are_named(device, argument):
    for named in TYPED_BAD[argument]:
        refused(lambda named=named: device.size({**GOOD, **named}), argument)


@pytest.mark.parametrize("argument", [*BAD, "rows"])
@pytest.mark.parametrize("kind", ["object", "class", "set", "function", "list of objects", "iterator", "range", "half"])
def test_odd_objects_are_named(device, argument, kind):
    named = dict(ONE, values=array("h", [1])) if argument in ("typecode", "rows") else dict(ONE)
    if (argument, kind) == ("values", "half"):
        refused(lambda: device.odd(named, argument, kind, "cbor"), "rows")
        refused(lambda: device.odd({**named, "rows": 5}, argument, kind, "cbor"), "typecode")
    else:
        refused(lambda: device.odd(named, argument, kind, "cbor"), argument)


@pytest.mark.parametrize("rows", [None, 0, -1, "5", 1.5, True, HUGE, 2**40])
def test_row_sources_need_their_rows(device, rows):
    refused(lambda: device.odd({**ONE, "rows": rows, "typecode": "h"}, "values", "half", "cbor"), "rows")


@pytest.mark.parametrize("form", ["xml", "", None, 5, b"cbor", ["cbor"], "CBOR"])
def test_formats(device, form):
    refused(lambda: device.size(GOOD, form), "format")


@pytest.mark.parametrize("form", ["cbor", "json", "csv", "binary"])
@pytest.mark.parametrize("key", ["", 5, b"", "a b", "key\n", "k\u00e9y", ["k"], True])
def test_bad_keys_in_every_format(device, form, key):
    named = {**ONE, "values": array("h", [1])}
    refused(lambda: device.size(named, form, key), "hmac_key")


def test_strings_of_every_kind_survive(device):
    for text in ("\u00e9", "\u20ac", "\U0001f600", '"', "\\", "a" * 70000, "%s", " "):
        _, _, data = device.message({**ONE, "device_name": text, "sensors": [(text, text)]}, ways=((5000,),))
        payload = cbor2.loads(data)["payload"]
        assert payload["device_name"] == payload["sensors"][0]["name"] == payload["sensors"][0]["units"] == text


def test_floats_keep_their_width(device):
    values = array("f", [math.nan, math.inf, -math.inf, 1.5])
    _, _, data = device.message({**ONE, "values": values})
    assert b"\x84" + b"".join(b"\xfa" + struct.pack(">f", value) for value in values) in data
