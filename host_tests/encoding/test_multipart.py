"""multipart: vector U2 byte for byte; the same parts in python-multipart and aiohttp; items made when reached."""

import asyncio

import pytest
from aiohttp import MultipartReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from hypothesis import given, settings
from hypothesis import strategies as st
from python_multipart.multipart import FormParser, MultipartParser
from support.bodies import refused, vector
from support.device_source import device_source

DEVICE = device_source("encoding/multipart_device")


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


def boundary_of(content_type):
    assert content_type.startswith("multipart/form-data; boundary=")
    return content_type.split("boundary=")[1]


def by_python_multipart(content_type, data):
    """Returns (field, file name, type, bytes) of every part, as python-multipart reads it."""
    found = []
    state = {}

    def begin():
        state.update(headers=[], data=b"", field=b"", value=b"")

    def header_field(data, start, end):
        state["field"] += data[start:end]

    def header_value(data, start, end):
        state["value"] += data[start:end]

    def header_end():
        state["headers"].append((state.pop("field").lower(), state.pop("value")))
        state.update(field=b"", value=b"")

    def part_data(data, start, end):
        state["data"] += data[start:end]

    def part_end():
        found.append((dict(state["headers"]), state["data"]))

    ends = []
    parser = MultipartParser(boundary_of(content_type).encode(), {
        "on_part_begin": begin, "on_header_field": header_field, "on_header_value": header_value,
        "on_header_end": header_end, "on_part_data": part_data, "on_part_end": part_end,
        "on_end": lambda: ends.append(1),
    })  # fmt: skip
    parser.write(data)
    parser.finalize()
    assert ends == [1]
    files = []
    form = FormParser("multipart/form-data", None, files.append, boundary=boundary_of(content_type), config={
        "UPLOAD_KEEP_FILENAME": True,
    })  # fmt: skip
    form.write(data)
    form.finalize()
    names = [(file.field_name.decode(), file.file_name.decode()) for file in files]
    assert len(names) == len(found)
    return [
        (field, name, headers[b"content-type"].decode(), data)
        for (field, name), (headers, data) in zip(names, found, strict=True)
    ]


def by_aiohttp(content_type, data):
    """Returns the same, as aiohttp reads it."""

    async def read():
        protocol = BaseProtocol(asyncio.get_running_loop())
        stream = StreamReader(protocol, 2**26)
        stream.feed_data(data)
        stream.feed_eof()
        found = []
        async for part in MultipartReader({"Content-Type": content_type}, stream):
            found.append((part.name, part.filename, part.headers["Content-Type"], bytes(await part.read())))
        return found

    return asyncio.run(read())


def test_u2_byte_for_byte(device):
    boundary = "999e13bfdfc8bcc05b97f4784410806e"
    items = [("test.cbor", vector("U1")[0], None)]
    for lazy in (False, True):
        assert device.form(items, boundary, lazy=lazy) == ("multipart/form-data; boundary=" + boundary, vector("U2")[0])


def escaped(name):
    """Returns a file name as browsers write it; parsers do not reverse this."""
    return name.replace('"', "%22")


def assert_same_parts(device, items, boundary, lazy=False):
    content_type, data = device.form(items, boundary, [(50,), (3,)], lazy=lazy)
    wanted = [("data", escaped(name), kind or "application/octet-stream", content) for name, content, kind in items]
    assert by_python_multipart(content_type, data) == wanted
    if not any(";" in name for name, _, _ in items):  # aiohttp 3.14 splits at a `;` even within quotes
        assert by_aiohttp(content_type, data) == wanted


BOUNDARIES = ["b", "0" * 70, "a-_.+'Z9", "--"]
AWKWARD = [
    b"",
    b"\r\n",
    b"--",
    b"\r\n--",
    b"\r\n--b",
    b"\r\n--b-",
    b"--b--",
    b"\r\n-",
    b"\n--b\n",
    b"\r",
    bytes(range(256)),
]


def awkward(boundary):
    """Contents that begin like the end of a part, without the whole delimiter."""
    return [data for data in AWKWARD if b"\r\n--" + boundary.encode() not in b"\r\n" + data + b"\r\n"]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_contents_that_look_like_framing(device, boundary):
    items = [(f"{i}.bin", data, None) for i, data in enumerate(awkward(boundary))]
    assert_same_parts(device, items, boundary)
    assert_same_parts(device, items, boundary, lazy=True)


