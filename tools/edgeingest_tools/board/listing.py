"""`edgeingest boards`: prints a table of the connected boards."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edgeingest_tools.board import facts, link
from edgeingest_tools.board.link import BoardError, Link

_PIPED_WIDTH = 200
_COLUMNS = ("port", "board", "MicroPython", ".mpy", "heap free", "flash free")


def boards(
    port: Annotated[list[str] | None, typer.Option(help="Port of a board, repeatable; default: all on USB.")] = None,
) -> None:
    """List connected boards. This stops the program that runs on a board, and starts it again."""
    found = port or link.ports()
    if not found:
        link.choose(None)
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name.endswith("free") else "left", overflow="fold")
    errors = []
    for each in found:
        try:
            table.add_row(each, *_row(each))
        except BoardError as error:
            errors.append(str(error))
    console = Console(highlight=False)
    if table.rows:
        (console if console.is_terminal else Console(width=_PIPED_WIDTH, highlight=False)).print(table)
    if errors:
        raise BoardError("\nedgeingest: ".join(errors))


def _row(port: str) -> list[str]:
    with Link(port) as board:
        info = facts.ask(board)
    return [
        info.machine,
        info.release,
        info.mpy_text,
        f"{info.heap_free // 1024} of {info.heap // 1024} KB",
        f"{info.flash_free // 1024} of {info.flash // 1024} KB",
    ]
