"""Writes vectors/wire.json: what the calls in wire_device send with the present library.

    .venv/bin/python host_tests/client/record_wire.py "recorded from version 0.1.0 as of 2026-11-22, before ..."

The argument describes the source, for readers of the file. Use it only for calls that are new in wire_device, or after
a change on purpose of what is sent. It prints the calls that differ from the previous file.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "tools" / "dev")]  # as pytest.ini has it

from support import wire  # noqa: E402
from support.chains import issued  # noqa: E402


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("source", help="from what it is recorded")
    source = arguments.parse_args().source
    device = wire.Device("py", issued(name=wire.PUBLIC))
    calls = {}
    try:
        for name in device.names():
            with tempfile.TemporaryDirectory() as folder:
                calls[name] = device.observe(name, Path(folder))
    finally:
        device.worker.close()
    before = wire.load() if wire.VECTORS.exists() else {}
    for name in {**before, **calls}:
        if before.get(name) != calls.get(name):
            print(f"{'new' if name not in before else 'gone' if name not in calls else 'changed'}: {name}")
    text = json.dumps({"source": source, "calls": calls}, indent=1, ensure_ascii=False)
    wire.VECTORS.write_text(text + "\n", encoding="utf-8")
    print(f"{len(calls)} calls, {sum(map(len, calls.values()))} requests, {wire.VECTORS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
