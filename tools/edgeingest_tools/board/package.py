"""What goes onto a board: the library as the board can load it, and an example as its main.py."""

import tempfile
from pathlib import Path

from edgeingest_tools import firmware
from edgeingest_tools.board.facts import Facts
from edgeingest_tools.board.link import BoardError

_NATIVE = ("@micropython.viper", "@micropython.native")


def library(facts: Facts, source: bool) -> dict[str, bytes]:
    """{path below the package's folder: content}, compiled for this board unless the source is asked for."""
    if not firmware.sources():
        raise BoardError(f"the device library is not in {firmware.FIRMWARE}: run this from a copy of the project")
    if source:
        return {_below(path).as_posix(): (firmware.FIRMWARE / path).read_bytes() for path in firmware.sources()}
    _check_version(facts)
    with tempfile.TemporaryDirectory(prefix="edgeingest-") as folder:
        made = {}
        for path in firmware.sources():
            if facts.architecture is None and any(mark in (firmware.FIRMWARE / path).read_text() for mark in _NATIVE):
                continue  # the library does without, as the board has to
            target = Path(folder) / path.with_suffix(".mpy")
            firmware.compile_file(path, target, facts.architecture or "armv6m")
            made[_below(path).with_suffix(".mpy").as_posix()] = target.read_bytes()
        return made


def _below(path: Path) -> Path:
    return path.relative_to("edgeingest")


def _check_version(facts: Facts) -> None:
    """MicroPython refuses .mpy files of another version, and native code of another sub-version (docs: mpyfiles)."""
    wanted = "{}.{}".format(*firmware.MPY_VERSION)
    if facts.mpy_version is None:
        raise BoardError("this MicroPython loads no .mpy files: deploy with --source")
    version, sub = facts.mpy_version
    if version != firmware.MPY_VERSION[0] or (facts.architecture and sub != firmware.MPY_VERSION[1]):
        raise BoardError(
            f"MicroPython {facts.release} on the board loads .mpy files of version {version}.{sub}, {wanted} is what is"
            " built here: put MicroPython 1.23 or later on the board, or deploy with --source"
        )


def examples(board: str | None = None) -> dict[str, Path]:
    """{name: program}; with a board named, `main` is the program to start from on it."""
    found = {path.stem: path for path in sorted((firmware.FIRMWARE / "examples").glob("*.py"))}
    if board:
        from edgeingest_tools.board import catalogue

        start = catalogue.load(board).folder / "main.py"
        if start.is_file():
            found["main"] = start
    return found


def example(name: str, board: str | None = None) -> bytes:
    """The program of that name."""
    known = examples(board)
    if name not in known:
        more = "" if board else "; with --board also `main`, to start from"
        raise BoardError(f"no example is called {name!r}: there are {', '.join(known) or 'none'}{more}")
    return known[name].read_bytes()
