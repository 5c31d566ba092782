"""Signature verification reads in chunks: the result does not depend on where the signature is."""

import hashlib
import hmac
import io

import pytest
from edgeingest_tools.service import signature
from support.service import HMAC_KEY

_LEAD = b"\x78\x40"


def _signed(before, after):
    zeros = before + _LEAD + b"0" * 64 + after
    mac = hmac.new(HMAC_KEY.encode(), zeros, hashlib.sha256).hexdigest()
    return before + _LEAD + mac.encode() + after, mac


@pytest.mark.parametrize("at", [0, 1, *range(signature._CHUNK - 70, signature._CHUNK + 3), 2 * signature._CHUNK])
@pytest.mark.parametrize("after", [0, signature._CHUNK])
def test_signature_across_chunks(at, after):
    data, mac = _signed(b"x" * at, b"y" * after)
    assert signature.verify(io.BytesIO(data), mac, HMAC_KEY, _LEAD) == "valid"
    assert signature.verify(io.BytesIO(data + b"z"), mac, HMAC_KEY, _LEAD) == "invalid"


def test_last_occurrence_counts():
    data, mac = _signed(b"", b"tail")
    # The same characters later, without the length byte before them: invalid, as for the reference decoder.
    assert signature.verify(io.BytesIO(data + mac.encode()), mac, HMAC_KEY, _LEAD) == "invalid"


@pytest.mark.parametrize("gap", [0, 1, signature._CHUNK - 6, signature._CHUNK])
def test_search_finds_the_last_of_several(gap):
    assert signature._last_position(io.BytesIO(b"abc" + b"-" * gap + b"abc" + b"-" * gap), b"abc") == 3 + gap


def test_characters_with_another_length_byte_are_not_the_signature():
    other = b"\x79\x00\x40"
    mac = hmac.new(HMAC_KEY.encode(), other + b"0" * 64, hashlib.sha256).hexdigest()
    assert signature.verify(io.BytesIO(other + mac.encode()), mac, HMAC_KEY, other) == "valid"
    assert signature.verify(io.BytesIO(other + mac.encode()), mac, HMAC_KEY, _LEAD) == "invalid"


def test_key_is_ascii_text_not_hex():
    data, _ = _signed(b"", b"")
    hex_decoded = hmac.new(bytes.fromhex(HMAC_KEY), _LEAD + b"0" * 64, hashlib.sha256).hexdigest()
    wrong = _LEAD + hex_decoded.encode()
    assert signature.verify(io.BytesIO(wrong), hex_decoded, HMAC_KEY, _LEAD) == "invalid"
    assert len(wrong) == len(data)


def test_signature_that_is_not_in_the_bytes():
    assert signature.verify(io.BytesIO(b"\x78\x40" + b"1" * 64), "2" * 64, HMAC_KEY, _LEAD) == "invalid"
