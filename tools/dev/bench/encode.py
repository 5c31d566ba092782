"""Measures the encoding of 3-axis rows: typed arrays, the generic encoder, json, and the minimum of plain Python."""

import io
import json
from array import array
from struct import pack_into

from edgeingest import Sample
from edgeingest.cbor import Encoder
from rounds import measure, options, report

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))


class Sink(io.IOBase):
    """A stream for json.dump that drops everything."""

    def write(self, data):
        return len(data)


def sink(data):
    pass


def floor_float32(values, window):
    """Does the least work that plain MicroPython needs: one pack_into per row."""
    at = 0
    for i in range(0, len(values), 3):
        pack_into(">BBfBfBf", window, at, 0x83, 0xFA, values[i], 0xFA, values[i + 1], 0xFA, values[i + 2])
        at = at + 16 if at < 2016 else 0


def floor_int16(values, window):
    at = 0
    for i in range(0, len(values), 3):
        pack_into(">BBhBhBh", window, at, 0x83, 0x19, values[i], 0x19, values[i + 1], 0x19, values[i + 2])
        at = at + 10 if at < 2016 else 0


def main():
    settings = options()
    n = settings["rows"]
    kind = settings["typecode"]
    number = float if kind == "f" else int
    values = array(kind, bytes(3 * n * (4 if kind == "f" else 2)))
    for i in range(3 * n):
        values[i] = number((i * 7919 % 65521 - 32760) / 7)
    rows = [[values[i], values[i + 1], values[i + 2]] for i in range(0, 3 * n, 3)]
    sample = Sample(_AXES, 10, values, "bench")
    window = bytearray(2048)
    floor = floor_float32 if kind == "f" else floor_int16
    stream = Sink()

    def typed():
        body = sample.body()
        while body.readinto(window):
            pass

    contenders = [
        ("typed", typed),
        ("generic", lambda: Encoder(sink).encode(rows)),
        ("json.dump", lambda: json.dump(rows, stream)),
        ("pack_into", lambda: floor(values, window)),
    ]
    if settings["slow"]:
        contenders.append(("json.dumps", lambda: json.dumps(rows)))
        if settings["peer"]:
            dumps = __import__(settings["peer"]).dumps
            contenders.append(("peer", lambda: dumps(rows)))
    report(encode=measure(contenders, settings["rounds"]))


main()
