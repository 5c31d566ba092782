"""Builds images of MicroPython's ROM file system, in which .mpy files run in place; they are read back and compared."""

from collections.abc import Iterable

from mpremote.romfs import VfsRomWriter

from edgeingest_tools.board.link import BoardError
from edgeingest_tools.board.volumes import compare


def build(files: dict[str, bytes]) -> bytes:
    """Returns a ROM file system with these files, made by mpremote's writer. Raises BoardError."""
    writer = VfsRomWriter()
    _add(writer, {tuple(path.split("/")): data for path, data in files.items()})
    image = bytes(writer.finalise())
    compare(files, read(image))
    return image


def _add(writer: VfsRomWriter, files: dict[tuple[str, ...], bytes]) -> None:
    for name in sorted({path[0] for path in files}):
        below = {path[1:]: data for path, data in files.items() if path[0] == name}
        if () in below:
            writer.mkfile(name, below[()])
        else:
            writer.opendir(name)
            _add(writer, below)
            writer.closedir()


def read(image: bytes) -> dict[str, bytes]:
    """Returns the files in a ROM file system. Raises BoardError.

    It has records of a kind, a length and that many bytes (MicroPython, vfs_rom.c).
    """
    kind, data, rest = _record(image)
    if not image.startswith(VfsRomWriter.ROMFS_HEADER) or rest:
        raise BoardError("this is no ROM file system")
    return dict(_walk(data))


def _walk(data: bytes, folder: str = "") -> Iterable[tuple[str, bytes]]:
    while data:
        kind, payload, data = _record(data)
        if kind == VfsRomWriter.ROMFS_RECORD_KIND_DIRECTORY:
            name, inside = _name(payload)
            yield from _walk(inside, f"{folder}{name}/")
        elif kind == VfsRomWriter.ROMFS_RECORD_KIND_FILE:
            name, inside = _name(payload)
            yield folder + name, _record(inside)[1]


def _record(data: bytes) -> tuple[int, bytes, bytes]:
    """Returns (kind, content, remaining data) of the record at the beginning of the data."""
    kind, data = _uint(data)
    length, data = _uint(data)
    return kind, data[:length], data[length:]


def _name(payload: bytes) -> tuple[str, bytes]:
    length, payload = _uint(payload)
    return payload[:length].decode(), payload[length:]


def _uint(data: bytes) -> tuple[int, bytes]:
    value = 0
    for at, byte in enumerate(data):
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, data[at + 1 :]
    raise BoardError("a number in the ROM file system has no end")
