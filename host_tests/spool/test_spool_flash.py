"""A spool on a real littlefs that is full, and in the heap of a board."""

import struct
import zlib

import pytest
from support.interpreters import ON_DEVICE
from support.scripts import run_script

START = """
import os, vfs
from array import array
from edgeingest import File
from edgeingest.errors import SpoolFull
from edgeingest.spool import Spool
from power_device import Device, KEY, SENSORS, Service

def flash():
    device = Device(True)
    vfs.VfsLfs2.mkfs(device)
    vfs.mount(vfs.VfsLfs2(device), "/f")

def add(spool, number):
    spool.put("training", File(bytes([number]) * 3000, name="%d.txt" % number))

flash()
try:
"""
END = """
finally:
    vfs.umount("/f")
"""


def run(workers, source):
    body = "".join(f"    {line}\n" for line in source.strip().splitlines())
    return workers("mpy", heapsize="64M", paths=[ON_DEVICE]).run(START + body + END)


def test_flash_without_space(workers):
    """Told as SpoolFull; nothing is lost, nothing half there, and it works on when there is room."""
    source = """
spool = Spool("/f/spool", 10_000_000)
number = 0
try:
    while True:
        add(spool, number)
        number += 1
except SpoolFull as e:
    told = str(e)
before = spool.entries == number, spool.bytes, sum(item[3] for item in os.ilistdir("/f/spool"))
service = Service([])
flushed = tuple(spool.flush(service))
whole = all(body == body[:1] * 3000 for body in service.stored), len(service.stored) == number
add(spool, 1)
result = number, told, before, flushed, whole, spool.entries
"""
    number, told, (same, counted, there), flushed, whole, entries = run(workers, source)
    assert number > 40 and "no space" in told and same and counted == there
    assert flushed == (number, 0, 0, 0, 0, None)
    assert (whole, entries) == ((True, True), 1)


def test_flash_without_space_drops_the_oldest(workers):
    source = """
spool = Spool("/f/spool", 10_000_000, drop_oldest=True)
for number in range(100):
    add(spool, number)
service = Service([])
dropped = spool.dropped
spool.flush(service)
result = dropped, sorted(body[0] for body in service.stored)
"""
    dropped, stored = run(workers, source)
    assert 10 < dropped < 60 and stored == list(range(dropped, 100))


def test_a_recording_that_runs_out_of_flash(workers):
    """What was synced of it is kept, and becomes an entry when there is room."""
    source = """
spool = Spool("/f/spool", 10_000_000)
for number in range(30):
    add(spool, number)
recording = spool.record("training", SENSORS, 10, "UNIX", name="recording.0", hmac_key=KEY, iat=1700000000)
synced = rows = 0
try:
    while True:
        recording.write(array("f", range(100)))
        rows += 50
        recording.sync()
        synced = rows
except SpoolFull as e:
    told = str(e)
recording.close()
before = spool.bytes == sum(item[3] for item in os.ilistdir("/f/spool"))
spool.flush(Service([]))
recovered = tuple(spool.recover(KEY))
service = Service([])
flushed = tuple(spool.flush(service))
[body] = service.stored
result = told, synced, before, recovered, flushed, body
"""
    told, synced, before, recovered, flushed, body = run(workers, source)
    assert "no space" in told and "recover()" in told and before and synced > 500
    assert (recovered, flushed) == ((1, 0, 0, 0), (1, 0, 0, 0, 0, None))
    assert body.count(b"\xfa") >= 2 * synced


MANY = """
import os
import sys
from edgeingest.errors import NetworkError
from edgeingest.spool import Spool

window = bytearray(100)

class Dead:
    def upload(self, category, items, on_stored, **rest):
        for i in range(len(items)):
            last = items[i]
        n = last.readinto(window)
        last.close()
        raise NetworkError("%d entries, the last of %d bytes begins with %r" % (len(items), last.size, window[:n]))

class Big:
    name = "big.wav"
    content_type = "audio/wav"
    size = 1_000_000
    rewindable = True
    def rewind(self):
        self.left = self.size
    def close(self):
        pass
    def readinto(self, window):
        n = min(self.left, len(window))
        self.left -= n
        return n

spool = Spool(sys.argv[1], 100_000_000)
print(spool.entries, spool.flush(Dead()).error)
spool.put("training", Big())
print(spool.entries, os.stat(sys.argv[1] + "/%08d.ent" % spool.entries)[6] > 1_000_000)
"""


def entry(number, name, content):
    """An entry as the documentation of the format in spool/format.py has it, written by nothing of ours."""
    texts = ["training", "", "", name, "text/plain"]
    frames = [(b"H", struct.pack("<BBI", 1, 2, number) + "\0".join(texts).encode())]
    frames += [(b"D", content), (b"E", struct.pack("<I", len(content)))]
    data, total = b"", 0
    for kind, inside in frames:
        frame = kind + struct.pack("<H", len(inside)) + inside
        total = zlib.crc32(frame, total)
        data += frame + struct.pack("<I", total)
    return data


@pytest.mark.parametrize(("heap", "mpy"), [("192K", False), ("80K", True)], ids=["py in 192K", "mpy in 80K"])
def test_ten_thousand_entries_and_a_large_one_in_the_heap_of_a_board(tmp_path, torture, heap, mpy):
    many = 10_000 if torture else 2000
    folder = tmp_path / "spool"
    folder.mkdir()
    for number in range(1, many + 1):
        (folder / f"{number:08}.ent").write_bytes(entry(number, f"f{number}.txt", b"%5d" % number * 20))
    script = tmp_path / "main.py"
    script.write_text(MANY)
    done = run_script(script, heapsize=heap, mpy=mpy, args=[str(folder)])
    assert done.code == 0, done.stdout + done.stderr
    begins = bytes(bytearray(b"   64" * 20))
    first, second = done.stdout.splitlines()
    assert first == f"{many} 64 entries, the last of 100 bytes begins with bytearray({begins!r})"
    assert second == f"{many + 1} True"
