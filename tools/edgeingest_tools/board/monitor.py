"""`edgeingest monitor`: shows the output of a board, with a live chart of its rows. It does not disturb the program.

Typed keys are sent to the board; Ctrl-] leaves. If the output is not a terminal, lines are printed as they arrive.
"""

import contextlib
import os
import select
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Annotated

import serial
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from edgeingest_tools.board import rows
from edgeingest_tools.board.link import BoardError, choose, why_closed
from edgeingest_tools.errors import printable

_LEAVE = b"\x1d"  # Ctrl-]
_FRAMES_S = 0.1  # shortest time between two drawings of the chart
_LINES = 8  # lines of text below the chart
_BAUD = 115200


def monitor(
    port: Annotated[str | None, typer.Option(help="Serial port of the board; default: the only one on USB.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines only, no chart.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Restart the board's program first.")] = False,
    baud: Annotated[int, typer.Option(help="Speed, for boards with a real serial port.")] = _BAUD,
) -> None:
    """Follow what a board prints; rows of numbers (`1.5, 2` or `x:1.5 y:2`) become a live chart. Ctrl-] leaves."""
    port = choose(port)
    try:
        cable = serial.Serial(port, baud, timeout=0, exclusive=True)
    except OSError:
        raise BoardError(why_closed(port)) from None
    with cable, _keys() as keys, contextlib.suppress(KeyboardInterrupt):
        if restart:
            cable.write(b"\r\x03\x03\x02\x04")
        view = _Plain() if plain or not sys.stdout.isatty() else _Chart()
        with view:
            _follow(cable, keys, view, port)


class _Plain:
    """Prints lines as they arrive."""

    def __enter__(self) -> "_Plain":
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def line(self, text: str) -> None:
        print(text, flush=True)

    def draw(self) -> None:
        """Does nothing: `line` has printed everything."""


class _Chart:
    """Draws the last rows as a chart, with the last lines of text below."""

    def __init__(self) -> None:
        self._history, self._lines = rows.History(), deque[str]([], _LINES)
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._drawn = 0.0
        self._new = True

    def __enter__(self) -> "_Chart":
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def line(self, text: str) -> None:
        row = rows.parse(text)
        if row:
            self._history.add(row)
        else:
            self._lines.append(text)
        self._new = True

    def draw(self) -> None:
        now = time.monotonic()
        if self._new and now > self._drawn + _FRAMES_S:
            self._drawn, self._new = now, False
            status = f"{self._history.count} rows; Ctrl-] leaves"
            text = Text("\n".join([*self._lines, status]), no_wrap=True, overflow="ellipsis")
            self._live.update(Group(Text.from_ansi(self._chart()), text), refresh=True)

    def _chart(self) -> str:
        if not self._history.series:
            return "no rows yet"
        from plotext import figure

        width, height = self._console.size
        figure.clear()
        figure.plot_size(max(width - 1, 20), max(height - _LINES - 3, 6)).theme("simple")
        for name, points in self._history.series.items():
            numbers, values = zip(*points, strict=True)
            figure.draw(figure.signal(list(numbers), list(values), marker="braille").lines().label(name))
        return str(figure.build())


def _follow(cable: serial.Serial, keys: int | None, view: _Plain | _Chart, port: str) -> None:
    partial = b""
    watched = [cable.fileno(), *([keys] if keys is not None else [])]
    while True:
        ready = select.select(watched, [], [], _FRAMES_S)[0]
        try:
            if keys in ready and not _send_keys(cable, keys):
                return
            data = cable.read(4096) if cable.fileno() in ready else b""
        except OSError:
            raise BoardError(f"{port} is gone: was the cable pulled, or the board reset?") from None
        *lines, partial = (partial + data).split(b"\n")
        for line in lines:
            view.line(printable(line.rstrip(b"\r").decode(errors="replace").replace("\t", " ")))
        view.draw()


def _send_keys(cable: serial.Serial, keys: int | None) -> bool:
    """Sends the typed keys to the board; returns False if Ctrl-] was typed or the input has ended."""
    typed = os.read(keys, 256) if keys is not None else b""
    cable.write(typed.partition(_LEAVE)[0])
    return bool(typed) and _LEAVE not in typed


@contextlib.contextmanager
def _keys() -> Iterator[int | None]:
    """Yields the descriptor of the keyboard, switched to single keys; None if the input is not a terminal."""
    if not sys.stdin.isatty():
        yield None
        return
    import termios
    import tty

    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard)
    attributes = termios.tcgetattr(keyboard)
    attributes[3] &= ~termios.ISIG  # Ctrl-C is for the board
    termios.tcsetattr(keyboard, termios.TCSADRAIN, attributes)
    try:
        yield keyboard
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
