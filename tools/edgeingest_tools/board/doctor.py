"""`edgeingest doctor`: tests on the board, step by step, everything that an upload needs, and prints advice."""

import json
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from edgeingest_tools.board.link import BoardError, Link, choose

_SILENCE_S = 60  # longest time of one step: Wi-Fi, the clock and a TLS handshake are slow on a board
OLDEST = (1, 23)
HEAP = 48 * 1024  # needed on a 32-bit board for a signed upload over TLS
FLASH = 16 * 1024
_MARKS = {True: "[green]ok    [/green]", None: "[yellow]look  [/yellow]", False: "[red]FAILED[/red]"}
# Advice for each step, shown after the board's own error when the step fails.
ADVICE = {
    "version": "put MicroPython 1.23 or later on the board: https://micropython.org/download",
    "library": "put the library onto the board: `edgeingest deploy`",
    "heap": "what boot.py loads takes the heap: load less there, or take a board with more RAM",
    "flash": "remove files that are not needed: `mpremote rm`, or look with `mpremote df` whether it can be written",
    "names": "look into /spool on the board",
    "network": "its samples go into a Spool, and `edgeingest pull` sends them from this computer: all else is well",
    "configuration": "write it anew: `edgeingest provision`",
    "wifi": "correct name and password with `edgeingest provision`; most boards see 2.4 GHz networks only",
    "clock": "certificates need the date: is UDP port 123 open to a time server? or set it by `mpremote rtc --set`",
    "dns": "check the host's name in `edgeingest provision --show`, and that the network leads to the internet",
    "tcp": "check host and port in `edgeingest provision --show`, that the service runs, and the firewall between",
    "tls": "`edgeingest provision` with --fetch finds the right root certificate; or does the port not speak TLS?",
    "key": "copy the API key from the project's dashboard (Keys) and run `edgeingest provision`",
    "upload": "read what the service says; try again later if it is busy",
}


def doctor(
    port: Annotated[str | None, typer.Option(help="Serial port of the board; default: the only one on USB.")] = None,
    upload: Annotated[bool, typer.Option(help="Send a small sample, always the same, to testing.")] = True,
) -> None:
    """Test on the board, step by step, what an upload needs: version, heap, flash, Wi-Fi, clock, ... upload."""
    console = Console(highlight=False, soft_wrap=True)
    failed = examine(choose(port), upload, lambda line: console.print(line))
    if failed:
        raise BoardError(f"{failed} failed: {ADVICE[failed]}")


def examine(port: str, upload: bool, show: Callable[[str], None]) -> str | None:
    """Runs all steps and calls `show` with a line for each; returns the name of the step that failed, or None."""
    output = b""
    failed = None

    def received(data: bytes) -> None:
        nonlocal output, failed
        output += data.replace(b"\x04", b"")
        while b"\n" in output:
            line, _, output = output.partition(b"\n")
            step, passed, result = json.loads(line.decode(errors="replace"))
            show(f"{_MARKS[passed]} {step:14}{escape(result)}")
            failed = step if passed is False else failed

    with Link(port) as link:
        link.load("doctor")
        link.run(f"doctor({OLDEST}, {HEAP}, {FLASH}, {int(time.time())}, {upload})", received, _SILENCE_S)
    return failed
