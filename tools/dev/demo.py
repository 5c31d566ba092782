"""`make demo`: sends recorded motion, signed, from MicroPython to a local ingestion service and checks what is stored.

Two services run on free loopback ports (HTTP and HTTPS). An example replays the recordings on MicroPython with the heap
of an RP2040, and every stored value is compared with its recording. The exit status is 1 if one differs.
"""

import csv
import hmac
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cbor2
from compile_mpy import compile_tree
from edgeingest_tools.micropython import interpreter, micropython
from edgeingest_tools.service import store
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "firmware" / "examples"
DATA = EXAMPLES / "data"
BUILD = ROOT / "build" / "demo"
API_KEY = "ei_demo"
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"  # the sample key of the service's documentation
HEAP = "192K"  # what an RP2040 has
# The files that each service has to store: {service: [(category, file)]}.
EXPECTED = {
    "http": [
        ("training", "badminton.01.cbor"),
        ("training", "running.01.cbor"),
        ("training", "standing.01.cbor"),
        ("training", "walking.01.cbor"),
        ("testing", "walking.01.json"),
    ],
    "https": [("training", "front_center.01.wav"), ("training", "flower.01.jpg")],
}


def start(stack: ExitStack, *options: str) -> str:
    """Starts `edgeingest serve` as a user would; returns its URL."""
    command = [sys.executable, "-m", "edgeingest_tools", "serve", "--port", "0", "--api-key", API_KEY, *options]
    service = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    stack.callback(service.terminate)
    assert service.stdout is not None
    for line in service.stdout:
        if line.startswith("Listening on "):
            return line.split()[-1]
    raise SystemExit("the local service did not start")


def send(build: Path, hmac_key: str = HMAC_KEY) -> int:
    """Starts both services and runs the example, which sends them the recordings; returns its exit status."""
    plain, secure, library = build / "http", build / "https", build / "mpy"
    # As .mpy files, as on a board; with another architecture's machine code the library uses its plain Python instead.
    compile_tree(library, interpreter().architecture or "x64")
    with ExitStack() as stack:
        http = start(stack, "--dir", str(plain), "--hmac-key", HMAC_KEY)
        https = start(stack, "--dir", str(secure), "--tls")
        arguments = [http, https, str(secure / "ca.der"), API_KEY, hmac_key, str(DATA)]
        script = [str(EXAMPLES / "replay_motion.py"), *arguments]
        command = [micropython(), "-X", "heapsize=" + HEAP, *script]
        return subprocess.run(command, env={**os.environ, "MICROPYPATH": f"{library}:.frozen"}).returncode


def float32(value: float) -> float:
    """Returns the number rounded to float32, as a board holds it."""
    return struct.unpack("f", struct.pack("f", value))[0]


def recorded(stem: str) -> dict[str, Any]:
    """Returns sensors, interval and values that a message with this recording must have."""
    with (DATA / f"{stem}.csv").open() as file:
        header, *rows = csv.reader(file)
    return {
        "sensors": header[1:],
        "interval": float(rows[1][0]) - float(rows[0][0]),
        "values": [[float32(float(value)) for value in row[1:]] for row in rows],
    }


def arrived(kind: str, content: bytes) -> dict[str, Any]:
    """Returns sensors, interval and values of a stored message; JSON has enough digits to restore each float32."""
    payload = (cbor2.loads if kind == "cbor" else json.loads)(content)["payload"]
    values = payload["values"]
    return {
        "sensors": [sensor["name"] for sensor in payload["sensors"]],
        "interval": payload["interval_ms"],
        "values": [[float32(value) for value in row] for row in values] if kind == "json" else values,
    }


def signed(kind: str, content: bytes) -> bool:
    """Returns True if the signature of a stored message is right, by the standard library's HMAC."""
    signature = (cbor2.loads if kind == "cbor" else json.loads)(content)["signature"]
    zeroed = content.replace(signature.encode(), b"0" * 64)
    return hmac.compare_digest(hmac.new(HMAC_KEY.encode(), zeroed, "sha256").hexdigest(), signature)


def difference(row: sqlite3.Row, path: Path) -> str:
    """Returns what is wrong with a stored file, or an empty string."""
    stem = row["sent_name"].rsplit(".", 1)[0]
    if not path.is_file():
        return "file is missing"
    content = path.read_bytes()
    if row["kind"] not in ("cbor", "json"):
        if content != (DATA / row["sent_name"]).read_bytes():
            return "bytes differ"
    else:
        try:
            found, valid = arrived(row["kind"], content), signed(row["kind"], content)
        except Exception as error:  # decoders raise many types for bytes that are not a message
            return f"unreadable ({type(error).__name__})"
        wrong = [name for name, value in recorded(stem).items() if found[name] != value]
        if wrong or not valid or row["signature"] != "valid":
            return f"{wrong[0] if wrong else 'signature'} wrong"
    return "" if labels(row) == [stem.split(".")[0]] else "label wrong"


def labels(row: sqlite3.Row) -> list[str]:
    """Returns the labels of a stored file, with "" for one that does not cover all rows."""
    if row["structured_labels"] is None:
        return [row["label"]]
    segments = json.loads(row["structured_labels"])
    whole = (0, (row["rows"] or 0) - 1)
    return [each["label"] if (each["startIndex"], each["endIndex"]) == whole else "" for each in segments]


def check(folder: Path, expected: list[tuple[str, str]], table: Table) -> int:
    """Compares all files in a service's folder with their recordings; returns how many are wrong."""
    wrong = 0
    rows = store.samples(folder)
    for row in rows:
        known = (row["category"], row["sent_name"]) in expected
        fault = difference(row, folder / row["category"] / row["stored_name"]) if known else "not expected"
        wrong += bool(fault)
        verdict = f"[red]{fault}[/red]" if fault else "[green]same[/green]"
        name = (
            row["sent_name"] if row["stored_name"] == row["sent_name"] else "{sent_name} as {stored_name}".format(**row)
        )
        cells = [", ".join(map(str, labels(row))), str(row["rows"] or ""), str(row["bytes"]), row["signature"]]
        table.add_row(name, *cells, verdict)
    if sorted((row["category"], row["sent_name"]) for row in rows) != sorted(expected):
        wanted = ", ".join(f"{name} ({category})" for category, name in expected)
        table.add_row("", "", "", "", "", f"[red]expected {wanted}[/red]")
        wrong += 1
    return wrong


def compare(build: Path) -> int:
    """Prints a table of the stored files and their comparison; returns how many are wrong."""
    table = Table(box=None, pad_edge=False)
    for name in ("file", "label"):
        table.add_column(name, overflow="fold")
    for name in ("rows", "bytes", "signature"):
        table.add_column(name, justify="left" if name == "signature" else "right", no_wrap=True)
    table.add_column("against recording", min_width=len("against recording"))
    wrong = sum(check(build / service, expected, table) for service, expected in EXPECTED.items())
    console = Console()
    (console if console.is_terminal else Console(width=140)).print(table)
    return wrong


def main(build: Path = BUILD) -> int:
    shutil.rmtree(build, ignore_errors=True)
    status = send(build)
    if status:
        print(f"the example ended with status {status}", file=sys.stderr)
        return 1
    wrong = compare(build)
    print(f"Look closer: .venv/bin/edgeingest show walking.01.cbor --dir {os.path.relpath(build / 'http')}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
