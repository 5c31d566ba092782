"""Runs on MicroPython as a script with the arguments URL KEY HMAC_KEY: a row source of 100,000 rows."""

import sys

from edgeingest import Client, Sample


class Rows:
    """A row source of 100,000 rows of 3 floats, 28 bytes at a time."""

    def __init__(self):
        self.left = 100_000 * 12
        self.piece = b"\0\0\x80\x3f\0\0\0\xc0\0\0\x40\x40" * 3

    def readinto(self, window):
        n = min(28, self.left, len(window))
        start = -self.left % 12
        window[:n] = memoryview(self.piece)[start : start + n]
        self.left -= n
        return n


sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))

url, key, hmac_key = sys.argv[1:4]
with Client(key, url=url, hmac_key=hmac_key) as client:
    sample = Sample(sensors, 10, Rows(), "RPI_PICO_W", typecode="f", rows=100_000, name="long.1")
    print(client.send("training", sample).duplicate)