@pytest.mark.parametrize("lazy", [False, True])
def test_a_boundary_of_the_caller_that_is_in_the_content(device, lazy):
    """It is refused when it is met, whatever the windows are: the request is never complete."""
    for data in (b"--own", b"--own\r\nx", b"x\r\n--own--\r\n", b"y" * 90 + b"\r\n--own" + b"z" * 90, b"\r\n\r\n--ownx"):
        for window in (1, 3, 50, 4096):
            whole, sent, size = device.cut_off([("ok.bin", b"\r\n--ow", None), ("bad.bin", data, None)], window, lazy)
            assert "boundary: 'own' occurs in 'bad.bin'" in whole, (data, window)
            assert sent < size - len(b"\r\n--own--\r\n")
    assert_same_parts(device, [("a", b" --own\r\n -own", None), ("b", b"--ow", "a/b"), ("c", b"n", None)], "own", lazy)


@pytest.mark.parametrize("name", [
    "a.jpg", 'a"b.jpg', '"', '""', "\u00e9.jpg", "\u20ac\U0001f600.bin", " a", "a b", "a;b=c", "a'b", "...",
    ".hidden", "a" * 300, "\x80",
    "name=data; filename=x", "a%22b",
])  # fmt: skip
def test_file_names(device, name):
    assert_same_parts(device, [(name, b"x", "a/b"), ("other", b"y", "image/jpeg")], "some-boundary")


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\%"), min_size=1, max_size=12)
names = names.filter(lambda name: name not in (".", ".."))
contents = st.binary(max_size=60) | st.sampled_from(AWKWARD)
items = st.lists(st.tuples(names, contents, st.sampled_from(["image/jpeg", "a/b; c=d"])), min_size=1, max_size=5)


@pytest.mark.modes("py", "cpython", "wasm-1.23")
@settings(max_examples=60)
@given(items=items, lazy=st.booleans())
def test_any_parts(worker, items, lazy):
    assert_same_parts(worker.define(DEVICE), items, "some-boundary", lazy)


@pytest.mark.modes("py", "mpy", "native", "cpython")  # the WebAssembly ones have no os.urandom
def test_boundaries_are_random(device):
    found = device.boundaries(50)
    assert len(set(found)) == 50
    assert all(len(boundary_of(text)) == 24 for text in found)


@pytest.mark.modes("cpython")  # where an object without references is deleted at once
def test_items_are_made_when_reached_and_one_is_held_at_a_time(device):
    assert device.most_held([(f"{i}.txt", b"abc" * i, None) for i in range(20)]) == (1, 40)


def test_items_that_change_between_the_passes(device):
    """Either the announced number of bytes is sent, or an error is raised before the last byte."""
    things = [(f"{i}.txt", b"abc" * i, None) for i in range(1, 5)]
    for sizes in ([1, 0, 0, 0], [0, 0, 0, 1], [-1, 0, 0, 0], [0, 0, 0, -1], [0, 5, -1, 0]):
        for window in (1, 100, 4096):
            kind, sent, size = device.changing(things, sizes, window)
            assert kind == "SampleError"
            assert sent <= size
    assert device.changing(things, [0] * 4, 100)[0] == "all"


BAD_NAMES = [
    "",
    ".",
    "..",
    "a/b",
    "/",
    "\\",
    "a\\b",
    "a\r\nb",
    "a\n",
    "\0",
    "a\0b",
    "\x1f",
    "\x7f",
    None,
    5,
    True,
    b"a",
    ["a"],
]


def test_bad_names(device):
    for name in BAD_NAMES:
        refused(lambda name=name: device.name(name), "file name")


@pytest.mark.parametrize(
    "boundary", ["", "a" * 71, "a b", "a\r\nb", "a\0", "\u00e9", 'a"', "a;b", "a=b", "(", 5, True, b"abc", ["a"]]
)
def test_bad_boundaries(device, boundary):
    refused(lambda: device.form([("a", b"x", None)], boundary), "boundary")
