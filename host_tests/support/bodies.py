"""What the tests of bodies share: reading them on the device in every way, row sources, vectors, signatures."""

import hashlib
import hmac
import json

import pytest

from support.interpreters import ROOT
from support.worker import DeviceError

VECTORS = json.loads((ROOT / "host_tests" / "vectors" / "edge-impulse.json").read_text())
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"
ZEROS = b"0" * 64
TYPECODES = "bBhHiIlLqQfd"
PLAIN = "plain"  # workers(mode, env={"ROWS": PLAIN}): the interpreter in which kernels do not load

# Device code: reads a body to its end and holds it to the contract.
READ = """
def drain(body, sizes):
    # Through windows of these sizes in turn; behind each are bytes that nobody may touch.
    out = bytearray()
    whole = memoryview(bytearray(max(sizes) + 16))
    turn = idle = 0
    while True:
        size = sizes[turn % len(sizes)]
        turn += 1
        whole[size:size + 16] = b"guard of 16 byte"
        n = body.readinto(whole[:size])
        if whole[size:size + 16] != b"guard of 16 byte":
            raise RuntimeError("written behind a window of %d" % size)
        if n is None:
            idle += 1
            if idle > 100000:
                raise RuntimeError("never ready")
            continue
        if not 0 <= n <= size:
            raise RuntimeError("%r of a window of %d" % (n, size))
        if n == 0:
            break
        out.extend(whole[:n])
        if len(out) > body.size:
            break
    if len(out) != body.size:
        raise RuntimeError("%d bytes, size %d" % (len(out), body.size))
    return bytes(out)

def every_way(body, ways=((1,), (2,), (3,), (7, 1, 64), (13,), (4096,))):
    # The same bytes whatever the windows are, after a rewind, and from half-way.
    whole = drain(body, (2048,))
    for sizes in ways:
        body.rewind()
        if drain(body, sizes) != whole:
            raise RuntimeError("other bytes in windows of %r" % (sizes,))
    body.rewind()
    body.readinto(bytearray(max(1, body.size // 2)))
    body.rewind()
    window = bytearray(50)
    if drain(body, (50,)) != whole:
        raise RuntimeError("other bytes after a rewind half-way")
    body.close()
    body.close()
    return whole

class Once:
    # Raw bytes, `step` at a time, None before each but the first; for lists of steps in turn.
    def __init__(self, data, step=1 << 30, waits=0):
        self.data = data
        self.step = step
        self.waits = waits
        self.at = self.calls = 0
    def readinto(self, buffer):
        self.calls += 1
        if self.waits and self.calls % (self.waits + 1):
            return None
        n = min(len(buffer), self.step, len(self.data) - self.at)
        buffer[:n] = self.data[self.at:self.at + n]
        self.at += n
        return n

class Again(Once):
    def rewind(self):
        self.at = 0
"""

# Device code: runs the encoder.
CBOR = """
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
    # What an EncodeError leaves behind: everything before the refused call, nothing of it.
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
"""


def vector(name):
    """(bytes, entry) of a published vector."""
    entry = next(entry for entry in VECTORS["signed"] + VECTORS["unsigned"] if entry["id"] == name)
    return (bytes.fromhex(entry["hex"]) if "hex" in entry else entry["text"].encode()), entry


def signature_of(message, key=HMAC_KEY):
    """(signature in the message, what it has to be): its last 64 hex digits, as the reference verifier finds them."""
    at = message.rindex(b"signature")
    at += len(b"signature") + (2 if message[at + 9 : at + 11] == b"\x78\x40" else 3)
    zeroed = message[:at] + ZEROS + message[at + 64 :]
    return message[at : at + 64].decode(), hmac.new(key.encode(), zeroed, hashlib.sha256).hexdigest()


def assert_signed(message, key=HMAC_KEY):
    found, wanted = signature_of(message, key)
    assert found == wanted


def refused(call, *texts, kind="SampleError"):
    """Calls it and checks that it raises a SampleError (or one below it) in whose text all of these are."""
    with pytest.raises(DeviceError) as caught:
        call()
    error = caught.value
    assert kind in error.family and "IngestError" in error.family, error.trace
    for text in texts:
        assert text in error.text, error.trace
    return error
