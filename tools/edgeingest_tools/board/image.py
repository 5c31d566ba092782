"""`edgeingest image`: writes the file system of a board to one file, to flash many boards with the same files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgeingest_tools.board import catalogue, contents, facts, littlefs, rom, uf2
from edgeingest_tools.board.catalogue import Board, CatalogueError
from edgeingest_tools.board.layouts import Filesystem, LayoutError, flash_bytes
from edgeingest_tools.board.link import BoardError, Link


@dataclass(frozen=True)
class Wanted:
    """The options for the content of an image."""

    example: str | None = None
    config: Path | None = None
    source: bool = False
    rom: bool = False


def image(
    board: Annotated[str, typer.Option(help="The board, by its name in boards/.")],
    out: Annotated[Path, typer.Option(help="The file to write: .bin, .uf2 for boards with a BOOTSEL button, .romfs.")],
    example: Annotated[str | None, typer.Option(help="An example as main.py; default: the board's own.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with the settings, as for `provision`.")] = None,
    source: Annotated[bool, typer.Option("--source", help="The library as .py files instead of .mpy.")] = False,
    romfs: Annotated[
        bool, typer.Option("--romfs", help="The library as ROM file system, for MicroPython 1.25+.")
    ] = False,
    port: Annotated[
        str | None, typer.Option(help="Serial port of a board of the kind: it is asked where its files are.")
    ] = None,
    firmware: Annotated[
        str | None, typer.Option(help="Without a board: MicroPython's version, such as 1.26.1; an ESP32 needs it.")
    ] = None,
    variant: Annotated[str, typer.Option(help="Without a board: the firmware's variant, such as OTA.")] = "",
    flash_size: Annotated[str | None, typer.Option(help="Without a board: size of the flash, such as 4MB.")] = None,
) -> None:
    """Make the file system of a board as one file, to flash many boards with the same files."""
    known, wanted = catalogue.load(board), Wanted(example, config, source, romfs)
    _check_suffix(known, out.suffix, romfs)
    if romfs:
        place = None
    elif port:
        if firmware or variant or flash_size:
            raise BoardError("a board tells all of it: leave out --firmware, --variant and --flash-size, or --port")
        place = ask(known, port)
    else:
        place = _of_the_firmware(known, firmware, variant, flash_size)
    try:
        print(write(known, place, out, wanted))
    except OSError as error:
        raise BoardError(f"cannot write {out}: {error.strerror}; give another file with --out") from None


def _of_the_firmware(board: Board, version: str | None, variant: str, flash: str | None) -> Filesystem:
    """Returns where a firmware keeps its files, by board.toml. Raises BoardError."""
    try:
        return board.place(version, variant, flash_bytes(flash))
    except (CatalogueError, LayoutError) as error:
        hint = "" if "--port" in str(error) else "; or connect a board of the kind and name its --port"
        raise BoardError(f"{error}{hint}") from None


def ask(board: Board, port: str) -> Filesystem:
    """Returns where a connected board keeps its files. Raises BoardError if it is of another kind."""
    with Link(port) as link:
        info = facts.ask(link)
    if not board.is_machine(info.machine):
        raise BoardError(f"the board at {port} is no {board.name}: its MicroPython is for {info.machine!r}")
    if info.place is None or info.place[2] != "vfs" or info.filesystem == "VfsFat":
        raise BoardError(f"the board at {port} has no littlefs in its flash: an image would not be mounted there")
    offset, size, _ = info.place
    if offset is None:  # an RP2: its place is part of the firmware, and the size tells whether it is the stock one
        place = board.place()
        if size != place.size:
            raise BoardError(
                f"the board at {port} has a file system of {size} bytes, the firmware of {board.name} one of "
                f"{place.size}: it is another firmware, and where that has its files is not known"
            )
        return place
    return Filesystem(offset=offset, size=size)


def write(board: Board, place: Filesystem | None, out: Path, wanted: Wanted) -> str:
    """Writes the image for a board and returns a text for the user. place: of its files; None: a ROM file system.

    Raises BoardError and OSError.
    """
    found = files(board, wanted)
    data = littlefs.build(place, found) if place else rom.build(found)
    address = _address(board, place)
    if out.suffix == ".uf2" and board.uf2:
        data = uf2.encode(data, address, board.uf2.family_id)
    if wanted.config:  # the image contains keys and a password
        out.touch(0o600)
        out.chmod(0o600)
    out.write_bytes(data)
    size = sum(map(len, found.values()))
    kind = f"{place.size // 1024} KB of {place.kind} at {place.offset:#x}" if place else "a ROM file system"
    return (
        f"{out}: {len(found)} files, {size} bytes, in {kind} for {board.name}; read back and compared\n"
        f"To a board: {_instructions(board, out, address)}\n"
        f"Note: {board.notes}"
    )


def _address(board: Board, place: Filesystem | None) -> int:
    """Returns where tools that write a flash put an image."""
    offset = place.offset if place else 0
    return offset + board.uf2.flash_start if board.uf2 else offset


def files(board: Board, wanted: Wanted) -> dict[str, bytes]:
    """Returns {path: content} of all files in the image. Raises BoardError."""
    found = {} if wanted.rom else _program(board, wanted)
    if wanted.rom and (wanted.example or wanted.config):
        raise BoardError(
            "a ROM file system holds the library only: MicroPython looks for main.py and the settings in the writable "
            "one, so leave out --example and --config"
        )
    library = contents.sources() if wanted.source else contents.compiled(board.mpy_arch)
    return found | {f"{contents.LIBRARY}/{name}": data for name, data in library.items()}


def _program(board: Board, wanted: Wanted) -> dict[str, bytes]:
    found = {"main.py": contents.program(wanted.example or "main", board)}
    return found | (contents.configuration(board, wanted.config) if wanted.config else {})


def _check_suffix(board: Board, suffix: str, rom: bool) -> None:
    fitting = [".romfs"] if rom else [".bin", ".uf2"] if board.uf2 else [".bin"]
    if suffix not in fitting:
        kind = "a ROM file system" if rom else f"an image for {board.name}"
        raise BoardError(f"{kind} is a file that ends in {' or '.join(fitting)}: give such a name with --out")


def _instructions(board: Board, out: Path, address: int) -> str:
    """Returns how the user puts the file on a board."""
    if out.suffix == ".romfs":
        return f"with a firmware that has room for it, mpremote romfs deploy {out}"
    if board.uf2 and out.suffix == ".uf2":
        return f"hold BOOTSEL while plugging the board in, then copy {out} to the drive that appears"
    if board.uf2:
        return f"picotool load {out} -o {address:#x}"
    if board.port == "esp32":
        return f"esptool write_flash {address:#x} {out}"
    return "mount it as a block device"
