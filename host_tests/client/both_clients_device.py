"""Runs on MicroPython: the same uploads with either client."""

from array import array

from calls_device import client_class
from client_device import KEY, Bytes
from edgeingest import File, Sample


def sample(n):
    sensors = (("accX", "m/s2"), ("accY", "m/s2"))
    return Sample(sensors, 10, array("f", range(2 * n)), "UNIX", name="rows.%d" % n, iat=1700000000)


class Items:
    """Four samples and files, made when they are reached."""

    def __init__(self, path):
        self.path = path

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return sample(400 + index) if index % 2 else File(self.path, name="%d.csv" % index)


def everything(driver, path, url, options):
    """Makes a call of every kind; returns the results, what on_stored got, and what was called on a body."""
    got = []
    hmac_key = "fed53116f20684c067774ebf9e7bcbdc"
    with client_class(driver)(KEY, url=url, hmac_key=hmac_key, **dict(options)) as client:
        own = Bytes([b"a" * 3000, None, b"b"])
        items = [sample(5), File(path), File(b"x" * 5000, name="x.csv"), own]
        lazy = Items(path)
        results = [
            client.upload("training", items, boundary="1" * 16),
            client.upload("testing", lazy, label="k\xe4se", on_stored=lambda *one: got.append(one), boundary="2" * 16),
            client.send("anomaly", sample(3000), file_name="long.cbor", add_date_id=True),
            client.send("split", File(path), metadata={"a": "b"}, no_label=True),
        ]
    return [repr(one) for one in results], repr(got), own.log
