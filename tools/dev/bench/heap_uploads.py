"""Runs one of the standard uploads, in smaller and smaller heaps, and prints the library's modules that it loads."""

import sys
from array import array

from edgeingest import Client

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
_KEY = "fed53116f20684c067774ebf9e7bcbdc"


class Megabyte:
    """A stream that never ends."""

    def readinto(self, window):
        return len(window)


def sample(name):
    from edgeingest import Sample

    return Sample(_AXES, 10, array("f", bytes(12 * 100)), "bench", name=name)


def send(client):
    client.send("training", sample("wave.1"))


def upload(client):
    client.upload("training", sample("wave.1"))


def file(client):
    from edgeingest import File

    client.upload("training", File(Megabyte(), "sound.wav", 1_000_000))


def batch(client):
    # sink.py reads the number of files from the label.
    client.upload("training", [sample("wave.%d" % i) for i in range(10)], label="10")


def main(run, url, ca):
    signed = run is send or run is upload
    with Client("ei_bench", url=url, ca=ca or None, hmac_key=_KEY if signed else None) as client:
        run(client)
    print(" ".join([name[len("edgeingest.") :] for name in sys.modules if name.startswith("edgeingest.")]))


main(globals()[sys.argv[1]], sys.argv[2], sys.argv[3])
