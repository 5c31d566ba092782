"""File: from bytes, a path, a stream, a body; wrong sizes; which files and streams are closed."""

import os
from array import array

import pytest
from support.bodies import refused
from support.device_source import device_source

DEVICE = device_source("encoding/files_device")


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


@pytest.fixture
def path(worker, tmp_path):
    """A path that the interpreter can write to. A WebAssembly interpreter has its own file system."""
    return "/scratch.bin" if worker.mode.startswith("wasm") else str(tmp_path / "scratch.bin")


TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "avi": "video/avi",
    "wav": "audio/wav",
    "cbor": "application/cbor", "json": "application/json", "labels": "application/json", "csv": "text/csv",
    "txt": "text/plain", "parquet": "application/vnd.apache.parquet",
}  # fmt: skip


def test_content_types(device):
    for extension, wanted in TYPES.items():
        for name in ("a." + extension, "a.b." + extension.upper(), "a b." + extension):
            assert device.content_type(name) == (wanted, wanted)
    for name in ("a", "a.", "a.exe", ".x", "jpg.x"):
        assert device.content_type(name)[0] == "application/octet-stream"
    assert device.read([b"x"], {"name": "a.jpg", "content_type": "text/x"})[1] == "text/x"


DATA = bytes(range(256)) * 3


@pytest.mark.parametrize("size", [0, 1, 2, 63, 64, 768])
def test_bytes_and_paths(device, path, size):
    data = DATA[:size]
    for source in (data, bytearray(data), array("B", data)):
        assert device.read([source], {"name": "a.bin"}) == ("a.bin", "application/octet-stream", size, data)
        assert device.alone([source], {"name": "a.bin", "size": size}) == data
    device.put(path, data)
    assert device.read([path], {}) == ("scratch.bin", "application/octet-stream", size, data)
    assert device.read([path], {"name": "b.csv", "size": size}) == ("b.csv", "text/csv", size, data)
    assert device.alone([path], {}) == data
    device.remove(path)


def test_arrays_of_wide_items(device):
    values = array("i", [1, -2, 3])
    assert device.read([values], {"name": "a"})[3] == values.tobytes()


@pytest.mark.parametrize("seeks", [True, False])
@pytest.mark.parametrize("size", [0, 1, 50, 768])
def test_streams(device, size, seeks):
    for step, waits in ((1, 0), (7, 2), (1000, 0)):
        data = DATA[:size]
        assert device.stream(data, size, step, waits, 0, seeks) == (data, size, False)
    if size > 3:
        assert device.stream(DATA[:size], size - 3, 7, 0, 3, seeks)[0] == DATA[3:size]


def test_a_stream_without_seek_is_not_read_beyond_its_size(device):
    """It may be a socket: bytes after the size belong to another reader, or never arrive."""
    assert device.stream(DATA, 100, 1000, 0, 0, False) == (DATA[:100], 100, False)


def test_bytesio(device):
    assert device.bytesio(DATA, 768, 0) == DATA
    assert device.bytesio(DATA, 700, 68) == DATA[68:]


def test_sources_of_another_size_than_given(device, path):
    for size, data in ((5, b"1234"), (1, b""), (768, DATA[:-1])):
        for seeks in (True, False):
            refused(lambda d=data, n=size, s=seeks: device.stream(d, n, 3, 0, 0, s), "a.bin", "ended")
    for size, data in ((3, b"1234"), (0, b"1"), (767, DATA)):
        refused(lambda d=data, n=size: device.stream(d, n, 1000, 0, 0, True), "a.bin", "more")
    for later, text in (
        (b"123", "ended"),
        (b"", "ended"),
        (b"123456", "more"),
        (DATA, "more"),
        (None, "cannot be opened"),
    ):
        refused(lambda later=later: device.changes(path, b"12345", later), "scratch.bin", text)
    refused(lambda: device.grows(path, b"12345", b"6"), "scratch.bin", "more")
    refused(lambda: device.alone_grows(path, b"12345", b"6"), "scratch.bin", "more")
    for size in (0, 4, 6, 10**12):
        device.put(path, b"12345")
        refused(lambda n=size: device.alone([path], {"size": n}), "size")
        refused(lambda n=size: device.alone([b"12345"], {"size": n, "name": "a"}), "size")


