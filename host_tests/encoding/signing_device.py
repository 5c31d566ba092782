"""Runs on MicroPython: HMAC-SHA256, and bodies with a signature."""

from bodies_device import Again, drain, every_way
from edgeingest.files import File
from edgeingest.signing import Hmac, Signed, key_bytes


def mac(key, pieces):
    found = Hmac(key_bytes(key))
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def signed(parts, key, tail, ways, step):
    parts = [File(Again(part, step, 1), name="x", size=len(part)) if step else part for part in parts]
    if step:
        for part in parts:
            part.rewindable = False
    body = Signed(tuple(parts), key_bytes(key), "some.cbor", "application/cbor", tail)
    if (body.name, body.content_type) != ("some.cbor", "application/cbor"):
        raise RuntimeError
    return drain(body, ways[0]) if step else every_way(body, ways)


def keyed(kind):
    return key_bytes({"list": ["k"], "object": object(), "class": bytes}[kind])
