"""`edgeingest simulate`: runs a simulated board until Ctrl-C."""

import os
import re
import signal
import tempfile
import threading
from pathlib import Path
from typing import Annotated

import typer

from edgeingest_tools.board import catalogue
from edgeingest_tools.board.link import BoardError


def simulate(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Folder that keeps its flash; default: a temporary one.")
    ] = None,
    heap: Annotated[str, typer.Option(help="Size of its heap; an RP2040 has 192K.")] = "192K",
    flash: Annotated[int, typer.Option(min=64, max=65536, help="KB of a new board's file system.")] = 1024,
    board: Annotated[
        str | None, typer.Option(help="A name in boards/: it tells that kind, and its radio is that of the port.")
    ] = None,
) -> None:
    """Run a board without hardware: MicroPython behind a serial port, with files in a littlefs. Ctrl-C ends it."""
    try:
        import fcntl

        from edgeingest_tools.board.simulated import Kind, Simulated
    except ImportError:  # pty, termios
        raise BoardError("a simulated board needs Linux or macOS") from None
    if not re.fullmatch(r"[1-9]\d*[KM]", heap):
        raise BoardError(f"--heap: {heap!r} is no size, such as 192K or 2M")
    modules, kind = Simulated.MODULES, None
    if board:
        known = catalogue.load(board)
        if known.port != "unix":
            layout = known.firmware[0].layouts[-1]
            kind = Kind(known.port, known.firmware[0].machine, (layout.offset, layout.size or flash * 1024, "vfs"))
        if not known.network:
            modules = tuple(module for module in modules if module.stem != "network")
    with tempfile.TemporaryDirectory(prefix="edgeingest-board-") as folder:
        place = directory or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        lock = os.open(place, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two boards would corrupt each other's flash
        except BlockingIOError:
            raise BoardError(f"another simulated board has its flash in {place}: give another --dir") from None
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        with Simulated(place, heap, flash * 1024, modules, kind=kind) as running:
            print(f"A board is connected at {running.port}", flush=True)
            print(f"Try: edgeingest boards --port {running.port}", flush=True)
            stopped.wait()
