"""`edgeingest pull`: uploads the spool of a board without network, which is copied over the cable first.

An entry is removed from the board only after the service has stored it. If the service has rejected it, it is set aside
on the board, as the board itself would do. This holds even if the cable or the power fails; see `mirror`.
"""

import re
from pathlib import Path
from typing import Annotated

import certifi
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from edgeingest_tools.board import contents, provision, settings
from edgeingest_tools.board.link import BoardError, Link, choose
from edgeingest_tools.board.mirror import Account, Flushed, Mirror

_ROUND_BYTES = 1 << 18  # bytes that are copied before they are sent, so that something is sent even if the cable fails


def pull(
    port: Annotated[str | None, typer.Option(help="Serial port of the board; default: the only one on USB.")] = None,
    spool: Annotated[str, typer.Option(help="Folder of the spool on the board.")] = "/spool",
    file: Annotated[Path | None, typer.Option(help="TOML file with api_key, url, ca; default: the board's.")] = None,
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for unfinished uploads; give the same one after an interruption.")
    ] = Path("edgeingest-pull"),
) -> None:
    """Upload the spool of a board that has no network, and remove from the board what was stored."""
    console = Console(highlight=False)
    if not re.fullmatch(r"(/[\w.-]+)+", spool):
        raise BoardError(f"--spool: {spool!r} is no absolute path, such as /spool")
    with Link(choose(port)) as link:
        link.load("files")
        link.load("spool")
        folder = directory / link.call("identity()")
        mirror = Mirror(folder)
        account = _account(link, file, folder)
        total = [0, 0, 0, 0]
        if mirror.waiting():  # from an interrupted run
            _send(mirror, account, total)
        entries = _remove_finished(link, spool, mirror)
        columns = (TextColumn("copying"), BarColumn(), TextColumn("{task.completed} of {task.total} entries"))
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=len(entries))
            while entries:
                size = 0
                while entries and size < _ROUND_BYTES:
                    number, count, hashed, path = entries.pop(0)
                    mirror.add(number, link.read(path), hashed)
                    size += count
                    progress.advance(task)
                _send(mirror, account, total)
                _remove_finished(link, spool, mirror)
    stored, duplicates, rejected, damaged = total
    if not any(total):
        console.print(f"0 stored: nothing is waiting in {spool} on the board")
        return
    console.print(f"{stored} stored, {duplicates} were there already, {rejected} rejected, {damaged} damaged")
    if rejected or damaged:
        raise BoardError(
            f"some entries are set aside on the board, with the reason: look into {spool}/rejected and /damaged"
        )


def _send(mirror: Mirror, account: Account, total: list[int]) -> None:
    done: Flushed = mirror.flush(account)
    for at, count in enumerate((done.stored, done.duplicates, done.rejected, done.damaged)):
        total[at] += count
    if done.error:
        raise BoardError(f"{done.error}; what is not stored is still on the board, run this again")


def _remove_finished(link: Link, spool: str, mirror: Mirror) -> list[tuple[int, int, str, str]]:
    """Removes the finished entries from the board, or sets them aside.

    Returns (number, bytes, hash, path on the board) of the others.
    """
    remaining = []
    for number, count, hashed, path in link.lines(f"entries({spool!r})", 60):
        if mirror.is_finished(number, hashed):
            aside = mirror.set_aside(number)
            if aside:
                link.run(f"set_entry_aside({spool!r}, {path!r}, {number}, {aside[0]!r}, {aside[1]!r})")
            else:
                link.run(f"os.remove({path!r})")
            mirror.forget(number)
        else:
            remaining.append((number, count, hashed, path))
    numbers = {number for number, *_ in remaining}
    for number in mirror.copied.keys() - numbers:  # removed from the board just before the cable failed
        mirror.forget(number)
    return remaining


def _account(link: Link, file: Path | None, folder: Path) -> Account:
    """Returns key, service and root certificate: from file and environment, or from the board's configuration."""
    given = {**settings.from_environment(), **(settings.from_file(file) if file else {})}
    if "api_key" in given:
        wanted = settings.checked(given, str(file or "environment"))
        ca = wanted.ca or certifi.where()
    else:
        found = provision.on_board(link)
        if found is None:
            raise BoardError("the board has no configuration: give --file, or set EDGEINGEST_API_KEY")
        der = found.pop("ca", None)
        wanted = settings.checked(found, contents.CONFIGURATION)
        ca = str(folder / "ca.der") if der else certifi.where()
        if der:
            Path(ca).write_bytes(link.read(der))
    return Account(wanted.api_key.get_secret_value(), wanted.url, ca if wanted.https else None)
