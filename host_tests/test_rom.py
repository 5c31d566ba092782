"""The library in a ROM file system, where its .mpy files run in place: the heap that is left to find for an upload."""

from body_support import HMAC_KEY
from service_support import KEY, running
from support.scripts import run_from_rom

HEAP = 58  # K
SCRIPT = """
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


def test_a_megabyte_signed_from_a_small_heap(tmp_path):
    (tmp_path / "main.py").write_text(SCRIPT)
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        done = run_from_rom(tmp_path / "main.py", f"{HEAP}K", [service.url, KEY, HMAC_KEY])
        assert (done.stdout, done.stderr) == ("rom.01.cbor\n", "")
        row = service.row()
    assert (row["signature"], row["rows"]) == ("valid", 65536)
