"""Runs on MicroPython: samples as messages, and values that no sample takes."""

import edgeingest.signing
from bodies_device import every_way
from edgeingest.sample import Sample


class FakeTime:
    def __init__(self, seconds, epoch):
        self.seconds = seconds
        self.epoch = epoch

    def time(self):
        return self.seconds

    def gmtime(self, seconds):
        return (self.epoch, 1, 1, 0, 0, 0, 0, 1)


def message(named, format="cbor", key=None, clock=None, ways=((1,), (3,), (64,), (100, 7))):
    if clock:
        real = edgeingest.signing.time
        edgeingest.signing.time = FakeTime(*clock)
        edgeingest.signing._last_iat = 0
    try:
        body = Sample(**named).body(format=format, hmac_key=key)
    finally:
        if clock:
            edgeingest.signing.time = real
    return body.name, body.content_type, every_way(body, ways)


class Half:
    """Has a readinto, but no data."""

    def readinto(self, buffer):
        return 0


ODD = {
    "object": object(),
    "class": int,
    "set": {1},
    "function": message,
    "half": Half(),
    "list of objects": [object()],
    "iterator": iter([1, 2]),
    "range": range(3),
    "complex": 1j,
}


def odd(named, argument, kind, format):
    named[argument] = ODD[kind]
    Sample(**named).body(format=format)


def size(named, format="cbor", key=None):
    return Sample(**named).body(format=format, hmac_key=key).size


def attributes(named):
    s = Sample(**named)
    return s.rows, s.typecode, s.name
