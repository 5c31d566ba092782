"""A full disk: exactly what was acknowledged is stored, and the service works again when there is space."""

import hashlib
import inspect
import subprocess
import sys

import pytest
from support.service import environment, numbered, part, process
from support.stored import consistent, received

resource = pytest.importorskip("resource", reason="limits of file sizes are a matter of Unix")

SPACES = [*range(0, 33_000, 4120), 1, 24, 4119]

# For each size of free space, in its own folder: adds two files at a time. From the third time on no file, the index
# and its log included, may grow by more than that; from the eleventh on, all may again. Prints what was acknowledged
# and the errors.
_FULL = """
import hashlib, pathlib, resource
from edgeingest_tools.service import store
from edgeingest_tools.service.store import Facts, Upload
{received}
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for space in {spaces}:
    found = store.Store(pathlib.Path({directory!r}) / str(space))
    acknowledged, failures = [], []
    for number in range(12):
        if number == 2:
            size = max(path.stat().st_size for path in found.directory.glob("index.sqlite*"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + space, hard))
        elif number == 10:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        try:
            found.add(received(found, number), True)
            acknowledged.append(str(number))
        except OSError as error:
            failures.append(str(error))
    found.close()
    print(" ".join(acknowledged), "; ".join(failures), sep=":")
"""


def test_an_index_that_cannot_grow(tmp_path, counted):
    """Each frame of SQLite's log is 24 + 4096 bytes: the space ends at every step of storing in turn."""
    script = _FULL.format(received=inspect.getsource(received), directory=str(tmp_path), spaces=SPACES)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment(), timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for space, line in zip(SPACES, lines, strict=True):
        numbers, _, failures = line.partition(":")
        acknowledged = numbers.split()
        assert acknowledged[:2] == ["0", "1"] and acknowledged[-2:] == ["10", "11"], space
        assert ("the index cannot be written" in failures) == (len(acknowledged) < 12)
        rows = consistent(tmp_path / str(space))
        wanted = {hashlib.sha256(f"{n}{letter}".encode()).hexdigest() for n in acknowledged for letter in "ab"}
        assert {row["sha256"] for row in rows} == wanted
        assert len(rows) == len(wanted)
    assert any("the index cannot be written" in line for line in lines)
    counted(12 * len(SPACES))


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process can be set on Linux only")
def test_a_service_on_a_full_disk_refuses_and_recovers(tmp_path):
    with process(tmp_path, stderr=subprocess.DEVNULL) as service:
        assert service.data(numbered(0)).status == 200
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.prlimit(service.child.pid, resource.RLIMIT_FSIZE, (100_000, hard))
        photo = b"\xff\xd8\xff\xe0" + bytes(200_000)
        for attempt in range(3):
            reply = service.files(part("a.cbor", numbered(f"with {attempt}")), part("a.jpg", photo, "image/jpeg"))
            assert reply.status == 500
            assert reply.error == "the service could not store the upload: File too large"
        failed = 0
        for number in range(1, 60):  # until the index is full
            reply = service.data(numbered(number))
            failed += reply.status == 500
            assert reply.status == 200 or "could not store the upload: the index cannot be written" in reply.text
        assert failed
        kept = service.rows()
        assert len(kept) == len(service.on_disk()) == 60 - failed
        resource.prlimit(service.child.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert service.files(part("a.jpg", photo, "image/jpeg")).status == 200
        assert [row["id"] for row in kept] == [row["id"] for row in service.rows()][:-1]
    assert len(consistent(tmp_path)) == 61 - failed
