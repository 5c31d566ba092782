"""Runs on MicroPython: bodies whose values are a slice of a memoryview that only the body refers to."""

import gc
from array import array

from edgeingest.files import File
from edgeingest.sample import Sample


def make(kind):
    """Returns a body; everything else that refers to the values ends with this function."""
    values = memoryview(array("i", range(1000)))[500:]
    if kind == "file":
        return File(values, name="x")
    return Sample([("a", "m")], 10, values, "T", typecode="i").body(format=kind)


def read(kind):
    """Overwrites all free memory, then returns the bytes of the bodies, which must be equal.

    There are several bodies: a forgotten pointer on the stack may keep the memory of one."""
    bodies = [make(kind) for _ in range(8)]
    gc.collect()
    waste = []
    try:
        while True:  # until every free block was written to
            waste.append(bytearray(b"\xee" * 100))
    except MemoryError:
        waste = None
    found = set()
    for body in bodies:
        out = bytearray(body.size)
        if body.readinto(out) != body.size:
            raise RuntimeError
        found.add(bytes(out))
    if len(found) != 1:
        raise RuntimeError("not the same bytes")
    return found.pop()
