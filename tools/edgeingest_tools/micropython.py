"""Finds MicroPython's unix port, which simulates boards and runs device code on a PC; asks it for its properties."""

import functools
import os
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

# py/persistentcode.h: MP_NATIVE_ARCH_*, by number, as mpy-cross names them.
_ARCHITECTURES = (
    None,
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
)
_QUESTIONS = """
import sys
bits = 1
while sys.maxsize >> bits:
    bits += 1
print(bits + 1, 32 if 16777217.0 == 16777216.0 else 64, getattr(sys.implementation, "_mpy", 0))
"""


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


def architecture(mpy: int | None) -> str | None:
    """Returns mpy-cross's name of the machine code for a value of sys.implementation._mpy; None: it has none."""
    number = (mpy or 0) >> 10 & 0x0F
    return _ARCHITECTURES[number] if number < len(_ARCHITECTURES) else None


@dataclass(frozen=True)
class Interpreter:
    """The bits of a word and of a float, and mpy-cross's name of the machine code that it runs (None: it runs none)."""

    word_bits: int
    float_bits: int
    architecture: str | None


@functools.cache
def interpreter() -> Interpreter:
    """Returns the properties of the interpreter that `micropython` finds. Raises Missing."""
    command = [micropython(), "-c", _QUESTIONS]
    words, floats, mpy = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return Interpreter(int(words), int(floats), architecture(int(mpy)))
