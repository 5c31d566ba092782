"""Finds the interpreters: MicroPython's unix port and, where they were installed, older ones as WebAssembly."""

import os
import shutil
import sysconfig
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent
ROOT = SUPPORT.parent.parent
FIRMWARE = ROOT / "firmware"
WASM = {"wasm-1.23": "1.23.0", "wasm-1.25": "1.25.0", "wasm-1.27": "1.27.0"}


class Missing(Exception):
    """An interpreter is not there; the text says what to do about it."""


def micropython() -> str:
    """MicroPython's unix port: $MICROPYTHON, or the one that the wheel put beside this Python."""
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


def wasm(mode: str) -> tuple[str, Path]:
    """(node, folder of the package) of a mode such as "wasm-1.25"."""
    folder = ROOT / "build" / "wasm" / WASM[mode] / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
    node = shutil.which("node")
    if node is None:
        raise Missing(f"{mode} needs node: install Node.js, then run `make wasm`")
    if not (folder / "micropython.wasm").exists():
        raise Missing(f"{mode} is not installed: run `make wasm` (or .ci/run)")
    return node, folder
