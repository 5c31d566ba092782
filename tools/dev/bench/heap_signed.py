"""Uploads 1 MB, signed, from a row source; run in smaller and smaller heaps."""

import sys

from edgeingest import Client, Sample


class Rows:
    """A row source that never ends."""

    def readinto(self, buffer):
        return len(buffer)


def main(url, ca, rows):
    sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
    sample = Sample(sensors, 10, Rows(), "bench", typecode="f", rows=rows)
    with Client("ei_bench", url=url, ca=ca or None, hmac_key="fed53116f20684c067774ebf9e7bcbdc") as client:
        print(len(client.upload("training", sample)))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
