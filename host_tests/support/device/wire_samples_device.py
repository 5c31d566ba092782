"""Runs on MicroPython: calls of wire_device that send a Sample: its forms, values, shapes, and what describes it."""

from array import array

from edgeingest import Sample
from wire_calls_device import (
    BINARY,
    FORMATS,
    HMAC_KEY,
    IAT,
    MOTION,
    VALUES,
    listed,
    motion,
    quarters,
    raw,
    sends,
    sensors,
    sourced,
    typed,
)

# -- every form of a sample, of every typecode


def _forms_of(code):
    forms = FORMATS if code in BINARY else FORMATS[:3]
    sends("typecode " + code, lambda wire: [typed(code, 1 if form == "binary" else 2).body(form) for form in forms])


for _code in VALUES:
    _forms_of(_code)


def typed_bytes(code, data):
    """A Sample of one axis, of a buffer."""
    return Sample(sensors(1), 10, data, "U", name="buffer", typecode=code)


def digits():
    """Doubles that need all their digits; the last is 1 + 2**-16, exactly."""
    return array("d", (0.1, -1 / 3, 1e-7, 123456.789, 1e300, 1.0000152587890625))


sends(
    "floats that are no numbers",
    lambda wire: [
        typed_bytes("f", b"\0\0\x80\x7f\0\0\x80\xff\0\0\xc0\x7f\1\0\0\0"),
        typed_bytes("d", b"\0\0\0\0\0\0\xf0\x7f\0\0\0\0\0\0\xf8\xff\1\0\0\0\0\0\0\0"),
    ],
)
sends(
    "buffers with a typecode",
    lambda wire: [
        typed_bytes("h", memoryview(array("h", range(-300, 300, 7)))[3:40]),
        typed_bytes("I", bytearray(raw(400))),
        typed_bytes("f", memoryview(array("f", quarters(9)))[1:7]).body("json"),
    ],
)
sends("cbor signed", lambda wire: motion(iat=IAT), options=(("hmac_key", HMAC_KEY),))
sends("cbor signed now", lambda wire: motion(), options=(("hmac_key", HMAC_KEY),))
sends("cbor signed integers", lambda wire: typed("h", iat=IAT).body(hmac_key=HMAC_KEY))
sends("cbor signed list", lambda wire: listed([1, 2.5, -3], iat=IAT).body(hmac_key=HMAC_KEY))
sends("cbor signed with a key of 100 bytes", lambda wire: motion(iat=IAT).body(hmac_key="k" * 100))
sends("json signed", lambda wire: motion(iat=IAT).body("json", HMAC_KEY))
sends("csv has no signature", lambda wire: motion(iat=IAT).body("csv", HMAC_KEY))
sends("binary signed", lambda wire: typed("h", 1, iat=IAT).body("binary", HMAC_KEY))
sends(
    "json all digits",
    lambda wire: [
        Sample(MOTION, 0.1, values, "U", iat=IAT).body("json") for values in (digits(), array("f", digits()[:3]))
    ],
)
sends(
    "csv all digits",
    lambda wire: [Sample(MOTION, 33.3, values, "U").body("csv") for values in (digits(), array("f", digits()[:3]))],
)

# -- values as lists

sends(
    "cbor lists of rows",
    lambda wire: [
        listed([[0, -1], [1 << 40, -(1 << 40)], [23, 24]], 2),
        listed([[0.5, -1.25], [1024.0, -0.0]], 2),
        listed([[1, 0.5], [-2.5, 70000]], 2),
        listed(((1, 2, 3), (4, 5, 6)), 3),
        listed([[1], [2.5], [3]]),
    ],
)
sends(
    "cbor flat lists",
    lambda wire: [
        listed([0, 23, 24, 255, 256, 65535, 65536, -1, -24, -25, 1 << 63]),
        listed([0.5, -0.25, 1e3]),
        listed([1, 0.5, -2]),
        listed([(1 << 64) - 1, -(1 << 64), 1 << 32, -(1 << 32)]),
        listed([float("inf"), float("-inf"), float("nan")]),
    ],
)
sends("cbor list all digits", lambda wire: listed([0.1, 1 / 3, -1e-300]))
sends("cbor list of 300 rows", lambda wire: listed([[i, i * 0.5] for i in range(300)], 2))
sends("json list", lambda wire: listed([[1, 0.5], [-2.5, 70000]], 2).body("json"))
sends("json flat list signed", lambda wire: listed([1, 2.5, 1 << 63], iat=IAT).body("json", HMAC_KEY))
sends("csv list", lambda wire: listed([[1, 0.5], [-2.5, 70000]], 2).body("csv"))

