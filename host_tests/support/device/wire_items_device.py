"""Runs on MicroPython: calls of wire_device with every argument and every other kind of item, and many items."""

import io
from array import array

from edgeingest import File, Wav, labels
from edgeingest.body import Chain
from edgeingest.cbor import Encoder
from wire_calls_device import (
    BOUNDARY,
    HMAC_KEY,
    IAT,
    METADATA,
    Lazy,
    OwnBody,
    Rows,
    RowsAgain,
    call,
    listed,
    mixed,
    motion,
    ordered,
    quarters,
    raw,
    sends,
    small_file,
    sourced,
    typed,
    uploads,
)

# -- the arguments of `send` and `upload`


@call("send to every category")
def _send_categories(wire):
    with wire.client() as client:
        for category in ("training", "testing", "anomaly", "split"):
            client.send(category, small_file())


@call("upload to every category")
def _upload_categories(wire):
    with wire.client() as client:
        for category in ("training", "testing", "anomaly", "split"):
            client.upload(category, small_file(), boundary=BOUNDARY)


def _arguments(kind, verb):
    kind(verb + " label", lambda wire: small_file(), label="wave")
    kind(verb + " label in unicode", lambda wire: small_file(), label="käse 1/2 & 100 % 波!~*'()")
    kind(verb + " metadata", lambda wire: small_file(), metadata={"site": "Paris"})
    kind(verb + " metadata in unicode", lambda wire: small_file(), metadata=METADATA)
    kind(verb + " no_label", lambda wire: small_file(), no_label=True)
    kind(verb + " add_date_id", lambda wire: small_file(), add_date_id=True)
    kind(verb + " without disallow_duplicates", lambda wire: small_file(), disallow_duplicates=False)
    kind(
        verb + " every argument",
        lambda wire: small_file(),
        label="a b",
        metadata=METADATA,
        add_date_id=True,
        deadline_ms=60_000,
        options=(("timeout_ms", 5000), ("hmac_key", HMAC_KEY)),
    )


_arguments(sends, "send")
_arguments(uploads, "upload")
sends("send file_name", lambda wire: motion(), file_name="wave.01.cbor")
sends("send file_name in unicode", lambda wire: motion(), file_name="Käse & 50 % \"x\" 'y' 波.cbor")
uploads("upload with a boundary of its own", lambda wire: small_file(), boundary="a.b_c-d+e'f")
uploads("upload with a random boundary", lambda wire: small_file(), boundary=None)

# -- requests with many files

uploads("upload sample", lambda wire: motion())
uploads("upload list", lambda wire: mixed())
uploads("upload tuple", lambda wire: (motion("a"), motion("b")))
uploads("upload list of 1", lambda wire: [motion()])
uploads(
    "upload lazily", lambda wire: Lazy(40, lambda i: motion("lazy.%d" % i, 2)), on_stored=lambda index, stored: None
)
uploads("upload lazily without on_stored", lambda wire: Lazy(3, lambda i: mixed()[i]))
uploads("upload signed", lambda wire: [motion(iat=IAT), typed("h", iat=IAT)], options=(("hmac_key", HMAC_KEY),))
uploads(
    "upload lazily signed now",
    lambda wire: Lazy(3, lambda i: motion("lazy.%d" % i)),
    options=(("hmac_key", HMAC_KEY),),
)
uploads("upload 200 files", lambda wire: [small_file("f%d.txt" % i, 1 + i) for i in range(200)])
uploads(
    "upload unusual file names",
    lambda wire: [
        small_file(name)
        for name in (
            'a "quoted" one.bin',
            "Größe – 波 😀.bin",
            "100 %; a=b, 'c'.bin",
            ".hidden",
            "no extension",
            "%22.bin",
        )
    ],
)
uploads(
    "upload structured_labels",
    lambda wire: [
        motion("one"),
        labels.structured_labels({"one.cbor": [(0, 9, "idle"), (10, 19, 'wave "é" 😀')]}),
    ],
)
uploads(
    "upload structured_labels with maps",
    lambda wire: [
        motion("one"),
        labels.structured_labels(
            ordered(
                ("one.cbor", [(0, 9, "idle", {"by": "me"}), (10, 19, "wave", {"by": ""})]),
                ("two.cbor", [(0, 0, "one row", {"k": "v"})]),
            )
        ),
    ],
)
uploads(
    "upload bounding_boxes",
    lambda wire: [
        File(b"\xff\xd8\xff", name="a.jpg"),
        labels.bounding_boxes(ordered(("a.jpg", [("cat", 0, 0, 1, 1), ("café", 10, 20, 30, 40)]))),
        File(b"\x89PNG", name="b.png"),
    ],
)
uploads(
    "upload info_labels",
    lambda wire: [
        motion("one"),
        labels.info_labels(
            [
                ordered(("path", "one.cbor"), ("category", "training"), ("label", "wave")),
                ordered(
                    ("path", "b.cbor"), ("category", "split"), ("label", None), ("name", "ß"), ("metadata", {"a": "b"})
                ),
                ordered(
                    ("path", "c.jpg"),
                    ("category", "testing"),
                    ("label", ordered(("type", "keyvalue-labels"), ("labels", {"k": "v"}))),
                    ("attachments", ["d.txt"]),
                ),
            ]
        ),
    ],
)
sends("send label file", lambda wire: labels.structured_labels({"one.cbor": [(0, 9, "idle")]}))

