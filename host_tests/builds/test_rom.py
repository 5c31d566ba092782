"""The library in a ROM file system, where its .mpy files run in place: uploads from small heaps."""

import hashlib
import os
import wave

from support import heaps
from support.bodies import HMAC_KEY
from support.scripts import run_from_rom
from support.service import KEY, running

SIGNED = """
import sys
from edgeingest import Client, Sample

class Rows:
    def readinto(self, buffer):
        return len(buffer)

sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
sample = Sample(sensors, 10, Rows(), "UNIX", typecode="f", rows=65536, name="rom.01")
with Client(sys.argv[2], sys.argv[1], hmac_key=sys.argv[3]) as client:
    print(client.upload("training", sample)[0].file_name)
"""
LARGE = """
import sys
from edgeingest import Client, File

with Client(sys.argv[2], sys.argv[1], timeout_ms=60_000) as client:
    print(client.upload("training", File(sys.argv[3]))[0].file_name)
"""


def upload(tmp_path, script, heap, *more, **settings):
    """Runs the script; returns the row of its upload in the index of the service."""
    (tmp_path / "main.py").write_text(script)
    with running(tmp_path / "service", **settings) as service:
        done = run_from_rom(tmp_path / "main.py", heap, [service.url, KEY, *more])
        assert (done.code, done.stderr) == (0, ""), done.stdout
        return service.row()


def test_a_megabyte_signed_from_a_small_heap(tmp_path):
    row = upload(tmp_path, SIGNED, f"{heaps.UPLOAD}K", HMAC_KEY, hmac_key=HMAC_KEY)
    assert (row["stored_name"], row["signature"], row["rows"]) == ("rom.01.cbor", "valid", 65536)


def test_a_hundred_megabytes_through_a_small_heap(tmp_path):
    path = tmp_path / "long.01.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(os.urandom(1_000_000) * 100)
    row = upload(tmp_path, LARGE, "64K", str(path))
    with path.open("rb") as file:
        assert row["sha256"] == hashlib.sha256(file.read()).hexdigest()
