"""cbor.Encoder on the real interpreters, compared with cbor2 and struct; values that it refuses."""

import math
import struct
from array import array

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.bodies import CBOR as DEVICE
from support.bodies import refused
from support.floats import float32, held, neighbour


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EDGES = [2**b + d for b in (0, 3, 7, 8, 15, 16, 31, 32, 63, 64, 65, 200) for d in (-1, 0, 1)] + [22, 23, 24, 25]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(EDGES + [-n for n in EDGES])
    | st.integers(-(2**300), 2**300)
    | st.floats()
    | texts
    | st.sampled_from([n * "\u00e9" for n in (11, 12, 127, 128, 300)])
    | st.binary(max_size=30)
)
keys = st.integers(-(2**70), 2**70) | texts | st.binary(max_size=5)
objects = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=5,
)
quick = settings(suppress_health_check=list(HealthCheck))
COUNT = {"py": 20_000}  # objects that hypothesis makes in this mode; elsewhere 400
BATCH = 40


def test_generated_objects_as_cbor2_writes_them(worker):
    device = worker.define(DEVICE)
    wanted = COUNT.get(worker.mode, 400)
    seen = 0

    @settings(quick, max_examples=wanted // BATCH)
    @given(st.lists(objects, min_size=BATCH, max_size=BATCH))
    def run(batch):
        nonlocal seen
        seen += len(batch)
        assert device.encode_all(batch) == [cbor2.dumps(item) for item in held(worker.mode, batch)]

    run()
    assert seen >= wanted


@pytest.mark.modes("py", "cpython", "wasm-1.23", "wasm-1.27")
@settings(quick, max_examples=30)
@given(values=st.lists(st.floats() | st.floats(width=32) | st.floats(width=16), min_size=30, max_size=30))
def test_shortest_floats(worker, values):
    device = worker.define(DEVICE)
    rounded = held(worker.mode, values)
    assert device.each("float", values, True) == [cbor2.dumps(value, canonical=True) for value in rounded]
    assert device.each("float", values) == [cbor2.dumps(value) for value in rounded]
    assert device.each("float64", values) == [b"\xfb" + struct.pack(">d", value) for value in rounded]


SHORTEST = {
    1.0: "f93c00", 2.0**-14: "f90400", 2.0**-24: "f90001", 6.1035152e-05: "fa387fffff", 65504.0: "f97bff",
    65505.0: "fa477fe100", -0.25: "f9b400", 3.4028234663852886e38: "fa7f7fffff", 2.0**-149: "fa00000001",
    2.0**-126: "fa00800000",
}  # fmt: skip


def test_shortest_floats_that_a_constant_could_change(worker):
    """What float16 begins and ends with must not depend on how a board reads a constant of the library."""
    device = worker.define(DEVICE)
    values = [float32(value) for value in SHORTEST]
    assert [data.hex() for data in device.each("float", values, True)] == list(SHORTEST.values())
    values = [2.0**-14, 2.0**-24, float32(3.924966e-05)]
    assert device.each("float16", values) == [b"\xf9" + struct.pack(">e", value) for value in values]


def finite(mode, values):
    """Returns those of the numbers that are not infinite in the interpreter: every integer, and floats it can hold."""
    return [value for value in values if isinstance(value, int) or math.isfinite(held(mode, value))]


@pytest.mark.modes("py", "cpython", "wasm-1.23", "wasm-1.27")
def test_float16_rounds_as_struct_does(device):
    every = [struct.unpack(">e", struct.pack(">H", bits))[0] for bits in range(0x7C00)]
    mode = device._worker.mode
    if mode != "cpython":
        every = every[:1100] + every[1100::7]
    values = []
    for low, high in zip(every, every[1:], strict=False):
        middle = (low + high) / 2
        values += [low, middle, neighbour(mode, middle, 0), -neighbour(mode, middle, 1e9)]
    values += [0.0, -0.0, 1e-320, -1e-320, 65519.99, -65504.0, math.inf, -math.inf]
    for at in range(0, len(values), 5000):
        part = values[at : at + 5000]
        assert device.each("float16", part) == [b"\xf9" + struct.pack(">e", value) for value in held(mode, part)]
    assert device.explicit([("float16", math.nan)]).hex() == "f97e00"
    for value in finite(mode, [65520.0, -65520.0, 1e300, 2**16, 10**400]):
        kind, text, written = device.left_by([("float16", value)])
        assert (kind, written) == ("EncodeError", 0)


def test_float32_rounds_as_struct_does(device):
    mode = device._worker.mode
    most = 3.4028235677973366e38  # half-way between the greatest float32 and the next power of two: rounds to infinity
    values = [
        1.1,
        -1e-40,
        1e-46,
        5e-324,
        math.nextafter(most, 0),
        -math.nextafter(most, 0),
        16777217.0,
        math.inf,
        -math.inf,
    ]
    assert device.each("float32", values) == [b"\xfa" + struct.pack(">f", value) for value in held(mode, values)]
    assert device.each("float32", [3, -(2**100)]) == [b"\xfa" + struct.pack(">f", value) for value in (3, -(2**100))]
    for value in finite(mode, [most, -most, 1e300, 2**128]):
        assert device.left_by([("float32", value)])[::2] == ("EncodeError", 0)


def test_arrays_and_views(worker):
    device = worker.define(DEVICE)
    run = worker.run
    for code, values in (
        ("b", [-128, -1, 0, 127]), ("B", [0, 23, 24, 255]), ("h", [-(2**15), 2**15 - 1]), ("H", [0, 2**16 - 1]),
        ("i", [-(2**31), 2**31 - 1]), ("I", [0, 2**32 - 1]), ("q", [-(2**63), 2**63 - 1]), ("Q", [0, 2**64 - 1]),
    ):  # fmt: skip
        assert device.encode_all([array(code, values)]) == [cbor2.dumps(values)]
    doubles = [0.1, -0.0, math.inf, 5e-324]
    assert device.encode_all([array("d", doubles)])[0] == b"\x84" + b"".join(
        b"\xfb" + struct.pack(">d", x) for x in doubles
    )
    assert device.encode_all([array("f", doubles)])[0] == b"\x84" + b"".join(
        b"\xfa" + struct.pack(">f", x) for x in doubles
    )
    assert device.encode_all([array("f"), array("h"), bytearray(b"ab")]) == [b"\x80", b"\x80", b"\x42ab"]
    source = "from edgeingest.cbor import Encoder\nfrom array import array\nout = bytearray()\nEncoder(out.extend)"
    assert run(source + ".encode(memoryview(b'abc')[1:])\nresult = out") == b"\x42bc"
    whole = array("h", [1, 2, 3]).tobytes()
    assert run(source + ".bytes(array('h', [1, 2, 3]))\nresult = out") == b"\x46" + whole
    assert run(source + ".bytes(memoryview(array('h', [1, 2, 3]))[1:])\nresult = out") == b"\x44" + whole[2:]


@pytest.mark.modes("py", "mpy", "native", "wasm-1.23")
def test_an_array_of_objects_is_refused_before_its_head(worker):
    """CPython has no such arrays; of numbers too, as an object among them would leave half of an array."""
    source = (
        "from edgeingest.cbor import Encoder\nfrom edgeingest.errors import EncodeError\nfrom array import array\n"
        "out = bytearray()\ntry:\n    Encoder(out.extend).encode(array('O', items))\nexcept EncodeError as e:\n"
        "    out.extend(b'!')\nresult = bytes(out)"
    )
    for items in ([1, 2], [1, "x"], [1, [2]], []):
        assert worker.run(source, items=items) == b"!"


def test_maps_with_float_keys(worker):
    """A NaN is a valid key although it is equal to nothing."""
    source = (
        "from edgeingest.cbor import Encoder\nfrom collections import OrderedDict\nout = bytearray()\n"
        "Encoder(out.extend).encode(OrderedDict([(nan, 1), (1.5, 2), (True, 3)]))\nresult = out"
    )
    assert worker.run(source, nan=math.nan) == cbor2.dumps({math.nan: 1, 1.5: 2, True: 3})


@pytest.mark.parametrize("kind", ["list", "tuple", "dict"])
def test_depth(device, kind):
    wrap = {"list": lambda item: [item], "tuple": lambda item: (item,), "dict": lambda item: {"k": item}}[kind]
    item = 7
    for _ in range(32):
        item = wrap(item)
    assert device.nested(kind, 32) == cbor2.dumps(item)
    for depth in (33, 34, 200):
        refused(lambda depth=depth: device.nested(kind, depth), "32 levels", kind="EncodeError")


def test_depth_of_lists_in_maps_in_lists(worker):
    source = (
        "from edgeingest.cbor import Encoder\nitem = 7\nfor i in range(32):\n"
        "    item = [item] if i % 2 == odd else {'k': item}\n"
        "out = bytearray()\nEncoder(out.extend).encode(item)\nresult = bytes(out)"
    )
    for odd in (0, 1):
        item = 7
        for i in range(32):
            item = [item] if i % 2 == odd else {"k": item}
        assert worker.run(source, odd=odd) == cbor2.dumps(item)


@pytest.mark.modes("py", "mpy")
def test_encode_leaves_no_garbage_for_each_row(worker):
    source = (
        "import gc\nfrom edgeingest.cbor import Encoder\n"
        "def left(n):\n    rows = [[1.5, -2.5, 3] for _ in range(n)]\n    encoder = Encoder(len)\n    gc.collect()\n"
        "    gc.disable()\n    before = gc.mem_alloc()\n    encoder.encode(rows)\n    found = gc.mem_alloc() - before\n"
        "    gc.enable()\n    return found\nleft(1)\nresult = left(10), left(5000)"
    )
    few, many = worker.run(source)
    assert many <= few + 64


def test_lists_of_many_pages(worker):
    """`encode` writes a page at a time: items of every kind at every place in a page, rows of every shape."""
    device = worker.define(DEVICE)
    numbers = [1.5, -0.0, 7, -7, 23, 24, -24, -25, 255, 256, -256, -257, 65535, 65536, -65536, -65537, 2**64, math.inf]
    others = [None, True, "\u00e9" * 31, "x" * 63, "x" * 64, "x" * 65, b"y" * 300, "", [], [1.5, [2]], (3,)]
    made = [
        [numbers[i % 7 : i % 7 + i % 11] for i in range(300)],
        [numbers * 3, *[(float(i), i * 37) for i in range(200)], [0.5] * 24, [1] * 300],
        [[1.5, -2.5, 3.25]] * 30
        + ["a row that is none", 5, None, [[1.0]], []]
        + [[4, "x" * (i % 70)] for i in range(90)],
        [float(i) for i in range(1000)],
        [x for i in range(40) for x in (*numbers[: i % 18], others[i % len(others)])],
        [[others, numbers]] * 9,
        [(), [], [[]], [[[1]]], 2.5],
    ]
    assert device.encode_all(made) == [cbor2.dumps(item) for item in made]


REFUSED = [
    *[[(name, n)] for name in ("uint", "array", "map", "tag") for n in (-1, 2**64, 1.0, True, None, "1", 2**80)],
    *[[("nint", n)] for n in (0, 1, -1 - 2**64, -1.0, False, None)],
    *[[("int", n)] for n in (1.0, True, None, "1", b"1")],
    *[[("simple", n)] for n in (-1, 24, 31, 256, 2**70, 1.0, True, None)],
    *[[(name, x)] for name in ("float", "float16", "float32", "float64") for x in (None, "1.0", True, [], 10**400)],
    *[[("text", s)] for s in (None, 5, b"abc", ["a"])],
    *[[("bytes", s)] for s in (None, 5, "abc", [1], 1.0)],
    [("end",)],
    [("begin_array",), ("end",), ("end",)],
    *[
        [("begin_bytes",), ("bytes", b"ok"), call]
        for call in (
            ("text", "a"), ("uint", 1), ("nint", -1), ("int", 2**70), ("null",), ("boolean", True), ("float", 1.5),
            ("float16", 1.5), ("float32", 1.5), ("float64", 1.5), ("array", 1), ("map", 1), ("tag", 1), ("simple", 3),
            ("undefined",), ("begin_bytes",), ("begin_text",), ("begin_array",), ("begin_map",), ("encode", [1]),
            ("encode", {}), ("encode", None), ("encode", array("d", [1.0])), ("encode", array("h", [1])),
        )
    ],
    [("begin_text",), ("text", "a"), ("bytes", b"a")],
    [("begin_array",), ("begin_text",), ("uint", 1)],
]  # fmt: skip


def test_a_refused_call_writes_nothing(device):
    for calls in REFUSED:
        found = device.left_by(calls)
        assert found is not None, calls
        assert (found[0], found[2]) == ("EncodeError", 0), (calls, found)


def test_values_that_encode_refuses(worker):
    source = "from edgeingest.cbor import Encoder\nout = bytearray()\nEncoder(out.extend).encode(%s)"
    for text in ("object()", "{1}", "int", "Encoder", "lambda: 0", "range(3)", "1j", "[1, object()]", "{1: {2}}"):
        refused(lambda text=text: worker.run(source % text), kind="EncodeError")


def test_strings_in_chunks(device):
    calls = [("begin_map",), ("begin_text",), ("text", "a\u00e9"), ("text", ""), ("end",), ("begin_bytes",), ("end",)]
    calls += [("text", "b"), ("begin_array",), ("begin_array",), ("end",), ("uint", 5), ("end",), ("end",)]
    assert cbor2.loads(device.explicit(calls)) == {"a\u00e9": b"", "b": [[], 5]}


def test_long_strings_are_written_without_a_copy(worker):
    source = (
        "from edgeingest.cbor import Encoder\nseen = []\n"
        "def write(data): seen.append((len(data), data is big))\n"
        "big = bytes(100000)\nEncoder(write).bytes(big)\nEncoder(write).text('x' * 100000)\nresult = seen"
    )
    seen = worker.run(source)
    assert [size for size, _ in seen] == [5, 100000, 5, 100000]
    assert seen[1][1]
