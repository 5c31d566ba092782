"""A spool on a real littlefs, and on FAT, whose power fails at any program or erase: nothing promised is lost.

20 entries, of which one is refused, 2 recordings and 2 flushes run on a simulated block device; power_device describes
how it fails.
"""

import hashlib
import hmac
import io
import struct
from collections import namedtuple

import cbor2
import pytest
from support.device_source import device_source
from support.interpreters import ON_DEVICE

KEY = "fed53116f20684c067774ebf9e7bcbdc"
TEARS = ("not begun", "a part done", "noise", "any of those since the last sync")
STEP = 48  # without --torture one cut of so many is tried
DEVICE = device_source("spool/spool_power_device")
Tried = namedtuple("Tried", "number bodies lost unreadable damaged")


@pytest.fixture
def device(workers):
    return workers("mpy", heapsize="64M", paths=[ON_DEVICE]).define(DEVICE)


def rows_of(body, number):
    """Returns the number of rows of a recording in the message, after checking the rest of it."""
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
    """Returns the row counts of each of the two recordings as they were sent."""
    found = {0: set(), 1: set()}
    for body in bodies:
        number = 0 if b"HS256" in body else 1
        found[number].add(rows_of(body, number))
    return found


def starts(torture, cuts):
    """Returns (first, step) of runs that are short enough for one request."""
    return [(first, STEP) for first in range(STEP)] if torture else [(cuts % STEP // 2, STEP)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tear", range(4))
def test_littlefs_keeps_every_promise(device, torture, counted, tear):
    cuts = device.cuts("VfsLfs2")
    assert cuts > 800
    tried = 0
    for first, step in starts(torture, cuts):
        result = Tried(*device.run("VfsLfs2", first, step, tear))
        assert (result.lost, result.unreadable, result.damaged) == (0, 0, 0)
        # the rows up to one of the syncs, or all
        found = recordings(result.bodies)
        assert found[0] <= {3, 143, 343} and found[1] <= {100, 200, 300}, found
        tried += result.number
    assert tried == cuts if torture else tried >= cuts // STEP
    counted(tried)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tear", range(4))
def test_fat_sends_nothing_corrupt(device, torture, counted, tear, capsys):
    """FAT itself may lose some or all files if the power fails in a sector; the messages that are sent are right."""
    cuts = device.cuts("VfsFat")
    tried = lost = unreadable = damaged = 0
    for first, step in starts(torture, cuts):
        result = Tried(*device.run("VfsFat", first, step, tear))
        recordings(result.bodies)
        tried += result.number
        lost += result.lost
        unreadable += result.unreadable
        damaged += result.damaged
    assert tried == cuts if torture else tried >= cuts // STEP
    assert tear or (lost, unreadable) == (0, 0)  # where every sector is written as a whole, nothing is lost here either
    counted(tried)
    with capsys.disabled():
        if torture:
            print(f"FAT, {TEARS[tear]}: {tried} cuts, {lost} lost, {unreadable} unreadable, {damaged} set aside")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["VfsLfs2", "VfsFat"])
def test_a_device_that_fails_during_the_workload(device, torture, counted, kind):
    """The same without the log: the spool gets the error, and every later operation fails too."""
    cuts = device.cuts(kind)
    tried = range(0, cuts, 1 if torture else cuts // 12)
    for cut in tried:
        assert tuple(device.live(kind, cut)) == ("OSError", True), cut
    counted(len(tried))


def test_the_bench_finds_an_entry_that_is_not_renamed(workers):
    """An entry that is written under its final name, instead of under another and renamed, does not pass."""
    device = workers("py", heapsize="64M", paths=[ON_DEVICE]).define(DEVICE)
    assert device.error_without_renaming().startswith("cut at operation")
