"""Runs on MicroPython: Wav from every kind of source."""

import io

from bodies_device import Again, Once, drain, every_way
from edgeingest import File, Wav


def source_of(form, data, path):
    if form == "path":
        with open(path, "wb") as f:
            f.write(data)
        return path
    return {
        "bytes": lambda: data,
        "view": lambda: memoryview(b"xx" + data + b"x")[2 : 2 + len(data)],
        "stream": lambda: io.BytesIO(data),
        "once": lambda: Once(data, 7, 1),
        "again": lambda: Again(data + b"more", 5),
        "body": lambda: File(data, "raw.bin"),
    }[form]()


def made(form, data, rate, bits, channels, named, path=None):
    return Wav(source_of(form, data, path), rate, bits, channels, **dict(named))


def whole(form, data, rate, bits, channels, named=(), sizes=(2048,), path=None):
    wav = made(form, data, rate, bits, channels, named, path)
    out = drain(wav, sizes)
    wav.close()
    return out, wav.size, wav.name, wav.content_type, wav.rewindable


def typed(values, rate, bits, channels):
    return every_way(Wav(values, rate, bits, channels))


def again(data, cut):
    wav = Wav(Again(data, 5), 8000, 16, size=len(data))
    wav.readinto(bytearray(cut))
    wav.rewind()
    return drain(wav, (64,))


def once(data):
    wav = Wav(Once(data), 8000, 16, size=len(data))
    wav.readinto(bytearray(60))
    wav.rewind()


def drained(source, size):
    return drain(Wav(source, 8000, 16, size=size), (64,))


def short(data, size, form):
    return drain(Wav({"once": Once, "again": Again}[form](data), 8000, 16, size=size), (64,))


def wrong(source, rate=8000, bits=16, channels=1, named=()):
    Wav(source, rate, bits, channels, **dict(named))


def wrong_stream(named):
    Wav(Once(b"1234"), 8000, **dict(named))
