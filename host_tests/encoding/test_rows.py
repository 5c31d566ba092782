"""Typed rows of Sample(...).body() compared with cbor2: shapes, windows, sources; with kernels and without."""

import functools
import random
import struct

import cbor2
import pytest
from support import modes
from support.bodies import PLAIN, TYPECODES, refused
from support.device_source import device_source
from support.typed_values import expected, head, numbers, raw, values_in

DEVICE = device_source("encoding/rows_device")

AXES = (1, 3, 6, 23, 24, 255, 256, 768, 1024)


def shaped(values, axes):
    return values if axes == 1 else [values[i : i + axes] for i in range(0, len(values), axes)]


WITH_KERNELS = modes.UNIX


@pytest.fixture(params=[*modes.ALL, PLAIN])
def rows_on(request, workers):
    """(device, whether kernels are used) for every mode, and for the unix port without kernels."""
    mode = "py" if request.param == PLAIN else request.param
    worker = workers(mode, env={"ROWS": PLAIN}) if request.param == PLAIN else workers(mode)
    return worker.define(DEVICE), request.param in WITH_KERNELS


def test_which_functions_are_in_use(rows_on):
    device, kernels = rows_on
    found = device.packs()
    assert found == (["cbor_kernels", "cbor_int_kernels"] if kernels else ["cbor_plain"])


@functools.cache
def case(code, width, axes, count, seed=0, fixed=False):
    """Returns (raw values, their CBOR, the same by cbor2 alone, or None for floats)."""
    values = numbers(code, width, axes * count, seed)
    wanted = expected(code, width, axes, values, fixed)
    # NaN is NaN, -0.0 is not 0.0
    assert repr(cbor2.loads(wanted)) == repr(shaped(values, axes))
    if code not in "fd" and not fixed:
        assert wanted == cbor2.dumps(shaped(values, axes))
    return raw(code, width, values), wanted


