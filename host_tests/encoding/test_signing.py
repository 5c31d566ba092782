"""HMAC-SHA256 against the published signatures and the standard library, and the signing body."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bodies import HMAC_KEY, ZEROS, refused, vector
from support.device_source import device_source

DEVICE = device_source("encoding/signing_device")


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


@pytest.mark.parametrize("name", ["C1", "C2", "C3", "J1"])
def test_published_signatures(device, name):
    data, entry = vector(name)
    at, key = entry["signature_offset"], entry["hmac_key_ascii"]
    zeroed = data[:at] + ZEROS + data[at + 64 :]
    assert data[at : at + 64].decode() == entry["signature"]
    assert device.mac(key, [zeroed]).decode() == entry["signature"]
    assert device.mac(key.encode(), [zeroed[i : i + 1] for i in range(len(zeroed))]).decode() == entry["signature"]
    assert device.mac(key, [data]).decode() != entry["signature"]


KEYS = [1, 2, 31, 32, 33, 63, 64, 65, 66, 100, 128, 129, 1000]


@pytest.mark.parametrize("size", KEYS)
def test_keys_of_every_length(device, size):
    key = "".join(chr(33 + (7 * i + size) % 94) for i in range(size))
    for data in (b"", b"x", bytes(range(256)) * 3):
        assert device.mac(key, [data]).decode() == hmac.new(key.encode(), data, hashlib.sha256).hexdigest()


@settings(max_examples=20)
@given(key=st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=140),
       pieces=st.lists(st.binary(max_size=200), max_size=4))  # fmt: skip
def test_any_key_and_any_pieces(worker, key, pieces):
    wanted = hmac.new(key.encode(), b"".join(pieces), hashlib.sha256).hexdigest()
    assert worker.define(DEVICE).mac(key, pieces).decode() == wanted


@pytest.mark.parametrize("tail", [b"", b'"}'])
@pytest.mark.parametrize("step", [0, 1, 7, 100])
def test_the_signing_body(device, tail, step):
    for parts in ([b"a"], [b"head", bytes(range(256)), b"end"], [b""]):
        data = b"".join(parts)
        wanted = hmac.new(HMAC_KEY.encode(), data + ZEROS + tail, hashlib.sha256).hexdigest().encode()
        ways = [(9,), (1,), (63,), (64,), (65,), (2, 300)]
        assert (
            device.signed([part for part in parts if part or not step], HMAC_KEY, tail, ways, step)
            == data + wanted + tail
        )


@pytest.mark.parametrize(
    "key", ["", b"", None, 5, True, "a b", "abc\n", "abc\r", "\0", "\x7f", "k\u00e9y", "\u20ac", b"\xff"]
)
def test_text_that_is_not_a_key_is_refused(device, key):
    if key is True:
        key = [HMAC_KEY]
    error = refused(lambda: device.mac(key, [b""]), "hmac_key")
    assert "abc" not in error.text  # keys are in no error text


@pytest.mark.parametrize("kind", ["list", "object", "class"])
def test_objects_that_are_not_keys_are_refused(device, kind):
    refused(lambda: device.keyed(kind), "hmac_key")
