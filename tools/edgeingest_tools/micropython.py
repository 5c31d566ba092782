"""Finds MicroPython's unix port, which simulates boards and runs device code on a PC."""

import os
import shutil
import sysconfig
from pathlib import Path


class Missing(Exception):
    """Raised when there is no MicroPython interpreter; the text names the fix."""


def micropython() -> str:
    """Returns the path of the interpreter: $MICROPYTHON, or the one installed with this Python. Raises Missing."""
    named = os.environ.get("MICROPYTHON")
    if named:
        found = shutil.which(named)
        if found is None:
            raise Missing(f"MICROPYTHON={named} is not a program: set MICROPYTHON=/path/to/micropython")
        return str(Path(found).resolve())
    wheel = Path(sysconfig.get_path("scripts")) / "micropython"
    if not wheel.exists():
        raise Missing("There is no MicroPython: run `make setup`, or set MICROPYTHON=/path/to/micropython")
    return str(wheel)
