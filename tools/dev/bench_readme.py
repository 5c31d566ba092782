"""Writes README's table of figures from build/bench.json: `make bench README=1`."""

import json
import sys
import textwrap
from typing import Any

from bench_targets import targets
from compile_mpy import ROOT

README = ROOT / "README.md"
BEGIN, END = "<!-- made by make bench README=1 -->\n", "<!-- end of what was made -->\n"
HEAD = "| what | measured | target |\n|---|---|---|\n"
# {text in README: the line of bench_targets.py with its figure}
ROWS = {
    "float32 samples encoded: speed, CPython's cbor2 = 1": "typed float32 against CPython cbor2, 10000 rows",
    "float32 samples encoded: speed, MicroPython's json.dumps = 1": "typed float32 against json.dumps, 10000 rows",
    "signed stream: time, SHA-256 alone = 1": "signed stream against SHA-256 alone",
    "10 MB file, 2 KB buffer: speed, a bare loop of reads and writes = 1": (
        "upload file, 10 MB, HTTP, 2048 B buffer, of the raw loop's speed"
    ),
    "10 MB file, 16 KB buffer: speed, a bare loop of reads and writes = 1": (
        "upload file, 10 MB, HTTP, 16384 B buffer, of the raw loop's speed"
    ),
    "10 MB file, 2 KB buffer: speed, open().read() and requests.post = 1": (
        "upload against open().read() + requests.post, 10 MB"
    ),
    "sample of 10 KB to 10 MB: heap that one upload allocates": "heap of one call, any size, HTTP: upload Sample",
    "small sample, kept connection: time above a bare write and read": "small send Sample, reused: above the raw loop",
    "small sample, kept connection, TLS: speed, requests.post = 1": "small send Sample, reused, TLS, against requests",
    "signed upload of 1 MB: smallest heap": "smallest heap of a 1 MB signed upload, HTTP",
    "signed upload over HTTPS: code it loads, as `.mpy`": ".mpy that a signed upload over HTTPS loads, armv6m",
    "capture at 1 kHz for 10 s": "capture at 1 kHz, 10000 rows",
}


def figures(found: dict[str, Any]) -> str:
    """Returns the text between the marks."""
    if found["quick"]:
        raise SystemExit("README has figures of the full bench only: make bench README=1, without QUICK=1")
    lines = {what: (measured, wanted) for what, wanted, measured, _ in targets(found)}
    rows = "".join(f"| {words} | {' | '.join(lines[what])} |\n" for words, what in ROWS.items())
    conditions = (
        f"Measured {found['date'][:10]} by `make bench` on one machine ({found['machine']}; load average "
        f"{found['load']} before it began), with the 64-bit unix port of {found['micropython']}, CPython "
        f"{found['python']}, and the service on the same machine. None of it is from a board."
    )
    return f"{textwrap.fill(conditions, 120)}\n\n{HEAD}{rows}\n"


def _keyed(found: dict[str, Any]) -> dict[Any, Any]:
    """Returns the results with the integer keys that JSON has turned into strings."""
    values = {key: _keyed(one) if isinstance(one, dict) else one for key, one in found.items()}
    return {int(key) if key.isdigit() else key: one for key, one in values.items()}


def load(text: str) -> dict[str, Any]:
    """Returns the results of `make bench` from the text of build/bench.json."""
    return _keyed(json.loads(text))


def replaced(readme: str, new: str) -> str:
    """Returns README with new figures between the marks."""
    before, _, rest = readme.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"README.md has lost its marks:\n{BEGIN}{END}")
    return before + BEGIN + new + END + after


def main() -> int:
    found = load((ROOT / "build" / "bench.json").read_text())
    README.write_text(replaced(README.read_text(), figures(found)))
    print("README.md has the figures of", found["date"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