# -- files

EXTENSIONS = (
    "jpg",
    "jpeg",
    "png",
    "mp4",
    "avi",
    "wav",
    "cbor",
    "json",
    "labels",
    "csv",
    "txt",
    "parquet",
    "bin",
    "JPG",
)


def moved(stream, place):
    """The stream, when it stands there."""
    stream.seek(place)
    return stream


sends(
    "files in memory",
    lambda wire: [
        File(raw(300), name="a.bin"),
        File(bytearray(raw(30)), name="a.csv"),
        File(memoryview(raw(60))[7:50], name="a.txt"),
        File(array("h", (-1, 256, 3)), name="a.raw"),
    ],
)
sends("file of a path", lambda wire: File(wire.path("f.csv", b"timestamp,a\n0,1\n10,2\n")))
sends("file of a path with a name", lambda wire: File(wire.path("f.csv", raw(5000)), name="Größe.parquet"))
sends("file of a stream", lambda wire: File(io.BytesIO(raw(3000)), name="s.json", size=3000))
sends("file of a part of a stream", lambda wire: File(moved(io.BytesIO(raw(100)), 60), name="s.cbor", size=40))
sends("file of a stream that waits", lambda wire: File(Rows(raw(900), (1, 0, 100)), name="s.wav", size=900))
sends("file of a body", lambda wire: File(motion().body("json"), name="renamed.json"))
sends("file with a content type", lambda wire: File(small_file(), content_type="image/x-none; q=1"))
sends("file of 100000 bytes", lambda wire: small_file("large.bin", 100_000))
sends("file of every extension", lambda wire: [small_file("f." + extension) for extension in EXTENSIONS])
uploads("upload every extension", lambda wire: [small_file("f." + extension) for extension in EXTENSIONS])
uploads("upload files of paths", lambda wire: [File(wire.path("f.png", raw(3000))), File(wire.path("g.png", raw(1)))])

# -- sound

sends(
    "wav of every width",
    lambda wire: [
        Wav(array("B", range(100, 120)), 8000, 8, name="8.wav"),
        Wav(array("h", range(-20, 20)), 16000, name="16.wav"),
        Wav(raw(30), 44100, 24, name="24.wav"),
        Wav(array("i", range(-70000, 70000, 7000)), 48000, 32, name="32.wav"),
    ],
)
sends("wav stereo", lambda wire: Wav(array("h", range(40)), 16000, channels=2))
sends("wav of an odd number of bytes", lambda wire: Wav(raw(9), 8000, 8))
sends("wav of a path", lambda wire: Wav(wire.path("pcm.raw", raw(600)), 16000, name="path.wav"))
sends("wav of a stream", lambda wire: Wav(Rows(raw(1200), (100, 0, 3)), 16000, frames=600))
uploads("upload wav of a row source", lambda wire: Wav(RowsAgain(raw(900), (7, 0)), 8000, 24, size=900))

