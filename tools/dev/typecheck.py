"""Runs mypy: the firmware against MicroPython's modules as each port has them, the tools against CPython's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "build" / "typings-src"  # `make lint` installs them there
TYPINGS = ROOT / "build" / "typings"
# Port -> what of the firmware is not for it: the unix port has no Wi-Fi and no peripherals, the RP2040 no camera.
PORTS = {
    "unix": r"(edgeingest/(network|sources/.*)|examples/(?!replay).*)\.py$",
    "esp32": "",
    "rp2": r"camera_testing\.py$",
}
# What the stubs lack though MicroPython has it: (file, a line of it, what is put after that line).
ADDITIONS = (("tls.pyi", "class SSLContext:\n", "    verify_mode: int\n"),)


def unpack_stubs(port: str) -> Path:
    """The standard library and the port's modules in one folder, as mypy wants its typeshed."""
    target = TYPINGS / port
    shutil.rmtree(target, ignore_errors=True)
    for package in ("stdlib", port):
        for source in (SOURCES / package).rglob("*"):
            if source.suffix == ".pyi" or source.name == "VERSIONS":
                place = target / source.relative_to(SOURCES / package)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, place)  # with its time, by which mypy knows that nothing has changed
    for stub, line, addition in ADDITIONS:
        text = (target / stub).read_text()
        if text.count(line) != 1:
            raise SystemExit(f"{stub} of the {port} stubs has changed: {line!r} is not there once")
        (target / stub).write_text(text.replace(line, line + addition))
    return target


def mypy(what: str, config: str, *arguments: str, path: str = "") -> int:
    print(f"mypy: {what}", flush=True)
    variables = {**os.environ, "MYPYPATH": path}
    command = [sys.executable, "-m", "mypy", "--config-file", config, *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables).returncode


def firmware(port: str) -> int:
    typings = unpack_stubs(port)
    left_out = ["--exclude", PORTS[port]] if PORTS[port] else []
    return mypy(
        f"firmware, as on {port}",
        "tools/dev/mypy-firmware.ini",
        f"--custom-typeshed-dir={typings}",
        f"--cache-dir=build/mypy/{port}",
        *left_out,
        "firmware/edgeingest",
        "firmware/examples",
        path=f"firmware{os.pathsep}{typings}",
    )


def main() -> int:
    scripts = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tools" / "dev").glob("*.py"))]
    failed = [firmware(port) for port in PORTS]
    failed.append(
        mypy("tools", "tools/dev/mypy-tools.ini", *scripts, "tools/edgeingest_tools", "host_tests/support"),
    )
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
