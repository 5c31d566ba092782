"""`make bench`: what the library costs on this machine, side by side with what people use today, in one run.

Scripts in tools/bench/ run on the unix MicroPython, with the firmware as .mpy; contenders take turns round by round.
Medians and their ratios are shown and go to build/bench.json. Absolute times depend on the machine: no test reads them.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import bench_sink
import bench_tables
import cbor2
from compile_mpy import compile_file, compile_tree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "host_tests"))
from support import interpreters  # noqa: E402  # it knows where MicroPython is

SCRIPTS = ROOT / "tools" / "bench"
HEAPS = ("heap_signed", "heap_requests")


@dataclass
class Plan:
    """How much is measured; the tests have a smaller one than --quick."""

    rows: tuple[int, ...] = (100, 1000, 10_000, 100_000)
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000, 10_000_000)
    buffers: tuple[int, ...] = (2048, 16384)
    rounds: int = 7
    slow_rows: int = 100_000  # json.dumps and the peer are measured up to here: their cost grows with the square
    slow_size: int = 10_000_000  # the same for requests with open().read()
    calls: tuple[int, int, int] = (20, 20, 20)  # in a row: kept connection, new one, new one with TLS
    small_rounds: int = 10
    heap_rows: int = 65536  # 16 bytes each
    peer: Path | None = None
    folder: Path = ROOT / "build" / "bench"

    @classmethod
    def quick(cls) -> "Plan":
        return cls(rounds=3, slow_rows=10_000, slow_size=1_000_000, calls=(20, 20, 5), small_rounds=3)


@dataclass
class Sink:
    """The running service, as the scripts are told of it; port 0 is nowhere."""

    ports: dict[str, int]
    ca: str

    def options(self, mode: str) -> dict[str, Any]:
        host = "localhost" if mode == "tls" else "127.0.0.1"
        return {
            "url": f"{'https' if mode == 'tls' else 'http'}://{host}:{self.ports[mode] or 1}",
            "host": host,
            "port": self.ports[mode],
            "ca": self.ca if mode == "tls" else None,
            "reply_data": bench_sink.reply(bench_sink.DATA).decode(),
            "reply_files": bench_sink.reply(bench_sink.FILES).decode(),
        }


@contextmanager
def sink(folder: Path) -> Iterator[Sink]:
    command = [sys.executable, str(ROOT / "tools" / "bench_sink.py"), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            http, tls = (int(port) for port in process.stdout.readline().split())
            yield Sink({"http": http, "tls": tls, "null": 0}, str(folder / "ca.der"))
        finally:
            process.kill()


def run(plan: Plan, script: str, options: dict[str, Any], megabytes: int = 24) -> dict[str, Any]:
    """What one script measured; its heap is large, as the collector is off while a contender runs."""
    command = [interpreters.micropython(), "-X", f"heapsize={megabytes}M", str(SCRIPTS / f"{script}.py")]
    asked = json.dumps(options)  # not an argument: MicroPython dies of those of more than 255 bytes
    path = [str(SCRIPTS), str(plan.folder / "mpy"), ".frozen", *([str(plan.peer.parent)] if plan.peer else [])]
    env = {**os.environ, "MICROPYPATH": ":".join(path)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, input=asked)
    if done.returncode:
        raise SystemExit(f"tools/bench/{script}.py failed with {options}:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def _version() -> str:
    """What runs the scripts, in its own words."""
    command = [interpreters.micropython(), "-c", "import sys; print(sys.version.split('; ')[1], end='')"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """Medians instead of the times of all rounds."""
    return {name: {**one, "us": statistics.median(one["us"])} for name, one in found.items()}


def cpython_cbor2(typecode: str, n: int) -> float:
    """Microseconds of one cbor2.dumps of the rows of encode.py, here."""
    raw = [(i * 7919 % 65521 - 32760) / 7 for i in range(3 * n)]
    numbers = [struct.unpack("f", struct.pack("f", x))[0] for x in raw] if typecode == "f" else [int(x) for x in raw]
    rows = [numbers[i : i + 3] for i in range(0, 3 * n, 3)]
    repeat = max(1, 20_000 // n)
    start = time.perf_counter()
    for _ in range(repeat):
        cbor2.dumps(rows)
    return (time.perf_counter() - start) / repeat * 1e6


def encode(plan: Plan, typecode: str, n: int) -> dict[str, Any]:
    """All contenders at n rows; MicroPython and CPython take turns, too."""
    merged: dict[str, Any] = {"CPython cbor2": {"us": [], "heap": None}}
    for turn in range(3 if n <= 10_000 else 1):
        slow = n <= plan.slow_rows and (turn == 0 or n <= 1000)
        peer = plan.peer.stem if plan.peer else None
        options = {"rows": n, "typecode": typecode, "rounds": plan.rounds, "slow": slow, "peer": peer}
        for name, one in run(plan, "encode", options, 24 + n // 1500)["encode"].items():
            kept = merged.setdefault(name, {"us": [], "heap": one["heap"]})
            kept["us"] += one["us"]
        merged["CPython cbor2"]["us"] += [cpython_cbor2(typecode, n) for _ in range(plan.rounds)]
    return summary(merged)


def upload(plan: Plan, service: Sink, mode: str, buffer: int, size: int) -> dict[str, Any]:
    path = plan.folder / f"{size}.bin"
    if not path.exists():
        path.write_bytes(random.Random(size).randbytes(size))
    read = size <= plan.slow_size and buffer == plan.buffers[0]  # it reads all at once, whatever the buffer
    options = {"path": str(path), "size": size, "buffer": buffer, "rounds": plan.rounds, "read": read}
    return summary(run(plan, "upload", {**options, **service.options(mode)}, 24 + size // 250_000)["upload"])


def small(plan: Plan, service: Sink, mode: str) -> dict[str, Any]:
    calls, new, new_tls = plan.calls
    options = {"calls": calls, "calls_new": new_tls if mode == "tls" else new, "rounds": plan.small_rounds}
    return summary(run(plan, "small", {**options, **service.options(mode)})["small"])


def completes(script: str, kilobytes: int, plan: Plan, service: Sink, mode: str) -> bool:
    options = service.options(mode)
    command = [interpreters.micropython(), "-X", f"heapsize={kilobytes}K", "-m", script]
    command += [options["url"], options["ca"] or "", str(plan.heap_rows)]
    env = {**os.environ, "MICROPYPATH": f"{plan.folder / 'mpy'}:.frozen"}
    return subprocess.run(command, capture_output=True, env=env, stdin=subprocess.DEVNULL).returncode == 0


def smallest_heap(script: str, plan: Plan, service: Sink, mode: str) -> int:
    """K of heap with which a script completes, found by bisection."""
    low, high = 4, 512
    if not completes(script, high, plan, service, mode):
        raise SystemExit(f"{script} fails even with a heap of {high}K")
    while high - low > 1:
        middle = (low + high) // 2
        if completes(script, middle, plan, service, mode):
            high = middle
        else:
            low = middle
    return high


def everything(plan: Plan, say: Any = print) -> dict[str, Any]:
    """Runs it all; the results as they go to build/bench.json."""
    shutil.rmtree(plan.folder, ignore_errors=True)
    compile_tree(plan.folder / "mpy", "x64")
    for script in HEAPS:
        compile_file(SCRIPTS / f"{script}.py", plan.folder / "mpy" / f"{script}.mpy", "x64")
    found: dict[str, Any] = {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "micropython": _version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }
    with sink(plan.folder) as service:
        say("encoding")
        found["encode"] = {kind: {n: encode(plan, kind, n) for n in plan.rows} for kind in ("f", "h")}
        say("signing")
        signed = run(plan, "sign", {"rows": plan.heap_rows, "rounds": 3 * plan.rounds})
        found["sign"] = summary(signed["sign"])
        for mode in ("null", "http", "tls"):
            say(f"uploads: {mode}")
            sizes = {b: {size: upload(plan, service, mode, b, size) for size in plan.sizes} for b in plan.buffers}
            found.setdefault("upload", {})[mode] = sizes
        say("small uploads")
        found["small"] = {mode: small(plan, service, mode) for mode in ("http", "tls", "null")}
        say("smallest heap")
        found["heap"] = {m: {s: smallest_heap(s, plan, service, m) for s in HEAPS} for m in ("http", "tls")}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures the library beside what people use today.")
    parser.add_argument("--quick", action="store_true", help="under a minute: fewer rounds, without the slowest rows")
    parser.add_argument("--peer", type=Path, metavar="DIR", help="a MicroPython package with dumps(obj) to compare")
    asked = parser.parse_args()
    plan = Plan.quick() if asked.quick else Plan()
    plan.peer = asked.peer.resolve() if asked.peer else None
    found = everything(plan, lambda text: print(text, "...", file=sys.stderr, flush=True))
    bench_tables.show(found)
    (ROOT / "build" / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
