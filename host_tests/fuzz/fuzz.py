"""Coverage-guided fuzzing with atheris, on CPython.

fuzz.py                     every target for --seconds, two at a time
fuzz.py parser FILE         runs one input, to see what it does
fuzz.py --keep              afterwards the kept corpus gets what found new code
"""

import argparse
import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "fuzz"
CORPUS = HERE / "corpus"
LONGEST = 4096  # bytes of an input


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("target", nargs="?")
    arguments.add_argument("input", nargs="?", type=Path)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--keep", action="store_true")
    given = arguments.parse_args()
    if given.input:
        print(load()[given.target](given.input.read_bytes()))
        return 0
    if given.target:
        fuzz(given.target, [f"-max_total_time={given.seconds}", str(_found(given.target)), str(CORPUS / given.target)])
    return together(given.seconds, given.keep)


def load():
    """Returns the targets with their oracles: functions of bytes that return a result or raise."""
    sys.path[:0] = [str(HERE), str(ROOT / "firmware"), str(HERE.parent), str(HERE.parent / "support")]
    import shims

    shims.install()
    sys.setrecursionlimit(10_000)  # CPython's json recurses deeper than MicroPython's
    import oracles
    import targets

    BUILD.mkdir(parents=True, exist_ok=True)
    targets.PATH = str(BUILD / f"spool-{os.getpid()}.ent")

    def checked(name):
        def one(data):
            result = targets.TARGETS[name](data)
            if result is not None:
                oracles.ORACLES[name](data, result)
            return result

        return one

    return {name: checked(name) for name in targets.TARGETS}


def fuzz(name, options):
    """Runs libFuzzer in this process; does not return."""
    import atheris

    with atheris.instrument_imports(include=["edgeingest"]):
        target = load()[name]
    line = [sys.argv[0], f"-max_len={LONGEST}", f"-artifact_prefix={BUILD}/{name}-", "-timeout=20", *options]
    atheris.Setup(line, target)
    atheris.Fuzz()


def together(seconds, update):
    """Fuzzes all targets, two at a time; returns the exit code."""
    names = sorted(path.name for path in CORPUS.iterdir())
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda name: run(name, seconds), names))
    for name, (code, text) in zip(names, results, strict=True):
        last = re.findall(r"#(\d+).*cov: (\d+) ft: (\d+) corp: (\d+)/(\S+)", text)[-1:]
        for cases, edges, features, kept, size in last:
            print(f"{name:12} {cases:>9} cases, {edges} edges, {features} features, corpus {kept} of {size}")
        if code:
            print(text[-5000:])
            print(f"{name} failed. To see it again: {sys.executable} {HERE / 'fuzz.py'} {name} {_artifact(text)}")
    failed = max(code != 0 for code, _ in results)
    if update and not failed:
        for name, target in load().items():
            print(f"{name:12} {keep(name, target)} inputs kept")
    return int(failed)


def run(name, seconds):
    """Fuzzes one target in a process; returns its exit code and output."""
    line = [sys.executable, __file__, name, "--seconds", str(seconds)]
    done = subprocess.run(line, capture_output=True, text=True, errors="replace")
    return done.returncode, done.stdout + done.stderr


def reached(target, data):
    """Returns the transitions from line to line of the firmware that an input causes."""
    steps = set()

    def follow(frame, event, _):
        if "edgeingest" not in frame.f_code.co_filename:
            return None
        before = [None]

        def line(frame, event, _):
            steps.add((frame.f_code.co_filename, before[0], frame.f_lineno))
            before[0] = frame.f_lineno
            return line

        return line

    sys.settrace(follow)
    try:
        target(data)
    finally:
        sys.settrace(None)
    return steps


def keep(name, target):
    """Keeps the smallest inputs that together reach all that was reached; returns how many are kept."""
    inputs = {path.read_bytes() for folder in (CORPUS / name, _found(name)) for path in folder.iterdir()}
    seen, kept = set(), []
    for data in sorted(inputs, key=lambda data: (len(data), data)):
        new = reached(target, data) - seen
        if new:
            seen |= new
            kept.append(data)
    shutil.rmtree(CORPUS / name)
    (CORPUS / name).mkdir()
    for data in kept:
        (CORPUS / name / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    return len(kept)


def _found(name):
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _artifact(text):
    found = re.search(r"Test unit written to (\S+)", text)
    return found.group(1) if found else "FILE"


if __name__ == "__main__":
    sys.exit(main())
