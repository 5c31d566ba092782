"""A spool on a real littlefs that is full, and in the heap of a board."""

import struct
import zlib

import pytest
from spool.results import Flushed, Recovered
from support.device_source import device_source
from support.interpreters import ON_DEVICE, ROOT
from support.scripts import run_script

MANY = ROOT / "host_tests" / "spool" / "spool_many_device.py"


@pytest.fixture
def device(workers):
    return workers("mpy", heapsize="64M", paths=[ON_DEVICE]).define(device_source("spool/spool_flash_device"))


def test_flash_without_space(device):
    """SpoolFull is raised; nothing is lost or written in part, and the spool works again when there is space."""
    number, error_text, (entries, counted, in_files), flushed, stored, after = device.put_until_full()
    assert number > 40 and "no space" in error_text and entries == number and counted == in_files
    assert flushed == Flushed(stored=number)
    assert (stored, after) == ((number, number), 1)


def test_flash_without_space_drops_the_oldest(device):
    dropped, stored = device.put_dropping_the_oldest()
    assert 10 < dropped < 60 and stored == list(range(dropped, 100))


def test_a_recording_that_runs_out_of_flash(device):
    """Its synced rows are kept, and become an entry when there is space."""
    error_text, synced, right, recovered, flushed, body = device.record_until_full()
    assert "no space" in error_text and "recover()" in error_text and right and synced > 500
    assert (recovered, flushed) == (Recovered(finished=1), Flushed(stored=1))
    assert body.count(b"\xfa") >= 2 * synced


def entry(number, name, content):
    """Returns an entry in the format that spool/format.py documents, without the library's code."""
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
    done = run_script(MANY, heapsize=heap, mpy=mpy, args=[str(folder)])
    assert done.code == 0, done.stdout + done.stderr
    begins = bytes(bytearray(b"   64" * 20))
    first, second = done.stdout.splitlines()
    assert first == f"{many} 64 entries, the last of 100 bytes begins with bytearray({begins!r})"
    assert second == f"{many + 1} True"
