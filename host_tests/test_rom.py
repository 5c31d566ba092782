"""The library in a ROM file system, where its .mpy files run in place: the heap that is left to find for an upload."""

import os
import subprocess

from body_support import HMAC_KEY
from edgeingest_tools.board import image
from service_support import KEY, running
from support import interpreters

HEAP = 58  # K besides the image, which a board has in its flash and only this port in its heap
SCRIPT = """
import os, sys, vfs
size = os.stat(sys.argv[1])[6]
image = bytearray(size)
with open(sys.argv[1], "rb") as file:
    file.readinto(image)
file = None
vfs.mount(vfs.VfsRom(image), "/rom")
sys.path[:] = ["/rom/lib", ".frozen"]
from edgeingest import Client, Sample

class Rows:
    def readinto(self, buffer):
        return len(buffer)

sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
sample = Sample(sensors, 10, Rows(), "UNIX", typecode="f", rows=65536, name="rom.01")
with Client(sys.argv[3], sys.argv[2], hmac_key=sys.argv[4]) as client:
    print(client.upload("training", sample)[0].file_name)
"""


def test_a_megabyte_signed_from_a_small_heap(tmp_path):
    rom = tmp_path / "lib.romfs"
    image.image(board="UNIX", out=rom, romfs=True)
    (tmp_path / "main.py").write_text(SCRIPT)
    heap = f"{HEAP + -(-os.stat(rom).st_size // 1024)}K"
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        command = [
            interpreters.micropython(),
            "-X",
            f"heapsize={heap}",
            "main.py",
            str(rom),
            service.url,
            KEY,
            HMAC_KEY,
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert (done.stdout, done.stderr) == ("rom.01.cbor\n", "")
        row = service.row()
    assert (row["signature"], row["rows"]) == ("valid", 65536)
