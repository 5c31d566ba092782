"""The device side of a worker: runs what the host sends. One file for MicroPython from 1.23 on and CPython.

A frame is 4 bytes of length (little-endian) and a value; a request is a list [operation, ...], an answer is
["ok", value] or ["error", ...]. Frames travel on descriptors of their own, so printing cannot disturb them.
The host imports `encode` and `decode` from here as well.
"""

import os
import struct
import sys
from array import array
from collections import OrderedDict


def encode(value):
    pieces = []
    _encode(value, pieces)
    return b"".join(pieces)


def _sized(kind, data):
    return kind + struct.pack("<I", len(data)) + data


def _encode(value, pieces):
    if value is None:
        pieces.append(b"N")
    elif value is True or value is False:
        pieces.append(b"T" if value else b"F")
    elif isinstance(value, float):
        pieces.append(b"d" + struct.pack("<d", value))
    elif isinstance(value, int):
        pieces.append(_sized(b"i", b"%x" % value))
    elif isinstance(value, str):
        pieces.append(_sized(b"s", value.encode()))
    elif isinstance(value, array):
        pieces.append(b"a" + repr(value[0:0])[7].encode() + struct.pack("<I", len(value)))
        pieces.append(_sized(b"b", bytes(value)))
    elif isinstance(value, bytearray):
        pieces.append(_sized(b"B", bytes(value)))
    elif isinstance(value, (bytes, memoryview)):
        pieces.append(_sized(b"b", bytes(value)))
    else:
        _encode_container(value, pieces)


def _encode_container(value, pieces):
    if isinstance(value, (list, tuple)):
        pieces.append((b"l" if isinstance(value, list) else b"t") + struct.pack("<I", len(value)))
        for item in value:
            _encode(item, pieces)
    elif isinstance(value, dict):
        pieces.append(b"m" + struct.pack("<I", len(value)))
        for key, item in value.items():
            _encode(key, pieces)
            _encode(item, pieces)
    else:
        raise TypeError("%s does not travel: make it a number, string, list or dict" % type(value).__name__)


class _Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size : self.at]

    def count(self):
        return struct.unpack("<I", self.take(4))[0]

    def blob(self):
        return self.take(self.count())

    def items(self):
        return [self.value() for _ in range(self.count())]

    def array(self):
        typecode = self.take(1).decode()
        count = self.count()
        self.take(1)
        values = array(typecode, self.blob())
        if len(values) != count:
            raise ValueError("array(%r) has items of another size here" % typecode)
        return values

    def value(self):
        return _READ[self.take(1)](self)


_READ = {
    b"N": lambda reader: None,
    b"T": lambda reader: True,
    b"F": lambda reader: False,
    b"d": lambda reader: struct.unpack("<d", reader.take(8))[0],
    b"i": lambda reader: int(reader.blob().decode(), 16),
    b"s": lambda reader: reader.blob().decode(),
    b"b": lambda reader: reader.blob(),
    b"B": lambda reader: bytearray(reader.blob()),
    b"a": lambda reader: reader.array(),
    b"l": lambda reader: reader.items(),
    b"t": lambda reader: tuple(reader.items()),
    b"m": lambda reader: OrderedDict([(reader.value(), reader.value()) for _ in range(reader.count())]),
}


def decode(data):
    return _Reader(data).value()


# -- what the host may ask for; `spaces` are the namespaces of the sources that were defined, by the host's number
spaces = {}


def _run(source, data):
    space = {"__name__": "case"}
    space.update(data)
    exec(source, space)
    return space.get("result")


def _define(number, source):
    spaces[number] = {"__name__": "helpers"}
    exec(source, spaces[number])


def _call(number, name, values, named):
    return spaces[number][name](*values, **named)


_OPERATIONS = {"run": _run, "define": _define, "call": _call}


def _unlock_heap():
    # a case that failed between heap_lock() and heap_unlock() must not affect the next cases
    import micropython

    micropython.heap_lock()
    for _ in range(micropython.heap_unlock()):
        micropython.heap_unlock()


def _family(kind):
    names = []
    while kind is not object and kind not in (BaseException, None):
        names.append(kind.__name__)
        kind = kind.__bases__[0] if kind.__bases__ else None
    return names


def _travels(value):
    try:
        encode(value)
    except Exception:
        return False
    return True


def _trace(error):
    if hasattr(sys, "print_exception"):
        import io

        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()
    import traceback

    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def _failure(error):
    found = dict(getattr(error, "__dict__", None) or {})
    if isinstance(error, OSError):
        found.setdefault("errno", error.errno)
    attributes = [(name, value) for name, value in found.items() if _travels(value)]
    values = error.args if _travels(error.args) else None
    return ["error", _family(type(error)), str(error), values, OrderedDict(attributes), _trace(error)]


def answer(request):
    """Returns the answer to one request, both without their length."""
    try:
        asked = decode(request)
        return encode(["ok", _OPERATIONS[asked[0]](*asked[1:])])
    except BaseException as error:  # SystemExit and KeyboardInterrupt of a case are results, too
        _unlock_heap()
        return encode(_failure(error))


def answer_file(request, reply):
    """For the wasm host, which has no descriptors: the frames are files."""
    with open(request, "rb") as source:
        data = source.read(os.stat(request)[6])
    with open(reply, "wb") as sink:
        sink.write(answer(data))


def main():
    """device_worker.py DESCRIPTOR_IN DESCRIPTOR_OUT [folder of modules ...]"""
    sys.path[0:1] = sys.argv[3:]
    source = open(int(sys.argv[1]), "rb")
    sink = open(int(sys.argv[2]), "wb", 0)
    if sys.implementation.name == "cpython":
        import shims  # its folder is among the arguments

        shims.install()
    while True:
        size = source.read(4)
        if not size:
            return
        reply = answer(source.read(struct.unpack("<I", size)[0]))
        sink.write(struct.pack("<I", len(reply)) + reply)


if __name__ == "__main__":
    main()
