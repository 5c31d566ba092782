"""Runs on MicroPython: the example of the documentation, and items that are made when they are reached."""

from client_device import KEY
from edgeingest import Client, File, Sample

VALUES = [
    [0.1627109944820404, -0.803987979888916, 9.82971477508545],
    [0.06699900329113007, -0.7752739787101746, 9.906285285949707],
]


def send_example(url, files):
    """Sends the example of the documentation to `data`, or to `files`; returns the result."""
    sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
    sample = Sample(sensors, 20.0, VALUES, "NORDIC_NRF91", device_name="11:22:33:44:55:66", name="test")
    with Client("ei_6040df080906d06f090e05013b7090580b707a0b050eb04d00350504070a2040", url=url) as client:
        if files:
            boundary = "999e13bfdfc8bcc05b97f4784410806e"
            return client.upload("training", sample, disallow_duplicates=False, boundary=boundary)
        return client.send("training", sample, disallow_duplicates=False)


class Items:
    """Five files that are made when they are reached; `made` has their indexes."""

    def __init__(self):
        self.made = []

    def __len__(self):
        return 5

    def __getitem__(self, index):
        self.made.append(index)
        return File(b"%d" % index, name="%d.cbor" % index)


def upload_lazily(url):
    """Returns (how many were stored, what on_stored got, the indexes in the order in which items were made)."""
    items = Items()
    got = []
    with Client(KEY, url=url) as client:
        count = client.upload("training", items, on_stored=lambda index, stored: got.append((index, tuple(stored))))
    return count, got, items.made
