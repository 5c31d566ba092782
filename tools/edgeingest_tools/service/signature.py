"""Checks the signature of a stored message (Edge Impulse docs, data acquisition format, "Signing data").

HMAC-SHA256 over the exact bytes with the 64 signature characters set to `0`. The key is the ASCII text of the HMAC key,
not the bytes its hex digits stand for: only so do the service's published examples verify.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import BinaryIO

_LENGTH = 64
_CHUNK = 1 << 18


def verify(file: BinaryIO, signature: str, key: str, lead: bytes) -> str:
    """`valid` or `invalid`. `lead` is what must precede the characters: 78 40 in CBOR, a quote in JSON."""
    needle = lead + signature.encode()
    at = _last(file, signature.encode())
    if at is None:
        return "invalid"
    file.seek(max(at - len(lead), 0))
    if file.read(len(needle)) != needle:
        return "invalid"
    mac = hmac.new(key.encode(), digestmod=hashlib.sha256)
    for offset, chunk in _chunks(file):
        start, end = max(at - offset, 0), min(at + _LENGTH - offset, len(chunk))
        if start < end:
            chunk[start:end] = b"0" * (end - start)
        mac.update(chunk)
    return "valid" if hmac.compare_digest(mac.hexdigest(), signature) else "invalid"


def _last(file: BinaryIO, needle: bytes) -> int | None:
    """Where the needle is last, as the reference decoder looks for it, in constant memory."""
    found, tail = None, b""
    for offset, chunk in _chunks(file):
        window = tail + chunk
        at = window.rfind(needle)
        if at >= 0:
            found = offset - len(tail) + at
        tail = bytes(window[-(len(needle) - 1) :])
    return found


def _chunks(file: BinaryIO) -> Iterator[tuple[int, bytearray]]:
    file.seek(0)
    offset = 0
    while chunk := bytearray(file.read(_CHUNK)):
        yield offset, chunk
        offset += len(chunk)
