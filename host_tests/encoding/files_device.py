"""Runs on MicroPython: File from every kind of source, and files that change while they are read."""

import io
import os

from bodies_device import Once, drain, every_way
from edgeingest.body import Chain
from edgeingest.errors import SampleError
from edgeingest.files import File, content_type_of
from edgeingest.multipart import multipart
from edgeingest.sample import Sample
from edgeingest.wav import Wav


def put(path, data):
    with open(path, "wb") as f:
        f.write(data)


def remove(path):
    os.remove(path)


def folder(path):
    os.mkdir(path)


def content_type(name):
    return content_type_of(name), File(b"x", name=name).content_type


def read(args, named):
    body = File(*args, **named)
    return body.name, body.content_type, body.size, every_way(Chain([b"<", body, b">"]))[1:-1]


def alone(args, named):
    return every_way(File(*args, **named))


class Stream(Once):
    closed = False

    def close(self):
        self.closed = True


class Seeks(Stream):
    def seek(self, at, whence=0):
        self.at = at

    def tell(self):
        return self.at


def stream(data, size, step, waits, start, seeks, after=0):
    """Returns what a File reads of a stream, the position of the stream after it, and whether the stream was closed."""
    source = (Seeks if seeks else Stream)(data, step, waits)
    source.at = start
    body = Chain([b"<", File(source, name="a.bin", size=size), b">"])
    if body.rewindable != seeks:
        raise RuntimeError("rewindable: %r" % body.rewindable)
    found = every_way(body) if seeks else drain(body, (50,))
    if not seeks:
        try:
            body.rewind()
        except SampleError:
            pass
        else:
            raise RuntimeError("rewound")
    body.close()
    return found[1:-1], source.at, source.closed


def bytesio(data, size, start):
    source = io.BytesIO(data)
    source.seek(start)
    found = every_way(Chain([b"<", File(source, name="a", size=size)]))[1:]
    source.seek(0)  # still open
    return found


def handles(path, how):
    """Returns how many files were opened and how many were closed."""
    from edgeingest import files

    real = open
    counts = [0, 0]

    class Watched:
        def __init__(self, f):
            self.f = f

        def readinto(self, window):
            return self.f.readinto(window)

        def close(self):
            counts[1] += 1
            self.f.close()

    def watched(*args):
        counts[0] += 1
        return Watched(real(*args))

    files.open = watched
    try:
        body = File(path)
        if how == "unused":
            body.close()
        elif how == "part":
            body.readinto(bytearray(2))
            body.close()
            body.close()
        elif how == "chain":
            drain(Chain([body, b"x"]), (3,))
        elif how == "chain cut":
            chain = Chain([body, b"x"])
            chain.readinto(bytearray(2))
            chain.close()
        elif how == "rewound":
            chain = Chain([body, b"x"])
            chain.readinto(bytearray(2))
            chain.rewind()
            drain(chain, (3,))
    finally:
        del files.open
    return counts


def of_a_body(path):
    """Returns what two Files of a File have: one with a name, read after a rewind and closed, and one without."""
    inner = File(path)
    body = File(inner, name="other.jpg")
    plain = File(inner)
    window = bytearray(5)
    body.readinto(window)
    body.rewind()
    body.readinto(window)
    body.close()
    return {
        "name": body.name,
        "content_type": body.content_type,
        "size": body.size,
        "beginning": bytes(window),
        "plain name": plain.name,
        "closed": inner._stream is None,
    }


def changes(path, data, later):
    """Reads a file whose content was replaced (or that was removed, if `later` is None) after its File was made."""
    put(path, data)
    body = Chain([b"head", File(path), b"tail"])
    if later is None:
        remove(path)
    else:
        put(path, later)
    return drain(body, (7,))


def alone_grows(path, data, more):
    """Reads a file that grew, without a Chain around it: a Chain would find the extra bytes as well."""
    put(path, data)
    body = File(path)
    with open(path, "ab") as f:
        f.write(more)
    drain(body, (3,))


def grows(path, data, more):
    put(path, data)
    body = Chain([b"head", File(path), b"tail"])
    body.readinto(bytearray(6))
    with open(path, "ab") as f:
        f.write(more)
    return drain(body, (7,))


class Fails:
    def readinto(self, window):
        raise OSError(5, "EIO")


ODD = {"object": object(), "class": File, "set": {1}, "function": put, "iterator": iter([1]), "fails": Fails()}


def odd(kind, named):
    drain(Chain([File(ODD[kind], **named)]), (9,))


def says(kind, answer, window, before=0):
    """Reads what a stream, a row source or a body gives that, after some right answers, says it has put this many
    bytes into the window."""
    calls = [before]

    class Liar:
        content_type = "text/plain"
        name = "it"
        size = 1000
        rewindable = True

        def readinto(self, buffer):
            calls[0] -= 1
            return len(buffer) if calls[0] >= 0 else answer

        def rewind(self):
            calls[0] = before

        def close(self):
            pass

    source = Liar()
    if kind in ("stream", "wav", "sample", "binary", "csv"):
        del Liar.content_type
    if kind == "stream":
        del Liar.rewind
    if kind in ("stream", "file of a body"):
        source = File(source, name="it", size=1000)
    elif kind == "wav":
        source = Wav(source, 8000, name="it.wav", size=1000)
    elif kind in ("sample", "binary", "csv"):
        source = Sample([("a", "m")], 10, source, "T", name="it", typecode="h", rows=5000).body(
            "cbor" if kind == "sample" else kind
        )
    elif kind == "multipart":
        source = list(multipart([source], "b"))[-1]
    drain(Chain([b"<", source, b">"]), (window,))