# -- bodies

sends(
    "chains of bytes",
    lambda wire: [
        Chain((b"first ", bytearray(b"second"), b" third"), "c.txt", "text/plain"),
        Chain((b"", b"a", b"", bytearray(), b"bc", b""), "c.txt", "text/plain"),
    ],
)
sends(
    "chain of chains",
    lambda wire: Chain(
        [Chain([b"<", Chain((b"one", small_file()), "x")]), b"|", motion(rows=2).body("csv"), Chain((b">",))], "c.mixed"
    ),
)
sends(
    "chain of parts made when reached",
    lambda wire: Chain(Lazy(9, lambda i: small_file() if i % 2 else b"part %d;" % i), "lazy.txt", "text/plain"),
)
sends("chain with a body that waits", lambda wire: Chain((b"[", OwnBody(raw(90), (7, 0, 1)), b"]"), "c.bin"))
sends("chain with empty bodies", lambda wire: Chain((File(b"", name="none"), b"x", OwnBody(b"")), "c.bin"))
sends("own body", lambda wire: OwnBody(raw(500), (0, 64, 1, 0, 200)))
uploads("upload own body", lambda wire: [OwnBody(raw(500), (0, 64, 1)), Chain((b"", b"xyz", b""), "c.csv", "text/csv")])

# -- buffers


def _with_buffer(size):
    options = (("buffer_size", size), ("hmac_key", HMAC_KEY))
    sends(
        "buffer of %d" % size,
        lambda wire: [
            motion(rows=1500, iat=IAT),
            listed(list(range(-300, 3000, 3)), iat=IAT).body("json"),
            sourced("f", quarters(900), (99, 0), 3, iat=IAT),
            small_file("large.bin", 2 * size),
        ],
        options=options,
    )
    items = [("small", 1), ("large", 20000), ("next", 40)]
    uploads(
        "buffer of %d many files" % size,
        lambda wire: [motion(iat=IAT)] + [small_file(*item) for item in items],
        options=options,
    )


for _size in (64, 2048, 16384):
    _with_buffer(_size)

# -- the encoder


def encoded(write):
    """A file of what an Encoder writes; write(encoder) makes the calls."""
    out = bytearray()
    write(Encoder(out.extend))
    return File(out, name="encoded.cbor")


def _items(to):
    to.begin_array()
    for n in (0, 23, 24, 255, 256, 65535, 65536, (1 << 32) - 1, 1 << 32, (1 << 64) - 1):
        to.uint(n)
        to.nint(-1 - n)
        to.int(n)
    to.int(1 << 64)
    to.int(-(1 << 70))
    for x in (0.5, -1.25, 1024.0):
        to.float16(x)
        to.float32(x)
        to.float64(x)
        to.float(x)
        to.float(x, shortest=True)
    to.text("Größe 😀")
    to.bytes(memoryview(raw(300))[1:])
    to.array(1)
    to.boolean(True)
    to.map(1)
    to.text("k")
    to.null()
    to.tag(1)
    to.undefined()
    to.simple(16)
    to.simple(255)
    to.begin_bytes()
    to.bytes(b"chunk")
    to.end()
    to.begin_text()
    to.text("chunk")
    to.end()
    to.begin_map()
    to.int(1)
    to.boolean(False)
    to.end()
    to.end()


def _objects(to):
    to.encode([None, True, False, 0, -1, 1 << 80, 0.5, "é", b"bytes", bytearray(b"more"), (1, (2.5, [3]))])
    to.encode(
        ordered(("a", 1), ("b", [ordered(("c", array("f", (0.5, 1.5)))), array("h", (-1, 300)), array("d", (2.5,))]))
    )
    to.encode([[i, i * 0.5] for i in range(200)])
    to.encode([[-1, -24, -25, -256, -257, 65535, 65536], [-65536, -65537, 1 << 70, float("inf"), "text", None, [0.5]]])
    to.encode("x" * 300)
    to.encode(float("nan"))


sends("encoder items", lambda wire: encoded(_items))
sends("encoder objects", lambda wire: encoded(_objects))
