"""Files of a spool in version 1 of the format, as the first release wrote them: they stay readable, and the same calls
write the same bytes today."""

import hashlib
import json

import pytest
from support.interpreters import ROOT
from support.spools import DEVICE

VECTORS = json.loads((ROOT / "host_tests" / "vectors" / "spool.json").read_text())
FILES = {name: bytes.fromhex(content) for name, content in VECTORS["files"].items()}
KEY = VECTORS["hmac_key"]
MODES = pytest.mark.modes("py", "mpy", "native", "cpython")
FORMAT = (
    DEVICE
    + """
SENSORS = [("accX", "m/s2"), ("accY", "m/s2")]
TIME = 1700000000


def put_all(spool, key):
    # entries with every argument
    paris = {"site": "Paris \\U0001f600", "a": ""}
    spool.put("training", File(bytes(range(256)) * 5, name="large.bin"), label="L\\u00e4bel", metadata=paris)
    spool.put("testing", File(b"12", name="b.txt"), no_label=True, disallow_duplicates=False)
    sample = Sample(SENSORS, 10, array("f", range(10)), "X", "n", name="wave.1", iat=TIME)
    spool.put("split", sample, file_name="renamed.1.cbor", add_date_id=True, hmac_key=key)


def record_all(spool, key):
    # a recording that is finished, and three that a power cut ends: synced, with a key, and torn within a row
    with spool.record("anomaly", SENSORS, 2.5, "X", "n", name="rec.1", label="a", hmac_key=key, iat=TIME) as recording:
        recording.write(array("f", range(300)))
        recording.sync()
        recording.write(array("f", range(2)))
    for number, its_key in enumerate((None, key, key)):
        named = {"name": "cut.%d" % number, "metadata": {"a": "b"}, "hmac_key": its_key, "iat": TIME}
        recording = spool.record("training", SENSORS, 10, "X", typecode="h", **named)
        recording.write(array("h", range(20 if number < 2 else 400)))
        if number < 2:
            recording.sync()
        recording._file.close()


def contents(folder):
    found = {}
    for name in files(folder):
        with open(folder + "/" + name, "rb") as file:
            found[name] = file.read()
    return found


def written(folder, key):
    spool = Spool(folder)
    put_all(spool, key)
    record_all(spool, key)
    return contents(folder)


def read(folder, kept, key):
    # what becomes of files that are there
    os.mkdir(folder)
    for name, content in kept.items():
        with open(folder + "/" + name, "wb") as file:
            file.write(content)
    spool = Spool(folder)
    recovered = tuple(spool.recover(key))
    finished = contents(folder)
    service = Service()
    return recovered, finished, flushed(spool, service), service.calls, service.stored, files(folder)
"""
)


@pytest.fixture
def device(worker):
    return worker.define(FORMAT)


@MODES
def test_the_same_calls_write_the_same_bytes(device, tmp_path):
    assert dict(device.written(str(tmp_path / "spool"), KEY)) == FILES


@MODES
def test_old_files_are_recovered_and_sent(device, tmp_path):
    recovered, finished, outcome, requests, sent, left = device.read(str(tmp_path / "spool"), FILES, KEY)
    assert recovered == (3, 0, 0, 0)
    entries = {name: content for name, content in FILES.items() if name.endswith(".ent")}
    recordings = {name: bytes.fromhex(content) for name, content in VECTORS["finished"].items()}
    assert dict(finished) == entries | recordings
    assert (outcome, left) == ((7, 0, 0, 0, 0, None), [])
    asked = [[endpoint, category, dict(arguments), names] for endpoint, category, arguments, names in requests]
    assert asked == VECTORS["requests"]
    bodies = [[name, kind, len(body), hashlib.sha256(body).hexdigest()] for name, kind, body in sent]
    assert bodies == VECTORS["sent"]
