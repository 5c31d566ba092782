"""Runs on MicroPython: bodies of Samples whose values come from a row source, and a File of a File."""

import os

from bodies_device import drain
from edgeingest import File, Sample


class Source:
    """A row source that gives `step` bytes at a time and cannot rewind. Its length is 0, but it is not empty."""

    def __init__(self, data, step):
        self.data = data
        self.step = step
        self.at = 0

    def __len__(self):
        return 0

    def readinto(self, window):
        n = min(self.step, len(window), len(self.data) - self.at)
        window[:n] = self.data[self.at : self.at + n]
        self.at += n
        return n


class RewindableSource(Source):
    def rewind(self):
        self.at = 0


def sample(rewindable, data):
    source = (RewindableSource if rewindable else Source)(data, 7)
    return Sample((("x", "m"), ("y", "m")), 10, source, "T", typecode="h", rows=len(data) // 4, iat=5)


def bodies(rewindable, data, taken, form, key):
    """Reads `taken` bytes of a body. Returns (another body of that Sample, the same of a new Sample)."""
    made = sample(rewindable, data)
    first = made.body(hmac_key=key)
    first.readinto(bytearray(taken))
    first.close()
    return drain(made.body(form, key), (50,)), drain(sample(True, data).body(form, key), (50,))


def two_bodies(rewindable, data):
    """Returns two bodies of a Sample of which a body was made before, but not read."""
    made = sample(rewindable, data)
    made.body()
    return drain(made.body(), (50,)), drain(made.body(), (50,))


def file_of_a_file(data):
    """Returns the bytes of a File of a File that was read and closed, and the bytes after rewind()."""
    with open("kept.bin", "wb") as file:
        file.write(data)
    file = File("kept.bin")
    file.readinto(bytearray(3))
    file.close()
    other = File(file, name="other.bin")
    found = drain(other, (4,)), drain(other, (4,)) if other.rewind() is None else None
    other.close()
    os.remove("kept.bin")
    return found
