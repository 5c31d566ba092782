"""Runs on MicroPython: samples in the binary form."""

from array import array

from bodies_device import Again, Once, drain, every_way
from edgeingest.sample import Sample


def binary(named, key=None):
    body = Sample(**named).body(format="binary", hmac_key=key)
    return body.name, body.content_type, every_way(body)


def source(named, raw, step, waits, rewinds, key=None):
    values = (Again if rewinds else Once)(raw, step, waits)
    body = Sample(values=values, **named).body(format="binary", hmac_key=key)
    return every_way(body) if rewinds else drain(body, (100,))


def view(named, raw, start):
    values = memoryview(array(named["typecode"], raw))[start:]
    return every_way(Sample(values=values, **named).body(format="binary"))


def width(code):
    return len(bytes(array(code, (0,))))
