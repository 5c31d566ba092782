"""JSON and CSV of a sample, read back by the standard library to the same numbers."""

import csv
import io
import json
import math
import random
import struct
from array import array
from decimal import Decimal

import pytest
from support.bodies import HMAC_KEY, assert_signed, refused
from support.device_source import device_source
from support.floats import float32, held, single

DEVICE = device_source("encoding/text_device")
NAMED = {"sensors": (("accX", "m/s2"), ("accY", "m/s2")), "interval_ms": 10, "device_type": "T"}
ONE = {**NAMED, "sensors": (("a", "m"),)}


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


def rows_of(data):
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


# A single-precision MicroPython prints about 7 digits, and numbers below its smallest normal one with large errors.
PRINTED = {"rel_tol": 2e-7, "abs_tol": 1.1754943508222875e-38}


def as_printed(found, wanted):
    """Returns whether these are the numbers, as near as an interpreter with single precision prints them."""
    return all(math.isclose(one, two, **PRINTED) for one, two in zip(found, wanted, strict=True))


pick = random.Random(3)
FLOATS = [0.0, -0.0, 0.1, -9.81, 3.4028234663852886e38, 1.1754943508222875e-38, 1e-45, 16777217.0, 123456.789, 1e10]
FLOATS += [pick.uniform(-1, 1) * 10 ** pick.randrange(-30, 30) for _ in range(190)]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_float32_comes_back_exactly(device, form):
    values = array("f", [float32(value) for value in FLOATS])
    name, content_type, data = device.text({**NAMED, "values": values, "name": "wave.1"}, form)
    assert (name, content_type) == {"json": ("wave.1.json", "application/json"), "csv": ("wave.1.csv", "text/csv")}[
        form
    ]
    if form == "json":
        found = [value for row in json.loads(data)["payload"]["values"] for value in row]
    else:
        found = [float(value) for row in rows_of(data)[1:] for value in row[1:]]
    if single(device._worker.mode):
        assert as_printed(found, values)
        return
    assert [float32(value) for value in found] == list(
        values
    )  # the sign of -0.0 is lost in JSON, as "-0" is an integer there


# The interpreters whose %.17g is exact; others print wrong last digits.
EXACT = ("py", "mpy", "native", "cpython", "wasm-1.27")


def test_doubles_come_back(device):
    values = array("d", FLOATS)
    found = [
        float(value)
        for row in json.loads(device.text({**NAMED, "values": values}, "json")[2])["payload"]["values"]
        for value in row
    ]
    mode = device._worker.mode
    if single(mode):
        assert as_printed(found, held(mode, FLOATS))
    elif mode in EXACT:
        assert found == FLOATS
    else:
        assert found != FLOATS
        assert all(math.isclose(one, two, rel_tol=1e-14, abs_tol=0) for one, two in zip(found, FLOATS, strict=True))


INTEGERS = {"b": (-128, 127), "B": (0, 255), "h": (-32768, 32767), "H": (0, 65535), "i": (-(2**31), 2**31 - 1),
            "I": (0, 2**32 - 1), "q": (-(2**63), 2**63 - 1), "Q": (0, 2**64 - 1)}  # fmt: skip


