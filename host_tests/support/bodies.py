"""Shared by the tests of bodies: the published vectors, checks of signatures and of refusals, device code."""

import hashlib
import hmac
import json

import pytest

from support.device_source import device_source
from support.interpreters import ROOT
from support.worker import DeviceError

VECTORS = json.loads((ROOT / "host_tests" / "vectors" / "edge-impulse.json").read_text())
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"
ZEROS = b"0" * 64
TYPECODES = "bBhHiIlLqQfd"
PLAIN = "plain"  # workers(mode, env={"ROWS": PLAIN}): the interpreter in which kernels do not load

# Device code begins with this to read a body to its end and check the contract.
READ = "from bodies_device import Again, Once, drain, every_way\n"

# Device code: runs the encoder.
CBOR = device_source("support/device/cbor_device")


def vector(name):
    """Returns (bytes, entry) of a published vector."""
    entry = next(entry for entry in VECTORS["signed"] + VECTORS["unsigned"] if entry["id"] == name)
    return (bytes.fromhex(entry["hex"]) if "hex" in entry else entry["text"].encode()), entry


def signature_of(message, key=HMAC_KEY):
    """Returns (signature in the message, correct signature); finds it as the reference verifier does."""
    at = message.rindex(b"signature")
    at += len(b"signature") + (2 if message[at + 9 : at + 11] == b"\x78\x40" else 3)
    zeroed = message[:at] + ZEROS + message[at + 64 :]
    return message[at : at + 64].decode(), hmac.new(key.encode(), zeroed, hashlib.sha256).hexdigest()


def assert_signed(message, key=HMAC_KEY):
    found, wanted = signature_of(message, key)
    assert found == wanted


def refused(call, *texts, kind="SampleError"):
    """Checks that the call raises a SampleError (or a class below it) whose text contains all of `texts`."""
    with pytest.raises(DeviceError) as caught:
        call()
    error = caught.value
    assert kind in error.family and "IngestError" in error.family, error.trace
    for text in texts:
        assert text in error.text, error.trace
    return error
