"""Checks the signature of a stored message (Edge Impulse docs, data acquisition format, "Signing data").

HMAC-SHA256 over the exact bytes with the 64 signature characters set to `0`. The key is the ASCII text of the HMAC key,
not the bytes that its hex digits encode: the service's published examples verify only with the text.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import BinaryIO

_LENGTH = 64
_CHUNK = 1 << 18


def verify(file: BinaryIO, signature: str, key: str, prefix: bytes) -> str:
    """Returns `valid` or `invalid`. `prefix` must precede the signature characters: 78 40 in CBOR, a quote in JSON."""
    needle = prefix + signature.encode()
    at = _last_position(file, signature.encode())
    if at is None:
        return "invalid"
    file.seek(max(at - len(prefix), 0))
    if file.read(len(needle)) != needle:
        return "invalid"
    mac = hmac.new(key.encode(), digestmod=hashlib.sha256)
    for offset, chunk in _chunks(file):
        start, end = max(at - offset, 0), min(at + _LENGTH - offset, len(chunk))
        if start < end:
            chunk[start:end] = b"0" * (end - start)
        mac.update(chunk)
    return "valid" if hmac.compare_digest(mac.hexdigest(), signature) else "invalid"


def _last_position(file: BinaryIO, needle: bytes) -> int | None:
    """Returns the last position of the needle, or None. The reference decoder takes the last one, too."""
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
