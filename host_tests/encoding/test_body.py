"""Chain and the body contract; heap that the bodies of an upload allocate, on the unix MicroPython."""

import json

import pytest
from support.bodies import refused
from support.device_source import device_source
from support.scripts import run_script

DEVICE = device_source("encoding/body_device")


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


TREES = [
    [], [b""], [b"", b"", {"data": b""}], [b"abc"], [b"abc", b"", b"defg"], [{"data": b"abcdefghij"}],
    [b"head", {"data": bytes(range(200))}, b"tail"], [[b"a", [b"b", [{"data": b"c"}, b"d"]]], b"e", [[], [b"f"]]],
    [{"data": b"x" * 100, "step": 1}, {"data": b"y" * 100, "step": 7, "waits": 2}, b"z"],
    [{"data": b"x" * 64}, {"data": b"y" * 64}, {"data": b"z" * 64}], [bytearray(b"abc"), {"data": b"",
    "waits": 1}, b"d"],
]  # fmt: skip


def leaves(tree):
    if isinstance(tree, list):
        return b"".join(map(leaves, tree))
    return tree["data"] if isinstance(tree, dict) else bytes(tree)


@pytest.mark.parametrize("number", range(len(TREES)))
def test_chains(device, number):
    tree = TREES[number]
    assert device.chain(tree, [(n,) for n in range(1, 70)] + [(128,), (3, 1, 200)]) == leaves(tree)


def test_nested_chains_are_flattened(device):
    assert device.flat(TREES[7]) == ["bytes", "bytes", "Part", "bytes", "bytes", "bytes"]


def test_every_part_is_rewound_before_and_closed_after(device):
    tree = [{"data": b"abc"}, b"x", {"data": b"defg", "step": 1}, {"data": b""}]
    for window in (1, 3, 100):
        assert device.calls(tree, window) == ["rewind", "close"] * 3


def test_nothing_ready_is_none_only_when_nothing_was_written(device):
    assert device.answers([b"ab", {"data": b"cdef", "step": 2, "waits": 1}, b"g"], 10) == [2, 2, 3, 0]
    assert device.answers([{"data": b"cd", "step": 1, "waits": 2}], 10) == [None, None, 1, None, 1, 0]


@pytest.mark.parametrize("window", [1, 2, 3, 4, 5, 6, 100])
def test_parts_of_another_size(device, window):
    for data, size in ((b"abc", 4), (b"", 1), (b"abc", 100)):
        refused(
            lambda d=data, s=size: device.until_error([b"h", {"data": d, "size": s, "name": "it"}, b"t"], window),
            "it",
            "ended",
        )
    for data, size in ((b"abc", 2), (b"a", 0), (b"abcdef", 1)):
        refused(
            lambda d=data, s=size: device.until_error([b"h", {"data": d, "size": s, "name": "it"}], window),
            "it",
            "more",
        )


def test_a_body_that_cannot_rewind_raises(device):
    refused(lambda: device.once([b"a", {"data": b"bcdef", "rewindable": False}]), "chain", "second time")


def test_close_reaches_every_part(device):
    tree = [{"data": b"abc"}, b"x", {"data": b"de"}]
    assert device.closes(tree, 0) == ["close"] * 4
    assert device.closes(tree, 2) == ["close"] * 4
    assert device.closes(tree, 5).count("close") == 4


def test_octets(device):
    from array import array

    assert device.raw(b"abc") == device.raw(bytearray(b"abc")) == b"abc"
    for code in "bBhHiIqQfd":
        values = array(code, [1, 2, 100])
        assert device.raw(values) == values.tobytes()
        assert device.raw(array(code)) == b""
    assert device.raw(array("b", [-1, -128])) == b"\xff\x80"
    for kind in ("str", "list", "int", "none", "dict"):
        with pytest.raises(Exception, match="TypeError"):
            device.no_raw(kind)


# The heap is locked between the first and the last full window: nothing is allocated there.
LOCKED = device_source("encoding/body_locked_device")


@pytest.mark.parametrize("mpy", [False, True])
def test_the_steady_state_allocates_nothing(tmp_path, mpy):
    script = tmp_path / "locked.py"
    script.write_text(LOCKED)
    done = run_script(script, heapsize="512K", mpy=mpy, args=[str(tmp_path / "data.bin")])
    assert done.code == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert len(found) > 60
    assert {what: answer for what, answer in found.items() if answer[0] != answer[1] or answer[2]} == {}
