"""Runs on MicroPython: samples as JSON and CSV."""

from bodies_device import Again, Once, drain, every_way
from edgeingest.sample import Sample

WAYS = ((1,), (7, 64), (300,))


def text(named, format, key=None):
    body = Sample(**named).body(format=format, hmac_key=key)
    return body.name, body.content_type, every_way(body, WAYS)


def source(named, format, raw, step, rewinds=True, waits=0):
    values = (Again if rewinds else Once)(raw, step, waits)
    return every_way(Sample(values=values, **named).body(format=format), WAYS)


def shared(named, format, raw):
    """Reads another body of the same sample while the first one is read."""
    sample = Sample(values=Again(raw, 100), **named)
    body = sample.body(format=format)
    body.readinto(bytearray(len(body._start) + 1))
    drain(sample.body(), (500,))
    drain(body, (500,))


def late(named, format, raw, step):
    """Reads from a source that never waits in the first pass, which finds the size, and waits in the second."""
    values = Again(raw, step)
    body = Sample(values=values, **named).body(format=format)
    values.waits = 2
    return drain(body, (5,))
