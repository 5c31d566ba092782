"""A disk that is full: what was acknowledged is there, nothing else is, and the service works on when there is room."""

import hashlib
import inspect
import subprocess
import sys

import pytest
from service_support import environment, numbered, part, process
from test_service_kill import _consistent, _received

resource = pytest.importorskip("resource", reason="limits of file sizes are a matter of Unix")

# Adds two files a time. No file, the index and its log among them, may grow beyond `limit` bytes from `after` on,
# until an addition has failed. Prints what was acknowledged, then what went wrong.
_FULL = """
import hashlib, pathlib, resource
from edgeingest_tools import store
from edgeingest_tools.store import Facts, Upload
{received}
found = store.Store(pathlib.Path({directory!r}))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
acknowledged, failures = [], []
for number in range(12):
    if number == 2:
        size = max(path.stat().st_size for path in found.directory.glob("index.sqlite*"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + {room}, hard))
    elif number == 10:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    try:
        found.add(_received(found, number), True)
        acknowledged.append(number)
    except OSError as error:
        failures.append(str(error))
print(*acknowledged)
print("; ".join(failures))
"""


@pytest.mark.parametrize("room", [*range(0, 33_000, 4120), 1, 24, 4119])
def test_an_index_that_cannot_grow(tmp_path, room, counted):
    """Each frame of SQLite's log is 24 + 4096 bytes: every step of storing is where the room ends, in turn."""
    script = _FULL.format(received=inspect.getsource(_received), directory=str(tmp_path), room=room)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment(), timeout=60)
    assert done.returncode == 0, done.stderr
    first, failures = done.stdout.splitlines()
    acknowledged = list(map(int, first.split()))
    assert acknowledged[:2] == [0, 1] and acknowledged[-2:] == [10, 11]
    assert ("the index cannot be written" in failures) == (len(acknowledged) < 12)
    rows = _consistent(tmp_path)
    wanted = {hashlib.sha256(f"{number}{letter}".encode()).hexdigest() for number in acknowledged for letter in "ab"}
    assert {row["sha256"] for row in rows} == wanted
    assert len(rows) == len(wanted)
    counted(12)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process can be set on Linux only")
def test_a_service_on_a_full_disk_says_so_and_works_on(tmp_path):
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
    assert len(_consistent(tmp_path)) == 61 - failed
