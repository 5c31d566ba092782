"""`edgeingest image`: writes the file system of a board to one file, to flash many boards with the same files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgeingest_tools.board import catalogue, contents, littlefs, rom, uf2
from edgeingest_tools.board.catalogue import Board
from edgeingest_tools.board.link import BoardError


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
) -> None:
    """Make the file system of a board as one file, to flash many boards with the same files."""
    try:
        print(write(catalogue.load(board), out, Wanted(example, config, source, romfs)))
    except OSError as error:
        raise BoardError(f"cannot write {out}: {error.strerror}; give another file with --out") from None


def write(board: Board, out: Path, wanted: Wanted) -> str:
    """Writes the image for a board and returns a text for the user. Raises BoardError and OSError."""
    _check_suffix(board, out.suffix, wanted.rom)
    found = files(board, wanted)
    data = rom.build(found) if wanted.rom else littlefs.build(board.filesystem, found)
    if out.suffix == ".uf2" and board.uf2:
        data = uf2.encode(data, board.uf2.flash_start + board.filesystem.offset, board.uf2.family_id)
    if wanted.config:  # the image contains keys and a password
        out.touch(0o600)
        out.chmod(0o600)
    out.write_bytes(data)
    size = sum(map(len, found.values()))
    kind = "a ROM file system" if wanted.rom else f"{board.filesystem.size // 1024} KB of {board.filesystem.kind}"
    return (
        f"{out}: {len(found)} files, {size} bytes, in {kind} for {board.name}; read back and compared\n"
        f"To a board: {_instructions(board, out)}"
    )


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


def _instructions(board: Board, out: Path) -> str:
    """Returns how the user puts the file on a board."""
    if out.suffix == ".romfs":
        return f"with a firmware that has room for it, mpremote romfs deploy {out}"
    if board.uf2 and out.suffix == ".uf2":
        return f"hold BOOTSEL while plugging the board in, then copy {out} to the drive that appears"
    if board.uf2:
        return f"picotool load {out} -o {board.uf2.flash_start + board.filesystem.offset:#x}"
    if board.port == "esp32":
        return f"esptool write_flash {board.filesystem.offset:#x} {out}"
    return "mount it as a block device"
