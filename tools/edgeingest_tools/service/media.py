"""Checks the magic bytes of images, audio, video and tables, and reads their size or duration where that is cheap."""

import struct
import wave
from typing import BinaryIO

from edgeingest_tools.errors import Refusal
from edgeingest_tools.service.message import Facts

# {extension: (offset, bytes) pairs that a file of this kind must have}
_MAGIC = {
    "jpg": ((0, b"\xff\xd8\xff"),),
    "jpeg": ((0, b"\xff\xd8\xff"),),
    "png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "wav": ((0, b"RIFF"), (8, b"WAVE")),
    "avi": ((0, b"RIFF"), (8, b"AVI ")),
    "mp4": ((4, b"ftyp"),),
    "parquet": ((0, b"PAR1"),),
}
IMAGES = ("jpg", "jpeg", "png")
EXTENSIONS = tuple(_MAGIC)


def check_media(file: BinaryIO, kind: str) -> Facts:
    """Returns the facts of a file. Raises Refusal if its first bytes do not fit its extension; checks nothing else."""
    head = file.read(16)
    for offset, magic in _MAGIC[kind]:
        found = head[offset : offset + len(magic)]
        if found != magic:
            raise Refusal(
                f"not a {kind} file: byte {offset} begins {found!r} where {magic!r} belongs; check the extension"
            )
    file.seek(0)
    facts = Facts(kind=kind)
    try:
        if kind == "wav":
            _describe_wav(file, facts)
        elif kind == "png":
            facts.detail = "{} x {}".format(*struct.unpack(">II", file.read(24)[16:]))
        elif kind in ("jpg", "jpeg"):
            facts.detail = _jpeg_size(file)
    except (wave.Error, EOFError, struct.error):
        facts.detail = ""  # compressed or truncated; accepted, because only the magic bytes are checked
    return facts


def _describe_wav(file: BinaryIO, facts: Facts) -> None:
    with wave.open(file) as audio:
        rate, channels = audio.getframerate(), audio.getnchannels()
        if not rate:
            return
        facts.rows = audio.getnframes()
        facts.interval_ms = 1000 / rate
        facts.detail = f"{facts.rows / rate:.3f} s, {rate} Hz, {channels} channel{'s' if channels > 1 else ''}"


def _jpeg_size(file: BinaryIO) -> str:
    """Returns width and height, read from the start-of-frame segment (ITU T.81, B.2.2)."""
    file.seek(2)
    while True:
        marker, length = struct.unpack(">HH", file.read(4))
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            _, height, width = struct.unpack(">BHH", file.read(5))
            return f"{width} x {height}"
        if marker >> 8 != 0xFF or length < 2:
            return ""
        file.seek(length - 2, 1)
