"""`edgeingest boards`: what is connected."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edgeingest_tools.board import facts, link
from edgeingest_tools.board.link import BoardError, Link

_PIPED_WIDTH = 200
_COLUMNS = ("port", "board", "MicroPython", ".mpy", "heap free", "flash free")


def boards(
    port: Annotated[list[str] | None, typer.Option(help="A port to look at, repeatable; none: all at USB.")] = None,
) -> None:
    """List connected boards. Each is asked, so a program that runs on it is stopped and started anew."""
    found = port or link.ports()
    if not found:
        link.choose(None)
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name.endswith("free") else "left", overflow="fold")
    faults = []
    for each in found:
        try:
            table.add_row(each, *_row(each))
        except BoardError as error:
            faults.append(str(error))
    console = Console(highlight=False)
    if table.rows:
        (console if console.is_terminal else Console(width=_PIPED_WIDTH, highlight=False)).print(table)
    if faults:
        raise BoardError("\nedgeingest: ".join(faults))


def _row(port: str) -> list[str]:
    with Link(port) as board:
        about = facts.ask(board)
    return [
        about.machine,
        about.release,
        about.mpy_text,
        f"{about.heap_free // 1024} of {about.heap // 1024} KB",
        f"{about.flash_free // 1024} of {about.flash // 1024} KB",
    ]
