"""Finds MicroPython's unix port: it simulates boards, and runs the device's own code on a PC."""

import os
import shutil
import sysconfig
from pathlib import Path


class Missing(Exception):
    """An interpreter is not there; the text says what to do about it."""


def micropython() -> str:
    """$MICROPYTHON, or the one that the wheel put beside this Python."""
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
