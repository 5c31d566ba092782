"""`edgeingest deploy`: library and example onto a board; `deployment` has how the library gets there."""

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


def put_main(link: Link, about: Facts, program: bytes, ours: Collection[str] = ()) -> str:
    """Puts a program in place of main.py, in one step; what to tell about a program that was there.

    It is kept, unless its SHA-256 is among ours: a second example does not take the place of the user's own program.
    """
    path = about.root + "/main.py"
    link.load("files")
    hashed = link.call(f"sha256({path!r}) if exists({path!r}) else None")
    if hashed == hashlib.sha256(program).hexdigest():
        return "main.py is there already"
    told = "main.py is in place"
    if hashed is not None and hashed not in ours:
        link.run(f"copy({path!r}, {path + '.old'!r})")
        told += "; the one of before is main.py.old"
    link.write(path + ".new", program)
    if link.call(f"sha256({path + '.new'!r})") != hashlib.sha256(program).hexdigest():
        raise BoardError("main.py did not arrive as it was sent: check the cable, then run this again")
    link.run(f"replace({path + '.new'!r}, {path!r})")
    return told


def check_imported(link: Link, about: Facts) -> str:
    """What version the board imports, once it has started anew."""
    try:
        version, path = link.call("(lambda e: (e.__version__, e.__file__))(__import__('edgeingest'))")
    except DeviceError as error:
        raise BoardError(f"the board cannot import the library: {error}; please report this") from None
    if not path.startswith((f"{about.root}/lib/edgeingest/", "edgeingest/", f"{about.root}/edgeingest/")):
        raise BoardError(f"the board imports another edgeingest, from {path}: remove it, then run this again")
    return version


def library(about: Facts, source: bool, line_numbers: bool = False) -> dict[str, bytes]:
    """{path below the package's folder: content}, compiled for this board unless the source is asked for.

    MicroPython refuses .mpy files of another version, and native code of another sub-version (docs: mpyfiles).
    """
    if source:
        return contents.sources()
    if about.mpy_version is None:
        raise BoardError("this MicroPython loads no .mpy files: deploy with --source")
    version, sub = about.mpy_version
    if version != firmware.MPY_VERSION[0] or (about.architecture and sub != firmware.MPY_VERSION[1]):
        raise BoardError(
            f"MicroPython {about.release} on the board loads .mpy files of version {version}.{sub}, "
            f"{'{}.{}'.format(*firmware.MPY_VERSION)} is what is built here: "
            "put MicroPython 1.23 or later on the board, or deploy with --source"
        )
    return contents.compiled(about.architecture, line_numbers)


def _check_board(about: Facts, board: str | None) -> Board | None:
    """What the files of the board say, beside what it says itself; None: there are none of such a board."""
    known = catalogue.load(board) if board else catalogue.find(about.machine)
    if board and known and about.architecture and known.mpy_arch != about.architecture:
        raise BoardError(
            f"a {board} runs code for {known.mpy_arch}, the connected board ({about.machine}) for {about.architecture}"
            ": leave --board out, or connect another board"
        )
    return known


def deploy(
    port: Annotated[str | None, typer.Option(help="Serial port of the board; none: the only one at USB.")] = None,
    board: Annotated[str | None, typer.Option(help="A name in boards/: refuse any other board.")] = None,
    example: Annotated[str | None, typer.Option(help="Put this example on the board as main.py.")] = None,
    source: Annotated[
        bool, typer.Option("--source", help="Copy .py files, for boards that refuse .mpy files.")
    ] = False,
    line_numbers: Annotated[
        bool, typer.Option("--line-numbers", help="Keep line numbers for tracebacks: 6 % more flash and heap.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove the old version first, where there is no room for both.")
    ] = False,
) -> None:
    """Put the library onto a board, compiled for it; only what changed is copied."""
    console = Console(highlight=False)
    with Link(choose(port)) as link:
        about = facts.ask(link)
        known = _check_board(about, board)
        if about.frozen:
            raise BoardError(
                f"edgeingest {about.frozen} is frozen into this board's firmware, which goes before files: "
                "build a firmware with the new version, or flash the stock one"
            )
        program = contents.program(example, known) if example else None
        console.print(f"{link.port}: {about.machine}, MicroPython {about.release}, {about.mpy_text}")
        if about.filesystem_text not in ("littlefs", "not known"):
            console.print(
                f"[yellow]its file system is {about.filesystem_text}, which renames in several steps: if the power "
                "fails while files are exchanged, deploy again[/yellow]"
            )
        wanted = library(about, source, line_numbers)
        deployment = Deployment(link, about, wanted, replace)
        done = _with_progress(deployment, wanted, console)
        ours = {hashlib.sha256(path.read_bytes()).hexdigest() for path in contents.programs(known).values()}
        told = put_main(link, about, program, ours) if program is not None else None
        link.reset()  # so that it imports what a program will find
        version = check_imported(link, about)
    for line in filter(None, (_summary(done), told)):
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
    if not done.sent and not done.gone:
        return f"nothing to do: all {done.kept} files are there already"
    shown = f" ({', '.join(done.sent)})" if 0 < len(done.sent) <= 3 else ""
    return f"{len(done.sent)} files copied{shown}, {done.kept} were there already, {done.gone} removed"
