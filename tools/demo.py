"""`make demo`: recorded motion leaves a real MicroPython, signed, and arrives intact in a local ingestion service.

Two services run on free loopback ports (HTTP and HTTPS), the example replays the recordings from a MicroPython with as
much heap as an RP2040 has, and every stored value is compared with its recording here. Exit status 1 if one differs.
"""

import csv
import json
import shutil
import sqlite3
import struct
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import cbor2
from compile_mpy import compile_tree
from edgeingest_tools import store
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "host_tests"))
from support import interpreters  # noqa: E402  # it knows where MicroPython is

EXAMPLES = ROOT / "firmware" / "examples"
DATA = EXAMPLES / "data"
BUILD = ROOT / "build" / "demo"
API_KEY = "ei_demo"
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"  # the sample key of the service's documentation
HEAP = "192K"  # what an RP2040 has


def start(stack: ExitStack, *options: str) -> str:
    """Starts `edgeingest serve` as a user would; returns the URL it listens on."""
    command = [sys.executable, "-m", "edgeingest_tools", "serve", "--port", "0", "--api-key", API_KEY, *options]
    service = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    stack.callback(service.terminate)
    assert service.stdout is not None
    for line in service.stdout:
        if line.startswith("Listening on "):
            return line.split()[-1]
    raise SystemExit("the local service did not start")


def replay(http: str, https: str, ca: Path) -> int:
    script = str(EXAMPLES / "replay_motion.py")
    arguments = [script, http, https, str(ca), API_KEY, HMAC_KEY, str(DATA)]
    compile_tree(BUILD / "mpy", "x64")  # as it is put on a board; kernels of another machine are passed over there
    command = [interpreters.micropython(), "-X", "heapsize=" + HEAP, *arguments]
    return subprocess.run(command, env={"MICROPYPATH": f"{BUILD / 'mpy'}:.frozen"}).returncode


def recorded(name: str) -> list[list[float]]:
    """The rows of a recording, each value as the float32 that the board made of it."""
    with (DATA / name).open() as file:
        rows = list(csv.reader(file))[1:]
    return [[struct.unpack("f", struct.pack("f", float(value)))[0] for value in row[1:]] for row in rows]


def difference(row: sqlite3.Row, content: bytes, labelled: bool) -> str:
    """What is wrong with a stored file, or an empty string."""
    name = row["sent_name"]
    if row["kind"] not in ("cbor", "json"):
        return "" if content == (DATA / name).read_bytes() else "bytes differ"
    stem = name.rsplit(".", 1)[0]
    expected = recorded(stem + ".csv")
    values = (cbor2.loads(content) if row["kind"] == "cbor" else json.loads(content))["payload"]["values"]
    if row["kind"] == "json":
        values = [[struct.unpack("f", struct.pack("f", value))[0] for value in line] for line in values]
    if values != expected:
        return "values differ"
    if row["signature"] != "valid":
        return f"signature {row['signature']}"
    if labelled:
        wanted = [{"startIndex": 0, "endIndex": len(expected) - 1, "label": stem.split(".")[0]}]
        return "" if json.loads(row["structured_labels"] or "null") == wanted else "structured labels differ"
    return ""


def check(folder: Path, expected: list[str], table: Table) -> int:
    """Compares everything that is stored in a service's folder with what was recorded; how many are wrong."""
    wrong = 0
    rows = store.samples(folder)
    for row in rows:
        content = (folder / row["category"] / row["stored_name"]).read_bytes()
        fault = difference(row, content, labelled=row["kind"] == "cbor")
        wrong += bool(fault)
        verdict = f"[red]{fault}[/red]" if fault else "[green]same[/green]"
        segments = json.loads(row["structured_labels"] or "[]")
        label = ", ".join(segment["label"] for segment in segments) or row["label"] or ""
        cells = [label, str(row["rows"] or ""), str(row["bytes"]), row["signature"], row["stored_name"], verdict]
        table.add_row(row["sent_name"], *cells)
    names = sorted(row["sent_name"] for row in rows)
    if names != sorted(expected):
        table.add_row("", "", "", "", "", "", f"[red]expected {', '.join(expected)}[/red]")
        wrong += 1
    return wrong


def main() -> int:
    shutil.rmtree(BUILD, ignore_errors=True)
    plain, secure = BUILD / "http", BUILD / "https"
    with ExitStack() as stack:
        http = start(stack, "--dir", str(plain), "--hmac-key", HMAC_KEY)
        https = start(stack, "--dir", str(secure), "--tls")
        status = replay(http, https, secure / "ca.der")
        if status:
            print(f"the example ended with status {status}", file=sys.stderr)
            return 1
    table = Table("file", "label", "rows", "bytes", "signature", "stored as", "against the recording")
    motion = [f"{activity}.01.cbor" for activity in ("badminton", "running", "standing", "walking")]
    wrong = check(plain, [*motion, "walking.01.json"], table)
    wrong += check(secure, ["front_center.01.wav", "flower.01.jpg"], table)
    console = Console()
    (console if console.is_terminal else Console(width=140)).print(table)
    print(f"Look closer: .venv/bin/edgeingest show walking.01.cbor --dir {plain.relative_to(ROOT)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
