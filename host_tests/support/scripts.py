"""Runs a whole script on the unix MicroPython: for sockets, memory and whatever needs a fresh interpreter."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import interpreters, modes

SMALL_HEAP = "104K"  # in which the library must get on, compiled to .mpy, with its one buffer and a connection


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
    done = subprocess.run(
        script_command(path, heapsize, mpy, args),
        env=script_environment(mpy, env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
    )
    return Finished(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode)
