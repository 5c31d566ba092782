"""`edgeingest doctor`: tries out on the board, step by step, what an upload needs, and says what to do."""

import json
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from edgeingest_tools.board.link import BoardError, Link, choose

_SILENCE_S = 60  # Wi-Fi, the clock and a TLS handshake take their time on a board
OLDEST = (1, 23)
HEAP = 48 * 1024  # of a 32-bit board, for a signed upload over TLS
FLASH = 16 * 1024
# What to do when a step fails, beside what the board says of it.
ADVICE = {
    "version": "put MicroPython 1.23 or later on the board: https://micropython.org/download",
    "library": "put the library onto the board: `edgeingest deploy`",
    "heap": "what boot.py loads takes the heap: load less there, or take a board with more RAM",
    "flash": "remove files that are not needed: `mpremote rm`, or look with `mpremote df` whether it can be written",
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
    port: Annotated[str | None, typer.Option(help="Serial port of the board; none: the only one at USB.")] = None,
    upload: Annotated[bool, typer.Option(help="Send a tiny sample, always the same, to testing.")] = True,
) -> None:
    """Try out on the board, step by step, what an upload needs: version, heap, flash, Wi-Fi, clock, ... upload."""
    console = Console(highlight=False, soft_wrap=True)
    failed = examine(choose(port), upload, lambda line: console.print(line))
    if failed:
        raise BoardError(f"{failed} failed: {ADVICE[failed]}")


def examine(port: str, upload: bool, say: Callable[[str], None]) -> str | None:
    """Runs all steps; the name of the one that failed, if one did."""
    told = ""
    failed = None

    def byte(data: bytes) -> None:
        nonlocal told, failed
        told += data.replace(b"\x04", b"").decode(errors="replace")
        while "\n" in told:
            line, _, told = told.partition("\n")
            step, good, found = json.loads(line)
            mark = "[green]ok    [/green]" if good else "[red]FAILED[/red]"
            say(f"{mark} {step:14}{escape(found)}")
            failed = failed if good else step

    with Link(port) as link:
        link.load("doctor")
        link.run(f"doctor({OLDEST}, {HEAP}, {FLASH}, {int(time.time())}, {upload})", byte, _SILENCE_S)
    return failed
