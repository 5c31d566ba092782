"""Runs on MicroPython: rows of typed arrays and of row sources as CBOR, with the kernels or with their plain twins."""

import os
import sys
from array import array

from bodies_device import Again, Once, drain, every_way

if hasattr(os, "getenv") and os.getenv("ROWS") == "plain":
    # a module without the kernels' functions: to import these raises ImportError
    sys.modules["edgeingest.cbor_kernels"] = sys.modules["edgeingest.cbor_int_kernels"] = sys
from edgeingest.cbor_rows import TypedRows
from edgeingest.sample import Sample
from edgeingest.typecodes import item_size


def width(code):
    return item_size(code)


def packs():
    """Returns the names of the modules whose functions are in use."""
    used = [TypedRows(code, 3, 1, array(code, (1, 2, 3)))._pack for code in "fh"]
    names = ("cbor_kernels", "cbor_int_kernels", "cbor_plain")
    modules = [(name, sys.modules.get("edgeingest." + name)) for name in names]
    return [
        name for name, module in modules if {getattr(module, "float32", 0), getattr(module, "number", 0)} & set(used)
    ]


def sample(values, code, axes, count):
    sensors = [("a%d" % i, "m") for i in range(axes)]
    return Sample(sensors, 10, values, "T", typecode=code, rows=count).body()


def typed(code, axes, raw, ways):
    return every_way(sample(raw, code, axes, None), ways)


def twice(code, axes, raw):
    """Returns the rows of an array, and of a memoryview of it."""
    values = array(code, raw)
    return drain(sample(values, None, axes, None), (500,)), drain(sample(memoryview(values), code, axes, None), (500,))


def source(code, axes, raw, count, step, waits, ways):
    body = sample(Again(raw, step, waits), code, axes, count)
    if not body.rewindable:
        raise RuntimeError("does not rewind")
    return every_way(body, ways)


def once(code, axes, raw, count, step=7):
    body = sample(Once(raw, step), code, axes, count)
    drain(body, (64,))
    if body.rewindable:
        raise RuntimeError("rewinds")
    body.rewind()


def ends(code, axes, raw, count):
    drain(sample(Again(raw, 5), code, axes, count), (64,))


def lies(n, axes, window):
    class Liar:
        def readinto(self, buffer):
            return n

    drain(sample(Liar(), "h", axes, 1000), (window,))


def twins(cases):
    """Returns, for each case, whether the kernel and its plain twin leave the same state and output."""
    from edgeingest import cbor_int_kernels as int_kernels
    from edgeingest import cbor_kernels as kernels
    from edgeingest import cbor_plain as plain

    found = []
    for name, source, state, size in cases:
        pair = []
        for module in (kernels if name == "float32" else int_kernels, plain):
            copy = array("i", state)
            target = bytearray(size)
            if name == "measure":
                pair.append((module.measure(source, copy), list(copy)))
            else:
                left = getattr(module, name)(target, source, copy)
                if copy[2] > state[24] and copy[2] != state[2]:
                    raise RuntimeError("read beyond the end of its source")
                pair.append((left, bytes(target), list(copy)[:14]))  # without the item in progress
        found.append(pair[0] == pair[1])
    return found
