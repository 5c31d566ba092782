"""A row source belongs to its Sample: every body of it starts at the first row, or says that it cannot."""

from array import array

import pytest
from support.bodies import READ, refused

DEVICE = (
    READ
    + """
from edgeingest import File, Sample

class Source:
    # Empty, but a source: it has a length of 0.
    def __init__(self, data, step):
        self.data, self.step, self.at = data, step, 0
    def __len__(self):
        return 0
    def readinto(self, window):
        n = min(self.step, len(window), len(self.data) - self.at)
        window[:n] = self.data[self.at:self.at + n]
        self.at += n
        return n

class Again(Source):
    def rewind(self):
        self.at = 0

def sample(kind, data):
    return Sample((("x", "m"), ("y", "m")), 10, (Again if kind else Source)(data, 7), "T", typecode="h",
                  rows=len(data) // 4, iat=5)

def bodies(kind, data, taken, form, key):
    made = sample(kind, data)
    first = made.body(hmac_key=key)
    first.readinto(bytearray(taken))
    first.close()
    return drain(made.body(form, key), (50,)), drain(sample(True, data).body(form, key), (50,))

def fresh(kind, data):
    made = sample(kind, data)
    made.body()
    return drain(made.body(), (50,)), drain(made.body(), (50,))

def renamed(data):
    import os
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
"""
)


@pytest.mark.parametrize("form", ["cbor", "json", "csv"])
@pytest.mark.parametrize("key", [None, "abc"])
def test_a_second_body_starts_at_the_first_row(worker, form, key):
    data = array("h", range(400)).tobytes()
    for taken in (1, 100, 101, 500, 5000):
        again, wanted = worker.define(DEVICE).bodies(True, data, taken, form, key)
        assert again == wanted


def test_rows_that_were_taken_cannot_be_sent_again(worker):
    data = array("h", range(400)).tobytes()
    device = worker.define(DEVICE)
    refused(lambda: device.bodies(False, data, 200, "cbor", None), "values:", "no rewind()")
    refused(lambda: device.fresh(False, data), "values:", "no rewind()")
    assert device.fresh(True, data)[0] == device.fresh(True, data)[1]


@pytest.mark.modes("py", "mpy", "native")
def test_a_file_of_a_file_that_was_read(worker):
    assert worker.define(DEVICE).renamed(b"0123456789") == (b"0123456789", b"0123456789")