@pytest.mark.parametrize(("how", "counts"), [
    ("unused", [0, 0]), ("part", [1, 1]), ("chain", [1, 1]), ("chain cut", [1, 1]), ("rewound", [2, 2]),
])  # fmt: skip
def test_opened_files_are_closed(device, path, how, counts):
    device.put(path, b"12345")
    assert device.handles(path, how) == counts


@pytest.mark.modes("py", "mpy", "native", "cpython")
def test_descriptors_are_given_back(device, path):
    device.put(path, DATA)
    folder = f"/proc/{device._worker._process.pid}/fd"
    if not os.path.isdir(folder):
        folder = "/dev/null"
    run = device._worker.run
    run("import gc\ngc.collect()")  # closes what other tests left open
    before = os.listdir(folder) if os.path.isdir(folder) else None
    run("import gc\ngc.disable()")
    for _ in range(3):
        device.alone([path], {})
        device.handles(path, "chain cut")
    after = os.listdir(folder) if os.path.isdir(folder) else None
    run("import gc\ngc.enable()")
    assert before is None or set(after) <= set(before)


def test_a_body(device, path):
    device.put(path, DATA)
    assert device.of_a_body(path) == {
        "name": "other.jpg",
        "content_type": "application/octet-stream",
        "size": 768,
        "beginning": DATA[:5],
        "plain name": "scratch.bin",
        "closed": True,
    }


def test_paths_that_cannot_be_read(device, path):
    folder = path + ".folder"
    if folder.startswith("/scratch"):
        refused(lambda: device.read(["/"], {"name": "x"}), "source", "folder")
    else:
        device.folder(folder)
        refused(lambda: device.read([folder], {}), "source", "folder")
    refused(lambda: device.read(["/no/such/file.jpg"], {}), "source", "/no/such/file.jpg")
    refused(lambda: device.read(["a" * 5000], {}), "source")
    refused(lambda: device.read([""], {}))


BAD = {
    "name": [None, "", 5, True, b"a", ["a"], "a\r\nb", "a\n", "\0", "a\0b", "\x1f", "\x7f"],
    "size": [-1, 1.0, "3", True, [], 4, 2, 10**400],
    "content_type": ["", 5, True, b"a/b", "a/b\r\nX: y", "a/b\n", "\0", "a/\u00e9", ["a"]],
}


@pytest.mark.parametrize("argument", BAD)
def test_bad_arguments_are_named(device, argument):
    for value in BAD[argument]:
        refused(lambda value=value: device.read([b"abc"], {"name": "a.jpg", argument: value}), argument)


def test_bad_sources(device):
    for source in (None, 5, 1.5, True, ["a"], {"a": 1}, ("a",)):
        refused(lambda source=source: device.read([source], {"name": "a.jpg"}), "source")
        refused(lambda source=source: device.read([source], {"name": "a.jpg", "size": 1}), "source")
    for kind in ("object", "class", "set", "function", "iterator"):
        refused(lambda kind=kind: device.odd(kind, {"name": "a", "size": 3}), "source")
    refused(lambda: device.odd("fails", {"name": "a", "size": 3}), "5")
    refused(lambda: device.odd("fails", {"name": "a"}), "size")


@pytest.mark.parametrize("kind", ["body", "file of a body", "stream", "wav", "sample", "binary", "csv", "multipart"])
def test_a_stream_that_says_a_wrong_number_of_bytes(device, kind):
    for answer in (-1, -(1 << 40), 513, 1001, 1 << 40, 1.5, 7.0, True, "7", b"7", ""):
        for before in (0, 1, 3):
            error = refused(lambda a=answer, b=before: device.says(kind, a, 100, b))
            assert "it" in error.text or "values" in error.text