# -- row sources

sends("cbor row source", lambda wire: sourced("f", quarters(30), (1 << 20,), 3))
sends("cbor row source of 1 axis", lambda wire: sourced("f", quarters(30), (7, 0, 3)))
sends("cbor row source that waits", lambda wire: sourced("f", quarters(300), (0, 5, 0, 0, 1, 13, 0, 511), 3))
sends("cbor row source in single bytes", lambda wire: sourced("h", range(-60, 60, 7), (1,), 3))
sends(
    "cbor row sources of other typecodes",
    lambda wire: [
        sourced("d", quarters(12), (3, 0, 11), 2),
        sourced("B", range(250), (100, 0), 5),
        sourced("q", VALUES["q"], (5, 0)),
    ],
)
sends("cbor row source of 300 axes", lambda wire: sourced("i", range(-450, 450), (1000, 0, 77), 300))
sends("cbor row source signed", lambda wire: sourced("H", range(90), (9, 0), 3, iat=IAT).body(hmac_key=HMAC_KEY))
sends("json row source", lambda wire: sourced("f", quarters(12), (5,), 3, True).body("json"))
sends("csv row source", lambda wire: sourced("i", range(-5, 7), (3, 1), 2, True).body("csv"))
sends("binary row source", lambda wire: sourced("h", range(-50, 50), (7, 0)).body("binary"))
sends("binary row source signed", lambda wire: sourced("h", range(50), (7,), 1, True, iat=IAT).body("binary", HMAC_KEY))

# -- axes and rows


def shaped(code, axes, rows):
    """A Sample of this shape."""
    count = axes * rows
    values = quarters(count) if code == "f" else [(i * 37) % 251 - 125 for i in range(count)]
    return Sample(sensors(axes), 10, array(code, values), "U", name="%d.axes.%d" % (axes, rows))


sends("cbor axes", lambda wire: [shaped("f", axes, 2) for axes in (1, 3, 23, 24, 255, 256, 300, 1024)])
sends("cbor axes of integers", lambda wire: [shaped("h", axes, 3) for axes in (1, 3, 24, 300)])
sends(
    "cbor axes of a list",
    lambda wire: [listed([quarters(axes), list(range(axes))], axes) for axes in (1, 3, 24, 300)],
)
sends("cbor rows", lambda wire: [shaped("f", 3, rows) for rows in (1, 23, 24, 255, 256)])
sends("cbor 70000 rows", lambda wire: shaped("b", 1, 70000))
sends("json axes", lambda wire: [shaped("f", axes, 2).body("json") for axes in (1, 3, 24, 300)])
sends("csv axes", lambda wire: [shaped("f", axes, 2).body("csv") for axes in (1, 3, 24, 300)])
sends("csv 1 row", lambda wire: shaped("f", 3, 1).body("csv"))

# -- names and descriptions of a sample


def about(interval_ms=10, device_type="UNIX", names=MOTION[:1], **options):
    """A short Sample."""
    return Sample(names, interval_ms, array("f", (0.5, 1.5)), device_type, **options)


def unusual():
    """A Sample of which every text has characters that need care."""
    names = (("Größe", "lm"), ("温度", "Cel"), ('a "quoted", one', "N/A"), ("back\\slash", "%RH"))
    return Sample(names, 10, array("f", quarters(8)), 'Gerät "1"', 'Küche "links" 😀', "Wasser.01 – kalt")


MAC = "28:cd:c1:00:00:01"
sends("device_name", lambda wire: [about(device_name=MAC).body(form) for form in FORMATS])
sends("names in unicode", lambda wire: [unusual().body(form) for form in FORMATS[:3]])
sends("long texts", lambda wire: about(device_name="n" * 256, device_type="t" * 24, names=[("s" * 255, "u" * 23)]))
sends("interval_ms", lambda wire: [about(ms).body(form) for ms in (1, 62.5, 0.5, 20.0, 1 << 40) for form in FORMATS])
sends("iat", lambda wire: [about(iat=iat).body(form) for iat in (None, IAT, 1 << 33, 0) for form in FORMATS])
sends("iat False", lambda wire: [about(iat=False).body(form, key) for form in FORMATS for key in (None, HMAC_KEY)])
