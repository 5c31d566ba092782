"""`edgeingest deploy`: the library onto a board, so that at every moment the board has one whole version.

There are two places that it is imported from, /edgeingest before /lib/edgeingest (sys.path), and one of them is free.
The new version is gathered there under another name, verified by hash, and renamed. One rename decides: that of the
new version to /edgeingest, or that of the old one away from it. A deploy that is cut off leaves the old version before
that step and the new one after it; the next one goes on where it stopped. No rename leads from one folder into
another: littlefs does that in two steps, and hides other files of the folder if the power fails in between.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from edgeingest_tools.board import facts, package
from edgeingest_tools.board.facts import Facts
from edgeingest_tools.board.link import BoardError, DeviceError, Link, choose

Advance = Callable[[str, int], None]  # (file, bytes that have gone over)


@dataclass(frozen=True)
class Done:
    """What a deploy did: files sent over the cable, files the board had already, files of before that are gone."""

    sent: list[str]
    kept: int
    gone: int


class Deployment:
    """The library onto one board; `needed` and then `install`."""

    def __init__(self, link: Link, about: Facts, wanted: dict[str, bytes]) -> None:
        self._link, self._about, self._wanted = link, about, wanted
        self._first, self._second = about.root + "/edgeingest", about.root + "/lib/edgeingest"
        link.load("files")
        first, second = (link.call(f"exists({place!r})") for place in (self._first, self._second))
        if first and second:  # a deploy was cut off in its last steps: the first one is imported
            self._do(f"set_aside({self._second!r}, '.new')")
        self._now = self._first if first else self._second
        self._next = self._second if first or not second else self._first
        self._new = self._next + ".new"
        for rest in (self._first + ".old", self._second + ".old", *([self._now + ".new"] if first or second else [])):
            self._do(f"remove({rest!r})")
        self._hashes = {name: hashlib.sha256(data).hexdigest() for name, data in wanted.items()}
        self._there, self._staged = self._list(self._now), self._list(self._new)

    def needed(self) -> list[str]:
        """What has to go over the cable."""
        here = (self._there, self._staged)
        return [name for name, hashed in self._hashes.items() if hashed not in [each.get(name) for each in here]]

    def install(self, advance: Advance) -> Done:
        try:
            return self._install(advance)
        except DeviceError as error:
            raise _explained(error) from None

    def _install(self, advance: Advance) -> Done:
        if self._there == self._hashes:
            self._do(f"remove({self._new!r})")
            return Done([], len(self._wanted), 0)
        sent = self.needed()
        for name in [name for name, hashed in self._staged.items() if self._hashes.get(name) != hashed]:
            self._do(f"remove({self._new + '/' + name!r})")
            del self._staged[name]
        self._check_space()
        for name, data in self._wanted.items():
            if self._staged.get(name) != self._hashes[name]:
                self._stage(name, data, name in sent, advance)
        if self._list(self._new) != self._hashes:
            self._do(f"remove({self._new!r})")
            raise BoardError(
                "what arrived on the board differs from what was sent: check the cable, then run this again"
            )
        self._do(f"os.rename({self._new!r}, {self._next!r})")
        if self._there:
            self._do(f"set_aside({self._now!r}, '.old')")
            self._do(f"remove({self._now + '.old'!r})")
        return Done(sent, len(self._wanted) - len(sent), len(self._there.keys() - self._hashes.keys()))

    def _stage(self, name: str, data: bytes, send: bool, advance: Advance) -> None:
        target = f"{self._new}/{name}"
        self._do(f"folders({target!r})")
        if send:
            self._link.write(target, data, lambda count: advance(name, count))
        else:
            self._do(f"copy({self._now + '/' + name!r}, {target!r})")

    def _check_space(self) -> None:
        """Before anything is written: all of the new version has to fit beside the old one."""
        block = self._about.block
        missing = [data for name, data in self._wanted.items() if name not in self._staged]
        # A file takes whole blocks, a folder two (littlefs), and there has to be one to move things around.
        folders = {name.rpartition("/")[0] for name in self._wanted}
        blocks = sum(-(-len(data) // block) for data in missing) + 2 * len(folders) + 2
        free = self._link.call(f"__import__('os').statvfs({self._about.root + '/'!r})")[3]
        if blocks > free:
            raise BoardError(
                f"the board's file system has {free * block // 1024} KB free, {blocks * block // 1024} KB are needed: "
                "the new version is built beside the old one; remove files that are not needed (`mpremote rm`)"
            )

    def _list(self, folder: str) -> dict[str, str]:
        return dict(self._link.lines(f"hashes({folder!r})", 60))

    def _do(self, code: str) -> None:
        self._link.run(code, silence_s=60)


def _explained(error: DeviceError) -> BoardError:
    if "ENOSPC" in error.trace or error.trace.endswith("OSError: 28"):
        return BoardError(
            "the board's file system is full; a whole version is still there: remove files, run this again"
        )
    return BoardError(f"the board's file system refused: {error}; a whole version is still there")


def put_main(link: Link, about: Facts, program: bytes) -> str:
    """Puts a program in place of main.py, in one step; what to tell about a program that was there."""
    path = about.root + "/main.py"
    link.load("files")
    hashed = link.call(f"sha256({path!r}) if exists({path!r}) else None")
    if hashed == hashlib.sha256(program).hexdigest():
        return "main.py is there already"
    told = "main.py is in place"
    if hashed is not None:
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


def _check_board(about: Facts, board: str | None) -> str | None:
    """What the files of the board say, beside what it says itself; the name of the board, if it is known."""
    from edgeingest_tools.board import catalogue

    try:
        known = catalogue.load(board) if board else catalogue.find(about.machine)
    except catalogue.CatalogueError as error:
        raise BoardError(str(error)) from None
    if board and known and about.architecture and known.mpy_arch != about.architecture:
        raise BoardError(
            f"a {board} runs code for {known.mpy_arch}, the connected board ({about.machine}) for {about.architecture}"
            ": leave --board out, or connect another board"
        )
    return known.name if known else None


def deploy(
    port: Annotated[str | None, typer.Option(help="Serial port of the board; none: the only one at USB.")] = None,
    board: Annotated[str | None, typer.Option(help="A name in boards/: refuse any other board.")] = None,
    example: Annotated[str | None, typer.Option(help="Put this example on the board as main.py.")] = None,
    source: Annotated[
        bool, typer.Option("--source", help="Copy .py files, for boards that refuse .mpy files.")
    ] = False,
) -> None:
    """Put the library onto a board, compiled for it; only what changed is copied."""
    console = Console(highlight=False)
    with Link(choose(port)) as link:
        about = facts.ask(link)
        name = _check_board(about, board)
        if about.frozen:
            raise BoardError(
                f"edgeingest {about.frozen} is frozen into this board's firmware, which goes before files: "
                "build a firmware with the new version, or flash the stock one"
            )
        program = package.example(example, name) if example else None
        console.print(f"{link.port}: {about.machine}, MicroPython {about.release}, {about.mpy_text}")
        if about.filesystem_text not in ("littlefs", "not known"):
            console.print(
                f"[yellow]its file system is {about.filesystem_text}, which renames in several steps: if the power "
                "fails while files are exchanged, deploy again[/yellow]"
            )
        wanted = package.library(about, source)
        deployment = Deployment(link, about, wanted)
        done = _with_progress(deployment, wanted, console)
        told = put_main(link, about, program) if program is not None else None
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
