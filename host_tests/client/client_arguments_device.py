"""Runs on MicroPython: calls with bad arguments, as expressions, and one with good ones."""

from client_device import KEY, Bytes
from edgeingest import Client, File, Sample, errors


class Own(Bytes):
    """A body with other attributes."""

    def __init__(self, **members):
        super().__init__([b"data"])
        for name in members:
            setattr(self, name, members[name])


class Items:
    """Items that are made when they are reached; the fourth and the 701st have the same name."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return File(b"x", name="same.cbor" if index in (3, 700) else "%d.cbor" % index)


good = File(b"x", name="a.cbor")
sample = Sample([("a", "m")], 1, [1.0], "UNIX")
empty = Sample([("a", "m")], 1, [], "UNIX")


def attempt(url, call):
    """Returns (class, text) of the SampleError that an expression raises; any other end fails the test."""
    try:
        eval(call, dict(globals(), url=url, c=Client(KEY, url=url)))
    except errors.SampleError as e:
        if KEY in str(e) + repr(e):
            raise ValueError("the error contains the key")
        return type(e).__name__, str(e)
    raise ValueError("accepted: " + call)


def refusals(url, calls):
    return [attempt(url, call) for call in calls]


def accepted(url, hmac_key):
    """Makes calls with every kind of documented items; returns how many results each has."""
    named = {"ca": None, "hmac_key": hmac_key, "insecure": False, "timeout_ms": 1 << 20, "buffer_size": 64}
    client = Client(KEY, url=url, **named)
    jpeg = File(b"x", name="\u00e4.jpg")
    items = (good, [good], (good,), sample, [good, sample], [Own(), good], jpeg, Items(2))
    results = [client.upload("training", one, deadline_ms=None, metadata={"a": ""}) for one in items]
    client.close()
    return [len(one) for one in results]
