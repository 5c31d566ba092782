"""Runs on MicroPython as a script with the path of a file: reads bodies with the heap locked."""

import gc
import json
import sys
from array import array

from edgeingest.body import Chain
from edgeingest.files import File
from edgeingest.multipart import multipart
from edgeingest.sample import Sample
from micropython import heap_lock, heap_unlock

KEY = "fed53116f20684c067774ebf9e7bcbdc"
N = 12000


def form(bodies):
    for body in multipart(bodies):
        if body:
            return body


def sample(code, axes, key=None):
    values = array(code, bytes(N * len(bytes(array(code, (0,))))))
    if code not in "fd":
        for i in range(0, N, 7):
            values[i] = i % 120
    return Sample([("a%d" % i, "m") for i in range(axes)], 10, values, "T", "d", typecode=None).body(hmac_key=key)


def run(body, window):
    """Returns [windows read with the heap locked, windows there are, "MemoryError" or None]."""
    buffer = bytearray(window)
    read = body.readinto
    before = 0
    while before < 1024:  # the heads, where a window joins several pieces
        before += read(buffer)
    whole = (body.size - before) // window - 1
    if whole < 2:
        raise RuntimeError("too short a body")
    count = 0
    error = None
    gc.collect()
    heap_lock()
    try:
        while count < whole:
            if read(buffer) != window:
                break
            count += 1
    except MemoryError:
        error = "MemoryError"
    heap_unlock()
    body.close()
    return [count, whole, error]


with open(sys.argv[1], "wb") as f:
    for _ in range(100):
        f.write(bytes(200))
found = {}
for key in (None, KEY):
    for code in "bhifqdBL":
        for axes in (1, 3, 24):
            for window in (256, 1000, 2048) if code in "fh" else (512,):
                found["%s%d %s %d" % (code, axes, bool(key), window)] = run(sample(code, axes, key), window)
for window in (256, 512, 2048):
    found["file %d" % window] = run(Chain([b"head", File(sys.argv[1]), b"tail"]), window)
    found["form of a file %d" % window] = run(Chain([b"head", form([File(sys.argv[1])])]), window)
    found["form of a sample %d" % window] = run(Chain([b"head", form([sample("f", 3, KEY)])]), window)
print(json.dumps(found))
