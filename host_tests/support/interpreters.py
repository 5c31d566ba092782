"""Finds the interpreters: MicroPython's unix port and, where they were installed, older ones as WebAssembly."""

import shutil
from pathlib import Path

from edgeingest_tools.micropython import Missing as Missing
from edgeingest_tools.micropython import interpreter as interpreter
from edgeingest_tools.micropython import micropython as micropython

SUPPORT = Path(__file__).resolve().parent
ON_DEVICE = SUPPORT / "device"  # scripts that run on MicroPython
ROOT = SUPPORT.parent.parent
FIRMWARE = ROOT / "firmware"
WASM = {"wasm-1.23": "1.23.0", "wasm-1.25": "1.25.0", "wasm-1.27": "1.27.0"}


def wasm(mode: str) -> tuple[str, Path]:
    """(node, folder of the package) of a mode such as "wasm-1.25"."""
    folder = ROOT / "build" / "wasm" / WASM[mode] / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
    node = shutil.which("node")
    if node is None:
        raise Missing(f"{mode} needs node: install Node.js, then run `make wasm`")
    if not (folder / "micropython.wasm").exists():
        raise Missing(f"{mode} is not installed: run `make wasm` (or .ci/run)")
    return node, folder
