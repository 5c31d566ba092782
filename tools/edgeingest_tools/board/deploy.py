"""`edgeingest deploy`: puts the library and an example onto a board; `deployment` installs the library."""

import hashlib
from collections.abc import Collection
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from edgeingest_tools import firmware
from edgeingest_tools.board import catalogue, contents, facts
from edgeingest_tools.board.catalogue import Board
from edgeingest_tools.board.deployment import Deployment, Done
from edgeingest_tools.board.facts import Facts
from edgeingest_tools.board.link import BoardError, DeviceError, Link, choose


def put_main(link: Link, info: Facts, program: bytes, ours: Collection[str] = ()) -> str:
    """Replaces main.py by a program in one step; returns a text for the user. Raises BoardError.

    The previous main.py is kept as main.py.old, unless its SHA-256 is in `ours`, the hashes of the programs here. So a
    second example does not replace the copy of the user's own program.
    """
    path = info.root + "/main.py"
    link.load("files")
    hashed = link.call(f"sha256({path!r}) if exists({path!r}) else None")
    if hashed == hashlib.sha256(program).hexdigest():
        return "main.py is there already"
    main_text = "main.py is in place"
    if hashed is not None and hashed not in ours:
        link.run(f"copy({path!r}, {path + '.old'!r})")
        main_text += "; the previous one is kept as main.py.old"
    link.write(path + ".new", program)
    if link.call(f"sha256({path + '.new'!r})") != hashlib.sha256(program).hexdigest():
        raise BoardError("main.py did not arrive as it was sent: check the cable, then run this again")
    link.run(f"replace({path + '.new'!r}, {path!r})")
    return main_text


def check_imported(link: Link, info: Facts) -> str:
    """Returns the version that the board imports after a reset. Raises BoardError."""
    try:
        version, path = link.call("(lambda e: (e.__version__, e.__file__))(__import__('edgeingest'))")
    except DeviceError as error:
        raise BoardError(f"the board cannot import the library: {error}; please report this") from None
    if not path.startswith((f"{info.root}/lib/edgeingest/", "edgeingest/", f"{info.root}/edgeingest/")):
        raise BoardError(f"the board imports another edgeingest, from {path}: remove it, then run this again")
    return version


def library(info: Facts, source: bool, line_numbers: bool = False) -> dict[str, bytes]:
    """Returns {path below the package's folder: content}: compiled for this board, or the source. Raises BoardError.

    MicroPython refuses .mpy files of another version, and native code of another sub-version (docs: mpyfiles).
    """
    if source:
        return contents.sources()
    if info.mpy_version is None:
        raise BoardError("this MicroPython loads no .mpy files: deploy with --source")
    version, sub = info.mpy_version
    if version != firmware.MPY_VERSION[0] or (info.architecture and sub != firmware.MPY_VERSION[1]):
        raise BoardError(
            f"MicroPython {info.release} on the board loads .mpy files of version {version}.{sub}, "
            f"{'{}.{}'.format(*firmware.MPY_VERSION)} is what is built here: "
            "put MicroPython 1.23 or later on the board, or deploy with --source"
        )
    return contents.compiled(info.architecture, line_numbers)


def _check_board(info: Facts, board: str | None) -> Board | None:
    """Returns the entry in boards/ for this board, or None. Raises BoardError if it does not fit `board`."""
    known = catalogue.load(board) if board else catalogue.find(info.machine)
    if board and known and info.architecture and known.mpy_arch != info.architecture:
        raise BoardError(
            f"a {board} runs code for {known.mpy_arch}, the connected board ({info.machine}) for {info.architecture}"
            ": leave --board out, or connect another board"
        )
    return known


def deploy(
    port: Annotated[str | None, typer.Option(help="Serial port of the board; default: the only one on USB.")] = None,
    board: Annotated[str | None, typer.Option(help="A name in boards/; any other board is refused.")] = None,
    example: Annotated[str | None, typer.Option(help="Put this example on the board as main.py.")] = None,
    source: Annotated[
        bool, typer.Option("--source", help="Copy .py files, for boards that refuse .mpy files.")
    ] = False,
    line_numbers: Annotated[
        bool, typer.Option("--line-numbers", help="Keep line numbers for tracebacks: 6 % more flash and heap.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove the old version first, if there is no space for both.")
    ] = False,
) -> None:
    """Put the library onto a board, compiled for it; only what changed is copied."""
    console = Console(highlight=False)
    with Link(choose(port)) as link:
        info = facts.ask(link)
        known = _check_board(info, board)
        if info.frozen:
            raise BoardError(
                f"edgeingest {info.frozen} is frozen into this board's firmware, which goes before files: "
                "build a firmware with the new version, or flash the stock one"
            )
        program = contents.program(example, known) if example else None
        console.print(f"{link.port}: {info.machine}, MicroPython {info.release}, {info.mpy_text}")
        if info.filesystem_text not in ("littlefs", "not known"):
            console.print(
                f"[yellow]its file system is {info.filesystem_text}, which renames in several steps: if the power "
                "fails while files are exchanged, deploy again[/yellow]"
            )
        wanted = library(info, source, line_numbers)
        deployment = Deployment(link, info, wanted, replace)
        done = _with_progress(deployment, wanted, console)
        ours = {hashlib.sha256(path.read_bytes()).hexdigest() for path in contents.programs(known).values()}
        main_text = put_main(link, info, program, ours) if program is not None else None
        link.reset()  # so that it imports the new version
        version = check_imported(link, info)
    for line in filter(None, (_summary(done), main_text)):
        console.print(line)
    console.print(f"[green]edgeingest {version} is on the board[/green]")


def _with_progress(deployment: Deployment, wanted: dict[str, bytes], console: Console) -> Done:
    total = sum(len(wanted[name]) for name in deployment.needed())
    columns = (TextColumn("{task.description:24}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)

        def advance(name: str, count: int) -> None:
            progress.update(task, advance=count, description=name)

        return deployment.install(advance)


def _summary(done: Done) -> str:
    if not done.sent and not done.removed:
        return f"nothing to do: all {done.kept} files are there already"
    shown = f" ({', '.join(done.sent)})" if 0 < len(done.sent) <= 3 else ""
    return f"{len(done.sent)} files copied{shown}, {done.kept} were there already, {done.removed} removed"
