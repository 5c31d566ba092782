"""Runs mypy: on the firmware with the stubs of each MicroPython port, on the tools with CPython's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "build" / "typings-src"  # `make lint` installs them there
TYPINGS = ROOT / "build" / "typings"
# {port: files that are not for it}: the unix port has no Wi-Fi and no peripherals, the RP2040 has no camera.
PORTS = {
    "unix": r"(edgeingest/(network|sources/.*)|examples/(?!replay).*)\.py$",
    "esp32": "",
    "rp2": r"camera_testing\.py$",
}
# Names of MicroPython that the stubs lack: (file, a line of it, the text that is inserted after that line).
ADDITIONS = (("tls.pyi", "class SSLContext:\n", "    verify_mode: int\n"),)


def unpack_stubs(port: str) -> Path:
    """Copies the stubs of the standard library and of the port into one folder, as mypy needs them; returns it."""
    target = TYPINGS / port
    shutil.rmtree(target, ignore_errors=True)
    for package in ("stdlib", port):
        for source in (SOURCES / package).rglob("*"):
            if source.suffix == ".pyi" or source.name == "VERSIONS":
                place = target / source.relative_to(SOURCES / package)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, place)  # keeps the time stamp, so that mypy can use its cache
    for stub, line, addition in ADDITIONS:
        text = (target / stub).read_text()
        if text.count(line) != 1:
            raise SystemExit(f"{stub} of the {port} stubs has changed: {line!r} is not there once")
        (target / stub).write_text(text.replace(line, line + addition))
    return target


def mypy(title: str, config: str, *arguments: str, path: str = "") -> int:
    """Runs mypy and returns its exit status."""
    print(f"mypy: {title}", flush=True)
    variables = {**os.environ, "MYPYPATH": path}
    command = [sys.executable, "-m", "mypy", "--config-file", config, *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables).returncode


def firmware(port: str) -> int:
    """Checks the firmware with the stubs of a port; returns the exit status of mypy."""
    typings = unpack_stubs(port)
    excluded = ["--exclude", PORTS[port]] if PORTS[port] else []
    return mypy(
        f"firmware, as on {port}",
        "tools/dev/mypy-firmware.ini",
        f"--custom-typeshed-dir={typings}",
        f"--cache-dir=build/mypy/{port}",
        *excluded,
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
