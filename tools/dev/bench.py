"""`make bench`: compares the library's speed and memory on this machine with the usual alternatives.

Scripts in tools/dev/bench/ run on the unix MicroPython, with the firmware as .mpy; the contenders take turns, round by
round. Medians and their ratios are shown and written to build/bench.json. Absolute times depend on the machine: no test
reads them.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import struct
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import bench_tables
import cbor2
import device
import footprint
from compile_mpy import ROOT, compile_tree
from device import Device, Sink

HEAPS = ("heap_signed", "heap_requests")


@dataclass
class Plan:
    """The amount of measurements; the tests use less than --quick."""

    rows: tuple[int, ...] = (100, 1000, 10_000, 100_000)
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000, 10_000_000)
    buffers: tuple[int, ...] = (2048, 16384)
    rounds: int = 7
    turns: int = 3  # turns of MicroPython and CPython
    slow_rows: int = 100_000  # largest number of rows for json.dumps and the peer, whose cost grows with the square
    slow_size: int = 10_000_000  # largest file for requests with open().read(), for the same reason
    calls: tuple[int, int, int] = (20, 20, 20)  # calls in a row on a kept connection, a new one, a new one with TLS
    small_rounds: int = 10
    heap_rows: int = 65536  # 16 bytes each
    capture_rows: int = 10_000  # a millisecond each
    spool_entries: tuple[int, int] = (10, 3000)
    peer: Path | None = None
    folder: Path = ROOT / "build" / "bench"

    @property
    def device(self) -> Device:
        return Device(self.folder, [self.peer.parent] if self.peer else [])

    @classmethod
    def quick(cls) -> "Plan":
        return cls(
            rounds=3,
            slow_rows=10_000,
            slow_size=1_000_000,
            calls=(20, 20, 5),
            small_rounds=3,
            capture_rows=1000,
            spool_entries=(10, 300),
        )


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """Returns the results with the median in place of the times of all rounds."""
    return {name: {**one, "us": statistics.median(one["us"])} for name, one in found.items()}


def cpython_cbor2(typecode: str, n: int) -> float:
    """Returns the microseconds of one cbor2.dumps of the rows of encode.py, on CPython."""
    raw = [(i * 7919 % 65521 - 32760) / 7 for i in range(3 * n)]
    numbers = [struct.unpack("f", struct.pack("f", x))[0] for x in raw] if typecode == "f" else [int(x) for x in raw]
    rows = [numbers[i : i + 3] for i in range(0, 3 * n, 3)]
    repeat = max(1, 20_000 // n)
    start = time.perf_counter()
    for _ in range(repeat):
        cbor2.dumps(rows)
    return (time.perf_counter() - start) / repeat * 1e6


def encode(plan: Plan, typecode: str, n: int) -> dict[str, Any]:
    """Measures all contenders at n rows; MicroPython and CPython take turns, too."""
    merged: dict[str, Any] = {"CPython cbor2": {"us": [], "heap": None}}
    for turn in range(plan.turns if n <= 10_000 else 1):
        slow = n <= plan.slow_rows and (turn == 0 or n <= 1000)
        peer = plan.peer.stem if plan.peer else None
        options = {"rows": n, "typecode": typecode, "rounds": plan.rounds, "slow": slow, "peer": peer}
        for name, one in plan.device.measured("encode", options, 24 + n // 1500)["encode"].items():
            kept = merged.setdefault(name, {"us": [], "heap": one["heap"]})
            kept["us"] += one["us"]
        merged["CPython cbor2"]["us"] += [cpython_cbor2(typecode, n) for _ in range(plan.rounds)]
    return summary(merged)


def upload(plan: Plan, service: Sink, mode: str, buffer: int, size: int) -> dict[str, Any]:
    """Measures uploads of one size through a buffer of one size."""
    path = plan.folder / f"{size}.bin"
    if not path.exists():
        path.write_bytes(random.Random(size).randbytes(size))
    read = size <= plan.slow_size and buffer == plan.buffers[0]  # it reads all at once, whatever the buffer
    options = {"path": str(path), "size": size, "buffer": buffer, "rounds": plan.rounds, "read": read}
    return summary(plan.device.measured("upload", {**options, **service.options(mode)}, 24 + size // 250_000)["upload"])


def small(plan: Plan, service: Sink, mode: str) -> dict[str, Any]:
    """Measures many small uploads."""
    calls, new, new_tls = plan.calls
    options = {"calls": calls, "calls_new": new_tls if mode == "tls" else new, "rounds": plan.small_rounds}
    return summary(plan.device.measured("small", {**options, **service.options(mode)})["small"])


def smallest_heap(plan: Plan, service: Sink, mode: str, script: str) -> int:
    """Returns the smallest heap, in K, in which a script uploads 1 MB."""
    ca = "ca.der" if mode == "tls" else ""
    return plan.device.smallest_heap(script, [service.url(mode), ca, str(plan.heap_rows)])


def everything(plan: Plan, show_progress: Any = print) -> dict[str, Any]:
    """Runs all measurements and returns the results for build/bench.json; calls `show_progress` with each subject."""
    shutil.rmtree(plan.folder, ignore_errors=True)
    plan.device.compile([*HEAPS, footprint.SCRIPT])
    found: dict[str, Any] = {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "micropython": device.version(),
        "python": platform.python_version(),
        "machine": f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 1),
    }
    with device.service(plan.folder) as service:
        show_progress("encoding")
        found["encode"] = {kind: {n: encode(plan, kind, n) for n in plan.rows} for kind in ("f", "h")}
        show_progress("signing")
        signed = plan.device.measured("sign", {"rows": plan.heap_rows, "rounds": 3 * plan.rounds})
        found["sign"] = summary(signed["sign"])
        for mode in ("null", "http", "tls"):
            show_progress(f"uploads: {mode}")
            sizes = {b: {size: upload(plan, service, mode, b, size) for size in plan.sizes} for b in plan.buffers}
            found.setdefault("upload", {})[mode] = sizes
        show_progress("small uploads")
        found["small"] = {mode: small(plan, service, mode) for mode in ("http", "tls", "null")}
        show_progress("smallest heap")
        found["heap"] = {m: {s: smallest_heap(plan, service, m, s) for s in HEAPS} for m in ("http", "tls")}
        show_progress("footprint")
        weights = compile_tree(plan.folder / "armv6m", "armv6m")
        found["loaded"] = footprint.loaded(plan.device, service, weights)
        found["first use"] = footprint.first_uses(plan.device)
        show_progress("capture")
        found |= plan.device.measured("capture", {"rows": plan.capture_rows})
        show_progress("spool")
        found |= plan.device.measured("spool_cost", {"entries": plan.spool_entries}, 48)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares the library with the usual alternatives.")
    parser.add_argument("--quick", action="store_true", help="under a minute: fewer rounds, without the slowest rows")
    parser.add_argument("--peer", type=Path, metavar="DIR", help="a MicroPython package with dumps(obj) to compare")
    options = parser.parse_args()
    plan = Plan.quick() if options.quick else Plan()
    plan.peer = options.peer.resolve() if options.peer else None
    found: dict[str, Any] = {"quick": options.quick}
    try:
        found |= everything(plan, lambda text: print(text, "...", file=sys.stderr, flush=True))
    except device.Failed as error:
        raise SystemExit(str(error)) from None
    bench_tables.show(found)
    (ROOT / "build" / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
