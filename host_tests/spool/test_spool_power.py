"""A spool on a real littlefs, and on FAT, whose power fails at any program or erase: nothing promised is lost.

20 entries, of which one is refused, 2 recordings and 2 flushes run on a block device of ours; power_device says how it
fails.
"""

import hashlib
import hmac
import io
import struct

import cbor2
import pytest
from support.interpreters import ON_DEVICE

KEY = "fed53116f20684c067774ebf9e7bcbdc"
TEARS = ("not begun", "a part done", "noise", "any of those since the last sync")
STEP = 48  # every so many cuts are tried, unless all are asked for
SOURCE = """
from power_device import Bench
benches = {}

def bench(kind):
    if kind not in benches:
        benches[kind] = Bench(kind)
    return benches[kind]

def cuts(kind):
    return len(bench(kind).cuts)

def run(kind, first, step, tear):
    made = bench(kind)
    made.others = {}
    made.lost = made.unreadable = made.damaged = 0
    tried = made.run(first, step, (tear,), 1000 * first + tear)
    return tried, list(made.others), made.lost, made.unreadable, made.damaged

def live(kind, cut):
    return bench(kind).live(cut)
"""


@pytest.fixture
def device(workers):
    return workers("mpy", heapsize="64M", paths=[ON_DEVICE]).define(SOURCE)


def rows_of(body, number):
    """How many rows of a recording are in the message, which must be right in every other way."""
    stream = io.BytesIO(body)
    message = cbor2.CBORDecoder(stream).decode()
    assert stream.read() == b""
    signature, payload = message["signature"], message["payload"]
    if number == 0:
        assert message["protected"] == {"alg": "HS256", "ver": "v1", "iat": 1700000000}
        at = len(body) - 64
        assert body[at:] == signature.encode()
        assert hmac.new(KEY.encode(), body[:at] + b"0" * 64, hashlib.sha256).hexdigest() == signature
    else:
        assert (message["protected"], signature) == ({"alg": "none", "ver": "v1"}, "00")
    assert payload["sensors"] == [{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}]
    values = payload["values"]
    flat = [value for row in values for value in row]
    assert flat == [struct.unpack("f", struct.pack("f", i * 0.5 - number))[0] for i in range(2 * len(values))]
    return len(values)


def recordings(bodies):
    """The row counts of each of the two recordings as they were sent."""
    found = {0: set(), 1: set()}
    for body in bodies:
        number = 0 if b"HS256" in body else 1
        found[number].add(rows_of(body, number))
    return found


def starts(torture, cuts):
    """(first, step) of runs that are short enough for one question."""
    return [(first, STEP) for first in range(STEP)] if torture else [(cuts % STEP // 2, STEP)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tear", range(4))
def test_littlefs_keeps_every_promise(device, torture, counted, tear):
    cuts = device.cuts("VfsLfs2")
    assert cuts > 800
    tried = 0
    for first, step in starts(torture, cuts):
        number, bodies, lost, unreadable, damaged = device.run("VfsLfs2", first, step, tear)
        assert (lost, unreadable, damaged) == (0, 0, 0)
        # only what was written by the end of a sync, or all
        found = recordings(bodies)
        assert found[0] <= {3, 143, 343} and found[1] <= {100, 200, 300}, found
        tried += number
    assert tried == cuts if torture else tried >= cuts // STEP
    counted(tried)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tear", range(4))
def test_fat_sends_nothing_corrupt(device, torture, counted, tear, capsys):
    """FAT itself may lose files, or all, if the power fails in a sector; what is sent is right nevertheless."""
    cuts = device.cuts("VfsFat")
    total = [0, 0, 0, 0]
    for first, step in starts(torture, cuts):
        number, bodies, lost, unreadable, damaged = device.run("VfsFat", first, step, tear)
        recordings(bodies)
        total = [a + b for a, b in zip(total, (number, lost, unreadable, damaged), strict=True)]
    assert total[0] == cuts if torture else total[0] >= cuts // STEP
    assert tear or total[1:3] == [0, 0]  # where every sector is written as a whole, nothing is lost here either
    counted(total[0])
    with capsys.disabled():
        if torture:
            tried, lost, unreadable, aside = total
            print(
                f"FAT, {TEARS[tear]}: {tried} cuts, {lost} broken promises, {unreadable} unreadable, {aside} set aside"
            )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["VfsLfs2", "VfsFat"])
def test_a_device_that_dies_at_work(device, torture, counted, kind):
    """The same without the log: the spool meets the error, and all that it still tries is refused."""
    cuts = device.cuts(kind)
    tried = range(0, cuts, 1 if torture else cuts // 12)
    for cut in tried:
        assert tuple(device.live(kind, cut)) == ("OSError", True), cut
    counted(len(tried))


def test_the_bench_would_notice(workers):
    """An entry that is put under its own name at once, instead of under another and renamed, does not pass."""
    source = """
import os
from edgeingest.spool.folder import Folder
from power_device import Bench

def write(self, number, fill):
    with open(self.path(number, "ent"), "wb") as file:
        fill(file)
    self.entries += 1
    self.bytes += os.stat(self.path(number, "ent"))[6]

write, Folder.write = Folder.write, write
try:
    made = Bench("VfsLfs2")
    try:
        made.run(3, 5, (0,), 1)
        result = None
    except RuntimeError as e:
        result = str(e)
finally:
    Folder.write = write
"""
    told = workers("py", heapsize="64M", paths=[ON_DEVICE]).run(source)
    assert told.startswith("cut at operation")
