"""Runs on MicroPython: how the calls of wire_device are defined, and what they send in common."""

from array import array
from collections import OrderedDict

from edgeingest import Client, File, Sample, Wav
from spools_device import restarted

KEY = "ei_0123456789abcdef"
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"
IAT = 1700000000
BOUNDARY = "wire-boundary"
FORMATS = ("cbor", "json", "csv", "binary")
MOTION = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
# Typecode -> values: the least and the greatest, and where CBOR integers become longer.
VALUES = OrderedDict(
    (
        ("b", (-128, 127, 23, 24, -24, -25)),
        ("B", (0, 255, 23, 24, 1, 100)),
        ("h", (-32768, 32767, 255, 256, -256, -257)),
        ("H", (0, 65535, 23, 24, 255, 256)),
        ("i", (-(1 << 31), (1 << 31) - 1, 65535, 65536, -65536, -65537)),
        ("I", (0, (1 << 32) - 1, 65535, 65536, 255, 256)),
        ("q", (-(1 << 63), (1 << 63) - 1, -1 - (1 << 32), 1 << 32)),
        ("Q", (0, (1 << 64) - 1, (1 << 32) - 1, 1 << 32)),
        ("f", (-0.0, 0.5, -1.25, 1024.0, 0.0625, 4096.5)),
        ("d", (-0.0, 0.5, -1.25, 1024.0, 0.0625, 4096.5)),
    )
)
BINARY = "bBhHiIf"  # the typecodes that the binary form takes
CALLS = OrderedDict()  # name -> function(wire)


class Wire:
    """What a call needs. folder: an empty folder; ca: the certificate of a service with https."""

    def __init__(self, url, folder, ca):
        self.url = url
        self.folder = folder
        self.ca = ca

    def client(self, kind=Client, **options):
        """A client of the service."""
        return kind(KEY, url=self.url, **options)

    def path(self, name, content=None):
        """The path of a file in the folder; content: is written to it."""
        path = self.folder + "/" + name
        if content is not None:
            with open(path, "wb") as file:
                file.write(content)
        return path

    def spool(self):
        """The spool in the folder, as after a restart."""
        return restarted(self.folder + "/spool")


def call(name):
    """A decorator: the function is the call of this name."""

    def keep(function):
        if name in CALLS:
            raise ValueError("there are two calls named %r" % name)
        CALLS[name] = function
        return function

    return keep


def sends(name, make, options=(), **arguments):
    """A call that sends what make(wire) gives with Client.send: an item, or a list of them, one after the other.
    options: of the client."""

    def send(wire):
        items = make(wire)
        with wire.client(**dict(options)) as client:
            for item in items if isinstance(items, list) else (items,):
                client.send("training", item, **arguments)

    call(name)(send)


def uploads(name, make, options=(), boundary=BOUNDARY, **arguments):
    """A call that sends what make(wire) gives with Client.upload, in one request."""

    def upload(wire):
        with wire.client(**dict(options)) as client:
            client.upload("training", make(wire), boundary=boundary, **arguments)

    call(name)(upload)


def sensors(axes):
    """So many sensors with short names."""
    return [("s%d" % i, "g") for i in range(axes)]


def quarters(count):
    """Floats that are exact in float32."""
    return [i * 0.25 - 8 for i in range(count)]


def motion(name="motion", rows=20, **options):
    """A Sample of three axes."""
    return Sample(MOTION, 10, array("f", quarters(3 * rows)), "UNIX", name=name, **options)


def typed(code, axes=2, **options):
    """A Sample of an array with this typecode."""
    return Sample(sensors(axes), 10, array(code, VALUES[code]), "U", name="t", **options)


def listed(values, axes=1, **options):
    """A Sample of a list."""
    return Sample(sensors(axes), 10, values, "U", name="list", **options)


def raw(count):
    """Bytes that do not repeat within 64 KB."""
    return bytes((i * 7 + (i >> 8) * 31) & 0xFF for i in range(count))


def small_file(name="small.bin", count=40):
    """A File of a few bytes."""
    return File(raw(count), name=name)


class Rows:
    """A row source. steps: how many bytes it gives at a time, in turn; 0: nothing is ready."""

    def __init__(self, data, steps=(1 << 20,)):
        self._data = bytes(data)
        self._steps = steps
        self._turn = self._at = 0

    def readinto(self, window):
        """Fills the window; see the interface of row sources and streams."""
        step = self._steps[self._turn % len(self._steps)]
        self._turn += 1
        if not step:
            return None
        at = self._at
        n = min(step, len(window), len(self._data) - at)
        window[:n] = self._data[at : at + n]
        self._at = at + n
        return n


class RowsAgain(Rows):
    """A row source that can be read from its beginning."""

    def rewind(self):
        """Starts again."""
        self._turn = self._at = 0


class OwnBody(RowsAgain):
    """A body of the caller's own class."""

    content_type = "text/x-own"
    name = "own.body"
    rewindable = True

    def __init__(self, data, steps=(1 << 20,)):
        super().__init__(data, steps)
        self.size = len(data)

    def close(self):
        """Does nothing: nothing is open."""


class Lazy:
    """Items, or parts, that are made when they are asked for."""

    def __init__(self, count, make):
        self._count = count
        self._make = make

    def __len__(self):
        return self._count

    def __getitem__(self, index):
        return self._make(index)


def sourced(code, data, steps, axes=1, again=False, **options):
    """A Sample of a row source."""
    data = bytes(array(code, data))
    rows = len(data) // len(bytes(array(code, (0,)))) // axes
    kind = RowsAgain if again else Rows
    return Sample(sensors(axes), 10, kind(data, steps), "U", name="source", typecode=code, rows=rows, **options)


def ordered(*pairs):
    """A dict in the order of the pairs: plain ones have none on MicroPython."""
    return OrderedDict(pairs)


METADATA = ordered(("site", "Zürich"), ("empty", ""), ("emoji", "😀 \x7e"), ('quote"', "back\\slash"))


def mixed():
    """A Sample, a File, a Wav and a body."""
    sound = Wav(array("h", range(-20, 20)), 16000)
    return [motion(), File(b"\xff\xd8\xff picture", name="frame.jpg"), sound, motion("table").body("csv")]
