"""Runs on MicroPython: chains of parts that record what is called on them."""

from bodies_device import Again, drain, every_way
from edgeingest.body import Body, Chain, octets

log = []


class Part(Body):
    """A body that records in `log` when it is rewound and closed."""

    def __init__(self, data, size=None, step=1000, waits=0, rewindable=True, name="part"):
        self.source = Again(data, step, waits)
        self.size = len(data) if size is None else size
        self.rewindable = rewindable
        self.name = name

    def readinto(self, window):
        return self.source.readinto(window)

    def rewind(self):
        log.append("rewind")
        self.source.rewind()

    def close(self):
        log.append("close")


def built(tree):
    if isinstance(tree, list):
        return Chain([built(part) for part in tree], "chain")
    if isinstance(tree, dict):
        return Part(**tree)
    return tree


def chain(tree, ways):
    return every_way(built(tree), ways)


def calls(tree, window):
    """Reads a chain to its end; returns what was called on its parts."""
    log.clear()
    drain(built(tree), (window,))
    return list(log)


def answers(tree, window):
    body = built(tree)
    found = []
    while True:
        n = body.readinto(bytearray(window))
        found.append(n)
        if n == 0:
            return found


def until_error(tree, window):
    body = built(tree)
    out = bytearray()
    view = memoryview(bytearray(window))
    while True:
        n = body.readinto(view)
        if n == 0:
            return "all"
        if n:
            out.extend(view[:n])


def once(tree):
    body = built(tree)
    if body.rewindable:
        raise RuntimeError("rewindable")
    body.rewind()  # nothing was read: there is nothing to read again
    body.readinto(bytearray(3))
    body.rewind()


def closes(tree, read):
    log.clear()
    body = built(tree)
    if read:
        body.readinto(bytearray(read))
    log.clear()
    body.close()
    body.close()
    return list(log)


def flat(tree):
    return [type(part).__name__ for part in built(tree)._parts]


def raw(values):
    return bytes(octets(values))


def no_raw(kind):
    octets({"str": "abc", "list": [1], "int": 5, "none": None, "dict": {}}[kind])
