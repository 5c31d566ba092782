"""Runs mypy twice: the firmware against MicroPython's modules, the tools against CPython's."""

import shutil
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TYPINGS = ROOT / "build" / "typings"
# What the stubs lack though MicroPython has it: (file, a line of it, what is put after that line).
ADDITIONS = (("tls.pyi", "class SSLContext:\n", "    verify_mode: int\n"),)


def unpack_stubs() -> None:
    """Copies MicroPython's stubs out of site-packages, where mypy refuses to take a standard library from."""
    shutil.rmtree(TYPINGS, ignore_errors=True)
    for package in ("micropython-stdlib-stubs", "micropython-unix-stubs"):
        for name in files(package) or ():
            if name.suffix == ".pyi" or name.name == "VERSIONS":
                target = TYPINGS / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(name.locate()), target)
    for stub, line, addition in ADDITIONS:
        text = (TYPINGS / stub).read_text()
        if text.count(line) != 1:
            raise SystemExit(f"{stub} of the stubs has changed: {line!r} is not there once")
        (TYPINGS / stub).write_text(text.replace(line, line + addition))


def mypy(config: str, *paths: str) -> int:
    print(f"mypy {' '.join(paths)}", flush=True)
    return subprocess.run([sys.executable, "-m", "mypy", "--config-file", config, *paths], cwd=ROOT).returncode


def main() -> int:
    unpack_stubs()
    scripts = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tools").glob("*.py"))]
    failed = [
        mypy("tools/mypy-firmware.ini", "firmware/edgeingest"),
        mypy("tools/mypy-tools.ini", *scripts, "tools/edgeingest_tools", "host_tests/support"),
    ]
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