@pytest.mark.parametrize("form", ["json", "csv"])
def test_integers(device, form):
    for code, (low, high) in INTEGERS.items():
        values = [low, high, 0, 1, high // 2, low // 3]
        _, _, data = device.text({**NAMED, "values": array(code, values)}, form)
        shaped = [values[:2], values[2:4], values[4:]]
        if form == "json":
            assert json.loads(data)["payload"]["values"] == shaped
        else:
            assert rows_of(data) == [["timestamp", "accX", "accY"]] + [
                [str(10 * r), *map(str, row)] for r, row in enumerate(shaped)
            ]


def test_json_is_the_documented_message(device):
    named = {
        **NAMED,
        "sensors": (('a"\\\u00e9', "m/s2"), ("b", "N/A")),
        "device_name": "x\U0001f600",
        "interval_ms": 62.5,
    }
    _, _, data = device.text({**named, "values": [[1, 2.5], [-3, 2**64 - 1]], "iat": 5}, "json")
    assert json.loads(data) == {
        "payload": {
            "device_name": "x\U0001f600", "device_type": "T", "interval_ms": 62.5,
            "sensors": [{"name": 'a"\\\u00e9', "units": "m/s2"}, {"name": "b", "units": "N/A"}],
            "values": [[1, 2.5], [-3, 2**64 - 1]],
        },
        "protected": {"ver": "v1", "alg": "none", "iat": 5},
        "signature": "00",
    }  # fmt: skip
    assert list(json.loads(data)) == ["payload", "protected", "signature"]


def test_json_is_signed(device):
    for values in (array("f", FLOATS), [[1, 2]], [], array("h")):
        _, _, data = device.text({**NAMED, "values": values, "iat": 1564128599}, "json", HMAC_KEY)
        assert_signed(data)
        assert json.loads(data)["protected"] == {"alg": "HS256", "ver": "v1", "iat": 1564128599}


def test_one_axis(device):
    assert json.loads(device.text({**ONE, "values": array("h", [1, -2])}, "json")[2])["payload"]["values"] == [1, -2]
    assert json.loads(device.text({**ONE, "values": [1, -2.5]}, "json")[2])["payload"]["values"] == [1, -2.5]
    found = json.loads(device.text({**ONE, "values": [[1], [-2]]}, "json")[2])["payload"]["values"]
    assert found in ([1, -2], [[1], [-2]])
    assert device.text({**ONE, "values": [1, -2]}, "csv")[2] == b"timestamp,a\n0,1\n10,-2\n"


def test_csv_of_a_single_reading_has_no_timestamp(device):
    assert device.text({**NAMED, "values": [[1, 2.5]]}, "csv")[2] == b"accX,accY\n1,2.5\n"
    assert device.text({**ONE, "values": array("h", [7])}, "csv")[2] == b"a\n7\n"


@pytest.mark.parametrize("interval", [1, 10, 20.0, 62.5, 0.0625, 16.666666666666668, 0.1, 1000 / 3])
def test_csv_times_have_one_step(device, interval):
    _, _, data = device.text({**ONE, "interval_ms": interval, "values": array("h", range(300))}, "csv")
    # The step is rounded to a millionth of a ms, and is the same everywhere.
    mode = device._worker.mode
    if single(mode):
        step = Decimal(round(held(mode, held(mode, interval) * 1000000))).scaleb(-6)
    else:
        step = round(Decimal(interval), 6)
    precision = 2**-23 if single(mode) else 1e-11
    for row, line in enumerate(rows_of(data)[1:]):
        assert math.isclose(float(line[0]), row * interval, rel_tol=precision, abs_tol=row * 5.1e-7)
        assert Decimal(line[0]) == row * step
        assert "e" not in line[0]
        assert line[1] == str(row)


@pytest.mark.parametrize("names", [("timestamp",), ("a", "timestamp"), ("a", "a"), ("b", "a", "b"), ('a"', 'a"')])
def test_csv_columns_have_different_names(device, names):
    """Refused where the body is made; in the other forms a sensor may have any name."""
    for rows in (1, 2):
        named = {**NAMED, "sensors": [(name, "m") for name in names], "values": [[1] * len(names)] * rows}
        refused(lambda named=named: device.text(named, "csv"), "sensors: ", "timestamp", repr(names[-1]))
        device.text(named, "json")


def test_csv_times_that_would_be_equal(device):
    named = {**ONE, "values": array("h", [1, 2, 3])}
    for interval in (1e-7, 0.0000004, 1e-30):
        refused(
            lambda interval=interval: device.text({**named, "interval_ms": interval}, "csv"), "interval_ms: ", "CSV"
        )
    assert device.text({**named, "interval_ms": 0.000001}, "csv")[2].splitlines()[2:] == [b"0.000001,2", b"0.000002,3"]
    assert device.text({**ONE, "interval_ms": 1e-7, "values": array("h", [1])}, "csv")[2] == b"a\n1\n"


def test_csv_quotes(device):
    names = ["a,b", 'say "x"', "\u00e9", " lead", "'", "=1+1", "Timestamp", 'a","b']
    named = {**NAMED, "sensors": [(name, "m") for name in names]}
    for values in ([list(range(8))], [list(range(8))] * 2):
        first = rows_of(device.text({**named, "values": values}, "csv")[2])[0]
        assert first == (names if len(values) == 1 else ["timestamp", *names])


def test_csv_is_not_signed(device):
    named = {**NAMED, "values": [[1, 2]]}
    assert device.text(named, "csv", HMAC_KEY) == device.text(named, "csv")


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_refused(device, form, bad):
    for code in "fd":
        refused(
            lambda code=code: device.text({**NAMED, "values": array(code, [1, 2, 3, 4, 5, bad])}, form), "row 2, axis 1"
        )
    refused(lambda: device.text({**NAMED, "values": [[1, 2], [bad, 3]]}, form), "row 1, axis 0")
    refused(lambda: device.text({**ONE, "values": [1, bad]}, form), "row 1, axis 0")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_row_sources(device, form):
    data = struct.pack("<12h", *range(-6, 6))
    named = {**NAMED, "typecode": "h", "rows": 6}
    wanted = device.text({**NAMED, "values": array("h", range(-6, 6))}, form)[2]
    for step in (1, 3, 4, 7, 100):
        assert device.source(named, form, data, step) == wanted
        assert device.late(named, form, data, step) == wanted
    refused(lambda: device.source(named, form, data, 5, False), "rewind")
    refused(lambda: device.source(named, form, data, 5, True, 1), "values")
    for cut in (0, 3, 4, 23):
        refused(lambda cut=cut: device.source(named, form, data[:cut], 5), f"row source ended after {cut} of 24")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_row_source_that_another_body_has_read_is_an_error(device, form):
    data = struct.pack("<12h", *range(-6, 6))
    refused(lambda: device.shared({**NAMED, "typecode": "h", "rows": 6}, form, data), "another body of this sample")


def test_decimals_are_never_in_a_form_that_json_lacks(device):
    mode = device._worker.mode
    values = array("d", [1e22, 1e-7, 5e-324, 1.7976931348623157e308, 1e16, 123456789012345680.0])
    if single(mode):
        for form in ("json", "csv"):  # the largest double is infinite there
            refused(lambda form=form: device.text({**ONE, "values": values}, form), "row 3, axis 0")
        values[3] = 3.4028234663852886e38
    for form in ("json", "csv"):
        _, _, data = device.text({**ONE, "values": values}, form)
        found = (
            json.loads(data)["payload"]["values"] if form == "json" else [float(row[1]) for row in rows_of(data)[1:]]
        )
        if single(mode):
            assert as_printed(found, held(mode, list(values)))
        else:
            assert all(
                math.isclose(one, two, rel_tol=1e-13, abs_tol=5e-324) for one, two in zip(found, values, strict=True)
            )
