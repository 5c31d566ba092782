"""Runs a whole script on the unix MicroPython: for sockets, memory and whatever needs a fresh interpreter."""

import atexit
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeingest_tools.board import image

from . import interpreters, modes

SMALL_HEAP = "78K"  # an upload over HTTP, and every error that may come of it; here the code is not in it


@dataclass(frozen=True)
class Finished:
    stdout: str
    stderr: str
    code: int


def script_command(path: str | Path, heapsize: str = "192K", mpy: bool = False, args: Sequence[str] = ()) -> list[str]:
    return [interpreters.micropython(), *modes.flags("mpy" if mpy else "py", heapsize), str(path), *args]


def script_environment(mpy: bool = False, env: dict[str, str] | None = None) -> dict[str, str]:
    return modes.environment([modes.firmware("mpy" if mpy else "py")], env)


def run_script(
    path: str | Path,
    heapsize: str = "192K",
    mpy: bool = False,
    args: Sequence[str] = (),
    env: dict[str, str] | None = None,
    timeout: float = 60.0,
) -> Finished:
    """Runs a script file with the firmware (sources, or .mpy) on its module path; the default heap is a board's."""
    return _run(script_command(path, heapsize, mpy, args), script_environment(mpy, env), timeout)


def _run(command: list[str], environment: dict[str, str], timeout: float) -> Finished:
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
    return Finished(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode)


@functools.cache
def rom_image() -> Path:
    """Returns the library as a ROM file system, made once a session."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    image.image(board="UNIX", out=folder / "lib.romfs", romfs=True)
    return folder / "lib.romfs"


def rom_command(path: str | Path, heapsize: str, args: Sequence[str] = ()) -> list[str]:
    """Returns the command that runs a script file with the library in a ROM file system, from which its code runs in
    place, as from flash.

    heapsize: without the image, which is in the heap only here."""
    rom = rom_image()
    size = int(heapsize[:-1]) + -(-rom.stat().st_size // 1024)
    boot = Path(__file__).with_name("rom_boot.py")
    return script_command(boot, f"{size}K", args=[str(rom), str(path), *args])


def run_from_rom(path: str | Path, heapsize: str, args: Sequence[str] = (), timeout: float = 60.0) -> Finished:
    """Runs a script file to its end; see rom_command."""
    return _run(rom_command(path, heapsize, args), script_environment(), timeout)
