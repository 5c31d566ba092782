"""Chain and the body contract; what a whole upload's bodies allocate, on the unix MicroPython."""

import json

import pytest
from support.bodies import READ, refused
from support.scripts import run_script

DEVICE = (
    READ
    + """
from edgeingest.body import Body, Chain, octets
from edgeingest.files import File

log = []

class Part(Body):
    # A body of ours that writes down what is done with it.
    def __init__(self, data, size=None, step=1000, waits=0, rewindable=True, name="part"):
        self.source = Again(data, step, waits)
        self.size = len(data) if size is None else size
        self.rewindable = rewindable
        self.name = name
    def readinto(self, window):
        return self.source.readinto(window)
    def rewind(self):
        log.append("rewind")
        self.source.rewind()
    def close(self):
        log.append("close")

def built(tree):
    if isinstance(tree, list):
        return Chain([built(part) for part in tree], "chain")
    if isinstance(tree, dict):
        return Part(**tree)
    return tree

def chain(tree, ways):
    return every_way(built(tree), ways)

def calls(tree, window):
    # What is done with the parts, from the first byte to the last.
    log.clear()
    drain(built(tree), (window,))
    return list(log)

def answers(tree, window):
    body = built(tree)
    found = []
    while True:
        n = body.readinto(bytearray(window))
        found.append(n)
        if n == 0:
            return found

def until_error(tree, window):
    body = built(tree)
    out = bytearray()
    view = memoryview(bytearray(window))
    while True:
        n = body.readinto(view)
        if n == 0:
            return "all"
        if n:
            out.extend(view[:n])

def once(tree):
    body = built(tree)
    if body.rewindable:
        raise RuntimeError("rewindable")
    body.rewind()  # nothing was read: there is nothing to read again
    body.readinto(bytearray(3))
    body.rewind()

def closes(tree, read):
    log.clear()
    body = built(tree)
    if read:
        body.readinto(bytearray(read))
    log.clear()
    body.close()
    body.close()
    return list(log)

def flat(tree):
    return [type(part).__name__ for part in built(tree)._parts]

def raw(values):
    return bytes(octets(values))

def no_raw(kind):
    octets({"str": "abc", "list": [1], "int": 5, "none": None, "dict": {}}[kind])
"""
)


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


def test_what_cannot_rewind_says_so(device):
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


# Between the first and the last full window nothing is allocated: the heap is locked there.
LOCKED = """
import gc, json, sys
from array import array
from micropython import heap_lock, heap_unlock
from edgeingest.body import Chain
from edgeingest.files import File
from edgeingest.multipart import multipart
from edgeingest.sample import Sample

KEY = "fed53116f20684c067774ebf9e7bcbdc"
N = 12000

def sample(code, axes, key=None):
    values = array(code, bytes(N * len(bytes(array(code, (0,))))))
    if code not in "fd":
        for i in range(0, N, 7):
            values[i] = i % 120
    return Sample([("a%d" % i, "m") for i in range(axes)], 10, values, "T", "d", typecode=None).body(hmac_key=key)

def run(body, window):
    # Windows read with the heap locked; the failure, if there is one.
    buffer = bytearray(window)
    read = body.readinto
    before = 0
    while before < 1024:  # heads, where pieces join
        before += read(buffer)
    full = (body.size - before) // window - 1
    if full < 2:
        raise RuntimeError("too short a body")
    i = 0
    error = None
    gc.collect()
    heap_lock()
    try:
        while i < full:
            if read(buffer) != window:
                break
            i += 1
    except MemoryError:
        error = "MemoryError"
    heap_unlock()
    body.close()
    return [i, full, error]

with open(sys.argv[1], "wb") as f:
    for i in range(100):
        f.write(bytes(200))
found = {}
for key in (None, KEY):
    for code in "bhifqdBL":
        for axes in (1, 3, 24):
            for window in (256, 1000, 2048) if code in "fh" else (512,):
                found["%s%d %s %d" % (code, axes, bool(key), window)] = run(sample(code, axes, key), window)
for window in (256, 512, 2048):
    found["file %d" % window] = run(Chain([b"head", File(sys.argv[1]), b"tail"]), window)
    found["form of a file %d" % window] = run(Chain([b"head", multipart([File(sys.argv[1])])]), window)
    found["form of a sample %d" % window] = run(Chain([b"head", multipart([sample("f", 3, KEY)])]), window)
print(json.dumps(found))
"""


@pytest.mark.parametrize("mpy", [False, True])
def test_the_steady_state_allocates_nothing(tmp_path, mpy):
    script = tmp_path / "locked.py"
    script.write_text(LOCKED)
    done = run_script(script, heapsize="512K", mpy=mpy, args=[str(tmp_path / "data.bin")])
    assert done.code == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert len(found) > 60
    assert {what: answer for what, answer in found.items() if answer[0] != answer[1] or answer[2]} == {}