@pytest.mark.parametrize("code", TYPECODES)
def test_shapes(rows_on, code):
    device, kernels = rows_on
    width = device.width(code)
    most, shapes = (2500, AXES) if kernels else (250, AXES[:1] + AXES[1::3] + AXES[-1:])
    for axes in shapes:
        for count in {0, 1, 2, max(2, most // axes)}:
            data, wanted = case(code, width, axes, count)
            found, message = values_in(device.typed(code, axes, data, [(61,), (12, 15), (4096,)]))
            assert found == wanted
            assert len(message["payload"]["sensors"]) == axes


@pytest.mark.parametrize("code", TYPECODES)
def test_every_window(rows_on, code):
    device, kernels = rows_on
    width = device.width(code)
    more = [4095, 4096, 1023, 1024, 511, 512, 513, 100, 127, 128, 129, 255, 256, 257] if kernels else [4096]
    ways = [(n,) for n in [*range(1, 71), *more]] + [(1, 12, 13, 14, 5), (2048, 1)]
    for axes in (1, 3, 24):
        data, wanted = case(code, width, axes, (72 if kernels else 24) // axes, seed=axes)
        assert values_in(device.typed(code, axes, data, ways))[0] == wanted


@pytest.mark.parametrize(("code", "axes", "count"), [
    ("f", 3, 3000), ("h", 1, 3000), ("q", 6, 3000), ("B", 23, 3000), ("d", 255, 300), ("f", 768, 120), ("i", 1, 65537),
    ("H", 6, 255), ("H", 6, 256), ("b", 3, 65536),
])  # fmt: skip
def test_many_rows(workers, code, axes, count):
    device = workers("py").define(DEVICE)
    width = device.width(code)
    values = numbers(code, width, axes * count)
    found, _ = values_in(device.typed(code, axes, raw(code, width, values), [(100,), (2048,), (16384,)]))
    assert found == expected(code, width, axes, values)


def test_arrays_and_views_of_arrays(rows_on):
    device, _ = rows_on
    for code in TYPECODES:
        width = device.width(code)
        values = numbers(code, width, 60)
        for message in device.twice(code, 3, raw(code, width, values)):
            assert values_in(message)[0] == expected(code, width, 3, values)


def test_row_sources_have_fixed_width(rows_on):
    device, kernels = rows_on
    steps = (1, 3, 7, 13, 1 << 20) if kernels else (3, 1 << 20)
    for code in TYPECODES:
        width = device.width(code)
        for turn, (axes, count) in enumerate(((1, 60), (3, 25), (24, 7), (255, 1))):
            data, wanted = case(code, width, axes, count, fixed=True)
            for step, waits in ((steps[turn % len(steps)], 0), (steps[(turn + 1) % len(steps)], turn)):
                message = device.source(code, axes, data, count, step, waits, [(1,), (13, 7), (300,)])
                assert values_in(message)[0] == wanted


def test_row_sources_that_fail(rows_on):
    device, _ = rows_on
    data = raw("h", 2, range(60))
    refused(lambda: device.once("h", 3, data, 20), "cannot be read a second time")
    for cut in (0, 1, 2, 7, 119):
        refused(lambda cut=cut: device.ends("h", 3, data[:cut], 20), "values", f"ended after {cut} of 120 bytes")
    for lie in (-1, 513, 100000, 1 << 40):
        refused(lambda lie=lie: device.lies(lie, 3, 100), "values", "row source")
    # Bytes that a source has after its rows are not read.
    assert device.source("h", 3, data + b"more", 20, 7, 0, [(64,)]) == device.source("h", 3, data, 20, 7, 0, [])


def test_kernels_equal_their_twins(workers):
    """From random states: any position in source and target, any column, axes, head, width and kind."""
    pick = random.Random(2)
    for mode in modes.UNIX:
        device = workers(mode).define(DEVICE)
        cases = []
        for _ in range(1500):
            width, kind = pick.choice([(1, 2), (2, 2), (4, 2), (8, 2), (1, 3), (2, 3), (4, 3), (8, 3), (1, 0), (2, 0),
                                       (4, 0), (8, 0), (1, 1), (2, 1), (4, 1), (8, 1), (8, 4), (4, 5)])  # fmt: skip
            name = "float32" if kind == 5 else "measure" if kind & 2 and pick.random() < 0.2 else "number"
            axes = pick.choice([1, 2, 3, 8, 23, 24, 255, 256, 1024])
            row = list(head(axes)) if axes > 1 else []
            first = 3 - len(row)
            small = pick.random() < 0.5
            values = 300
            data = bytes(pick.choice((0, 0, 255, 255, 23, 24, 127, 128, pick.randrange(256))) if small else
                         pick.randrange(256) for _ in range(values * width))  # fmt: skip
            start, end = pick.randrange(0, 20), pick.choice([pick.randrange(20, 60), pick.randrange(20, 300)])
            column = pick.randrange(axes)
            skip = pick.randrange(3, 4) if column else pick.randrange(first, 4)
            state = [start, end, pick.randrange(10) * width, skip, column, axes, first, len(row) + 5 * axes]
            state += row + [0] * (3 - len(row)) + [0] * (3 - len(row)) + row + [0xFA] + [0] * 9
            # The source ends there: what follows it in memory is not read.
            state += [pick.choice([len(data), pick.randrange(40)]), width, kind]
            if name == "measure":
                state[:2] = pick.randrange(10) * width, pick.randrange(10, values + 1) * width
            cases.append((name, data, state, end + 5))
        wrong = [case for case, same in zip(cases, device.twins(cases), strict=True) if not same]
        assert wrong == []


def test_values_live_as_long_as_their_body(workers):
    """Only the body refers to the memory behind a slice of a memoryview."""
    device = workers("py", heapsize="512K").define(device_source("encoding/memoryview_device"))
    values = list(range(500, 1000))
    data = struct.pack("<500i", *values)
    assert cbor2.loads(device.read("cbor"))["payload"]["values"] == values
    assert device.read("binary").endswith(data)
    assert device.read("file") == data
    assert device.read("csv").decode().split()[1:] == [f"{10 * i},{value}" for i, value in enumerate(values)]
