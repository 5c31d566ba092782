"""Runs on MicroPython: calls of the CBOR Encoder."""

from edgeingest.cbor import Encoder


def explicit(calls):
    out = bytearray()
    encoder = Encoder(out.extend)
    for call in calls:
        getattr(encoder, call[0])(*call[1:])
    return bytes(out)


def encode_all(objects):
    found = []
    out = bytearray()
    encoder = Encoder(out.extend)
    for item in objects:
        before = len(out)
        encoder.encode(item)
        found.append(bytes(out[before:]))
    return found


def each(name, values, *more):
    return [explicit([(name, value) + more]) for value in values]


def nested(kind, depth):
    item = 7
    for _ in range(depth):
        item = [item] if kind == "list" else (item,) if kind == "tuple" else {"k": item}
    return explicit([("encode", item)])


def left_by(calls):
    """Makes calls of which the last is refused; returns the error and how many bytes that call wrote, or None."""
    out = bytearray()
    encoder = Encoder(out.extend)
    for call in calls[:-1]:
        getattr(encoder, call[0])(*call[1:])
    before = len(out)
    try:
        getattr(encoder, calls[-1][0])(*calls[-1][1:])
    except Exception as e:
        return type(e).__name__, str(e), len(out) - before
    return None
