"""The ways in which firmware code is run, and the command line of each."""

import functools
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import compile_mpy

from . import interpreters
from .interpreters import FIRMWARE, SUPPORT

UNIX = ("py", "mpy", "native")
ALL = (*UNIX, "cpython", *interpreters.WASM)
HEAP = "32M"  # of a worker; memory is measured by scripts, with the heap of a board


@functools.cache
def _compiled() -> tempfile.TemporaryDirectory:
    folder = tempfile.TemporaryDirectory(prefix="edgeingest-mpy-")
    compile_mpy.compile_tree(Path(folder.name), interpreters.interpreter().architecture or "x64")
    return folder


def firmware(mode: str) -> str:
    """Returns the folder of `edgeingest` for this mode: sources, or .mpy files, compiled once a process."""
    return _compiled().name if mode == "mpy" else str(FIRMWARE)


def flags(mode: str, heapsize: str) -> list[str]:
    """Returns the options of the unix port."""
    return ["-X", "heapsize=" + heapsize, *(["-X", "emit=native"] if mode == "native" else [])]


def environment(paths: Sequence[str], extra: dict[str, str] | None = None) -> dict[str, str]:
    """Returns the variables of this process, MicroPython's module path, and `extra`."""
    path = ":".join([*paths, ".frozen"])
    return {**os.environ, "MICROPYPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **(extra or {})}


def worker_command(mode: str, descriptors: Sequence[int], heapsize: str, paths: Sequence[str]) -> list[str]:
    """Returns the command of a device worker that talks on these two descriptors.

    Its modules are found in `paths`, in the firmware, and in support/device."""
    ends = [str(descriptor) for descriptor in descriptors]
    folders = [*paths, firmware(mode), str(interpreters.ON_DEVICE)]
    if mode in interpreters.WASM:
        node, package = interpreters.wasm(mode)
        return [node, str(SUPPORT / "wasm_host.mjs"), str(package), str(_bytes(heapsize)), *ends, *folders]
    script = [str(SUPPORT / "device_worker.py"), *ends, *folders]
    if mode == "cpython":
        return [sys.executable, "-u", *script, str(SUPPORT)]
    if mode not in UNIX:
        raise ValueError(f"{mode!r} is no mode: {', '.join(ALL)}")
    return [interpreters.micropython(), *flags(mode, heapsize), *script]


def _bytes(size: str) -> int:
    return int(size[:-1]) * {"K": 1024, "M": 1024 * 1024}[size[-1]]
