"""Checks the binary form: a CBOR header that ends in 0xFF, then raw little-endian values.

Source: Edge Impulse docs, data acquisition format.
"""

import array
import re
import sys
from collections.abc import Callable, Iterable
from typing import BinaryIO

from edgeingest_tools.errors import Refusal, brief

# Trailing spaces are allowed: official firmware pads the header with them so that the values are aligned.
_REFERENCE = re.compile(r"Ref-BINARY-(i8|u8|i16|u16|i32|u32|f32) *")
_TYPECODES = {"i8": "b", "u8": "B", "i16": "h", "u16": "H", "i32": "i", "u32": "I", "f32": "f"}
_BYTES = {"i8": 1, "u8": 1, "i16": 2, "u16": 2, "i32": 4, "u32": 4, "f32": 4}
_CHUNK = 1 << 16


def check_payload(
    file: BinaryIO, reference: str, sensors: int, sink: Callable[[Iterable[float]], None] | None = None
) -> int:
    """Checks the bytes from the current position on, which is the end of the header; returns the number of values."""
    match = _REFERENCE.fullmatch(reference)
    if not match:
        hint = "images go to /files as they are" if "image/" in reference else f"use one of {', '.join(_BYTES)}"
        raise Refusal(f"values is [{brief(reference)}]: binary data is announced as Ref-BINARY-<type>; {hint}")
    kind = match.group(1)
    if sensors != 1:
        raise Refusal(f"values is [{brief(reference)}] but there are {sensors} sensors: binary data has exactly one")
    header = file.tell()
    file.seek(header - 1)
    last = file.read(1)
    if last != b"\xff":
        raise Refusal(f"the header ends in {last.hex()}, not ff: put values last, as an indefinite array (9f ... ff)")
    file.seek(0, 2)
    size = file.tell() - header
    if size == 0:
        raise Refusal(f"no values follow the {header}-byte header: append them as raw little-endian {kind}")
    if size % _BYTES[kind]:
        raise Refusal(f"{size} bytes follow the header: that is no whole number of {kind} ({_BYTES[kind]} bytes each)")
    if sink is not None:
        file.seek(header)
        while chunk := file.read(_CHUNK):
            values = array.array(_TYPECODES[kind], chunk)
            if sys.byteorder == "big":
                values.byteswap()
            for value in values:
                sink((value,))
    return size // _BYTES[kind]
