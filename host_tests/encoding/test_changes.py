"""Values that are resized or overwritten while they are sent: a whole message leaves, or a SampleError says it."""

import csv
import io
import json

import cbor2
import pytest
from support.bodies import PLAIN, TYPECODES, assert_signed
from support.device_source import device_source

DEVICE = device_source("encoding/changes_device")
RULE = "must not change until they are sent"
COUNT = 400
RESIZED = ("extend", "one more", "shrink")
SAME = ("moved", "write", "swap")  # as many values as before


@pytest.fixture(params=["mpy", "native", PLAIN])
def device(request, workers):
    if request.param == PLAIN:
        return workers("py", heapsize="1M", env={"ROWS": PLAIN}).define(DEVICE)
    return workers(request.param, heapsize="1M").define(DEVICE)


def values_in(form, body):
    """Returns the values of a whole message; raises for one that is malformed, or falsely signed."""
    if form == "csv":
        _, *rows = csv.reader(io.StringIO(body.decode()))
        assert [row[0] for row in rows] == [str(10 * i) for i in range(len(rows))]
        return [float(value) for row in rows for value in row[1:]]
    if form == "json":
        rows = json.loads(body)["payload"]["values"]
    else:
        stream = io.BytesIO(body)
        rows = cbor2.load(stream)["payload"]["values"]
        assert stream.read() == b""
    assert_signed(body)
    return [value for row in rows for value in (row if isinstance(row, list) else [row])]


def check(form, found, allowed, count, resized=False):
    """The message is whole and has only values of the caller, or it has not left and the error says the rule."""
    body, text, size = found
    if text is not None:
        assert RULE in text
        assert size < 0 or len(body) < size, "a message that is an error has left as a whole"
        return
    assert not resized, "the values were resized"
    assert len(body) == size
    values = values_in(form, body)
    assert len(values) == count and set(values) <= set(allowed)


@pytest.mark.parametrize("form", ["cbor", "json", "csv"])
@pytest.mark.parametrize("code", TYPECODES)
def test_arrays_that_change(device, form, code):
    first, to = (1, 100) if code == "b" else (1.5, 12345.25) if code in "fd" else (1, 200) if code == "B" else (1, 300)
    for kind, ways in (("array", (*RESIZED, *SAME)), ("bytearray", RESIZED + ("moved",)), ("view", SAME[1:])):
        # Of a view MicroPython cannot tell that its buffer was resized.
        count = COUNT // 2 if kind == "view" else COUNT
        for how in ways:
            for axes, before, window in ((4, 0, 700), (1, 150, 7), (4, 400, 61)):
                a, b = (to, first) if how == "swap" or axes == 1 else (first, to)
                found = device.read(form, kind, code, axes, a, b, how, before, window)
                check(form, found, (a, b), count, how in RESIZED)


@pytest.mark.parametrize("code", "bhiq")
def test_an_integer_that_changes_in_the_middle(device, code):
    """A value of which a window has the first byte only is sent as it was."""
    for window in (1, 5):
        for before in range(150, 160):
            for a, b in ((-100, 3), (3, -100), (100, -1)):
                found = device.read("cbor", "array", code, 4, a, b, "swap", before, window)
                check("cbor", found, (a, b), COUNT)


def test_floats_that_change_in_the_middle(device):
    for window in (1, 5):
        for before in range(150, 160):
            found = device.read("cbor", "array", "f", 4, 1.5, -8.0625, "write", before, window)
            check("cbor", found, (1.5, -8.0625), COUNT)


@pytest.mark.parametrize("form", ["cbor", "json", "csv"])
def test_lists_that_change(device, form):
    for kind, axes, ways in (("list", 1, ("extend", "one more", "shrink", "write", "swap", "text")),
                             ("rows", 2, ("extend", "one more", "shrink", "row"))):  # fmt: skip
        for how in ways:
            for before, window in ((0, 700), (150, 7), (400, 61)):
                for a, b in ((1, 300), (300, 1), (1, 1.5)):
                    found = device.read(form, kind, "i", axes, a, b, how, before, window)
                    check(form, found, (a, b), COUNT, how not in SAME)


@pytest.mark.parametrize("kind", ["array", "list"])
def test_values_that_change_before_there_is_a_body(device, kind):
    for code, a, b in (("h", 1, 300), ("f", 1.0, 2.0), ("q", 70000, 1)):
        for how in RESIZED:
            check("cbor", device.read("sample", kind, code, 4 if kind == "array" else 1, a, b, how, 0, 61), (), 0, True)


@pytest.mark.parametrize("form", ["binary", "file", "wav", "chain"])
def test_raw_values_that_change(device, form):
    for code in "h" if form == "wav" else "bhif":
        for kind in ("array", "bytearray"):
            for how in ("extend", "one more", "moved", "shrink"):
                for before, window in ((0, 700), (150, 7), (200, 61)):
                    body, text, size = device.read(form, kind, code, 1, 1, 2, how, before, window, None)
                    if how in RESIZED:
                        assert text is not None, (code, kind, how, before)
                    if text is not None:
                        assert RULE in text and len(body) < size
                    else:
                        unchanged = device.read(form, kind, code, 1, 1, 2, "nothing", 0, 100, None)
                        assert body == unchanged[0]


def test_the_signature_of_the_binary_form_is_that_of_what_is_sent(device):
    for before in (0, 150, 400):
        body, text, size = device.read("binary", "array", "h", 1, 1, 300, "write", before, 61)
        assert text and RULE in text and len(body) < size
    assert_signed(device.read("binary", "array", "h", 1, 1, 300, "nothing", 0, 61)[0])


def test_a_part_of_a_request_that_changes(device):
    for form in ("cbor multipart", "json multipart", "csv multipart"):
        for how in ("extend", "shrink"):
            body, text, size = device.read(form, "array", "h", 4, 1, 300, how, 300, 61)
            assert text and RULE in text and len(body) < size
