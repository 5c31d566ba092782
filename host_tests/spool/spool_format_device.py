"""Runs on MicroPython: writes files of a spool with every argument, and recovers and sends files that are given."""

import os
from array import array

from edgeingest import File, Sample
from edgeingest.spool import Spool
from spools_device import Service, files, flushed, place

SENSORS = [("accX", "m/s2"), ("accY", "m/s2")]
TIME = 1700000000


def put_all(spool, key):
    """Puts entries with every argument."""
    paris = {"site": "Paris \U0001f600", "a": ""}
    spool.put("training", File(bytes(range(256)) * 5, name="large.bin"), label="L\u00e4bel", metadata=paris)
    spool.put("testing", File(b"12", name="b.txt"), no_label=True, disallow_duplicates=False)
    sample = Sample(SENSORS, 10, array("f", range(10)), "X", "n", name="wave.1", iat=TIME)
    spool.put("split", sample, file_name="renamed.1.cbor", add_date_id=True, hmac_key=key)


def record_all(spool, key):
    """Makes a recording that is finished, and three that power cuts end: synced, with a key, torn in a row."""
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
    """Returns {name: content} of the files."""
    found = {}
    for name in files(folder):
        with open(folder + place(name), "rb") as file:
            found[name] = file.read()
    return found


def written(folder, key):
    """Returns the contents of all files that the calls write."""
    spool = Spool(folder)
    put_all(spool, key)
    record_all(spool, key)
    return contents(folder)


def recovered_and_sent(folder, given, key):
    """Writes the files `given`, recovers the recordings among them, and flushes.

    Returns (recovered, contents after that, flushed, calls of the service, what it stored, files at the end)."""
    os.mkdir(folder)
    for name, content in given.items():
        with open(folder + "/" + name, "wb") as file:
            file.write(content)
    spool = Spool(folder)
    recovered = tuple(spool.recover(key))
    finished = contents(folder)
    service = Service()
    return recovered, finished, flushed(spool, service), service.calls, service.stored, files(folder)
