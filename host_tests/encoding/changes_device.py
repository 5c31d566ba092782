"""Runs on MicroPython: bodies whose values are resized or overwritten while they are read."""

import gc
import os
import sys
from array import array

if hasattr(os, "getenv") and os.getenv("ROWS") == "plain":
    sys.modules["edgeingest.cbor_kernels"] = sys.modules["edgeingest.cbor_int_kernels"] = sys
from edgeingest.body import Chain
from edgeingest.errors import SampleError
from edgeingest.files import File
from edgeingest.multipart import multipart
from edgeingest.sample import Sample
from edgeingest.wav import Wav

KEY = "fed53116f20684c067774ebf9e7bcbdc"
COUNT = 400  # values of each


def source(kind, code, value):
    """Returns (the values that are changed later, the values that are given, their typecode or None)."""
    values = [value] * COUNT
    if kind == "list":
        return values, values, None
    if kind == "rows":
        values = [[value, value] for _ in range(COUNT // 2)]
        return values, values, None
    values = array(code, values)
    if kind == "bytearray":
        values = bytearray(bytes(values))
        return values, values, code
    if kind == "view":
        return values, memoryview(values)[COUNT // 2 :], code
    return values, values, code


def body_of(form, axes, given, code, key):
    if form == "file":
        return File(given, name="a.bin")
    if form == "wav":
        return Wav(given, 8000)
    if form == "chain":
        return Chain((b"head", given, b"tail"), "a.bin")
    sensors = [("a%d" % i, "m") for i in range(axes)]
    sample = Sample(sensors, 10, given, "T", typecode=code, iat=1700000000)
    if form == "sample":  # changed before it has a body
        return sample
    body = sample.body(form.split()[0], key)
    return list(multipart([body], "b"))[-1] if "multipart" in form else body


def extend(values, to, code):
    n = len(values)
    values.extend([values[0]] * n if isinstance(values, list) else array(code, [to] * n))


def move(values, to, code):
    """Leaves as many as before, elsewhere in memory."""
    before = values[:]
    values.extend(bytes(5000) if isinstance(values, bytearray) else array(code, [0] * 5000))
    values[len(before) :] = values[:0]
    values[:] = before


def shrink(values, to, code):
    values[len(values) // 2 :] = values[:0]


def row(values, to, code):
    """Leaves as many numbers as before, in rows of other lengths."""
    values[len(values) // 2].append(to)
    values[-1].pop()


def text(values, to, code):
    values[-1] = "x" * len(str(values[0]))


def write(values, to, code, step=1):
    for i in range(0, len(values), step):
        values[i] = to


WAYS = {
    "extend": extend,
    "one more": lambda values, to, code: values.extend(values[:1]),
    "moved": move,
    "shrink": shrink,
    "row": row,
    "text": text,
    "write": write,
    "swap": lambda values, to, code: write(values, to, code, 2),
    "nothing": lambda values, to, code: None,
}


def change(values, how, to, code):
    """Changes the values; overwrites all memory that is freed by it."""
    WAYS[how](values, to, code)
    if how not in ("write", "swap"):
        gc.collect()
        waste = [bytearray(b"\xee" * 800) for _ in range(100)]
        del waste


def read(form, kind, code, axes, first, to, how, before, window, key=KEY):
    """Returns (bytes that were read, text of the SampleError or None, size that was said)."""
    values, given, typecode = source(kind, code, first)
    out = bytearray()
    size = -1
    buffer = bytearray(window)
    try:
        body = body_of(form, axes, given, typecode, key)
        if form == "sample":
            change(values, how, to, code)
            how = "nothing"
            body = body.body("cbor", key)
        size = body.size
        while len(out) <= size:
            if len(out) >= before and how:
                change(values, how, to, code)
                how = None
            n = body.readinto(buffer)
            if not n:
                break
            out.extend(buffer[:n])
    except SampleError as e:
        return bytes(out), str(e), size
    return bytes(out), None, size
