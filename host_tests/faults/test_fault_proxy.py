"""Long runs through a bad network: everything arrives once and intact, and the heap in use does not grow."""

import subprocess

import cbor2
import pytest
from support.device_source import device_source
from support.faults import API_KEY, HMAC_KEY
from support.proxy import proxy
from support.scripts import SMALL_HEAP, run_from_rom
from support.service import process

UPLOADS = device_source("faults/many_uploads_device")


@pytest.mark.timeout(1800)
def test_thousands_of_uploads_over_connections_that_die(tmp_path, torture, counted):
    count = 10_000 if torture else 400
    (tmp_path / "main.py").write_text(UPLOADS)
    log = tmp_path / "log"
    with (
        log.open("wb") as stderr,
        process(tmp_path / "service", stderr=stderr) as service,
        proxy(int(service.url.rpartition(":")[2]), lost=1, after_bytes=12_000, seed=count) as between,
    ):
        args = [f"http://127.0.0.1:{between.port}", API_KEY, str(count), str(count // 20)]
        done = run_from_rom(tmp_path / "main.py", SMALL_HEAP, args, timeout=1700)
        assert done.code == 0, done.stdout + done.stderr
        *states, last = [line.split() for line in done.stdout.splitlines()]
        rows = service.rows()
    assert last[0] == "duplicates"
    assert 0 < int(last[1]) <= between.killed  # stored, but the reply was lost
    assert count / between.connections > 3  # connections are reused
    # all of them, each once, each intact
    assert [row["sent_name"] for row in rows] == [f"run.{number}.cbor" for number in range(count)]
    for number, row in enumerate(rows):
        values = cbor2.loads((service.directory / "training" / row["stored_name"]).read_bytes())["payload"]["values"]
        assert values == [[number, 0.5], [1.5, -2]]
    heaps = [int(heap) for heap, _ in states]
    assert max(heaps[10:]) <= max(heaps[:10]) + 256, heaps
    assert len({descriptors for _, descriptors in states}) == 1, states
    output = done.stdout + done.stderr + log.read_text()
    for path in (tmp_path / "service").rglob("*"):
        output += path.read_bytes().decode("latin-1") if path.is_file() else ""
    assert API_KEY[3:9] not in output and HMAC_KEY[:6] not in output
    counted(count)


def test_a_slow_network_only_takes_longer(tmp_path):
    source = UPLOADS.replace("timeout_ms=250", "timeout_ms=5000")
    (tmp_path / "main.py").write_text(source)
    with (
        process(tmp_path / "service", stderr=subprocess.DEVNULL) as service,
        proxy(int(service.url.rpartition(":")[2]), lost=0, latency_s=0.02, bytes_per_s=20_000) as between,
    ):
        args = [f"http://127.0.0.1:{between.port}", API_KEY, "10", "5"]
        done = run_from_rom(tmp_path / "main.py", SMALL_HEAP, args, timeout=60)
        assert (done.code, done.stdout.splitlines()[-1]) == (0, "duplicates 0"), done.stdout + done.stderr
        assert len(service.rows()) == 10
    assert (between.connections, between.killed) == (1, 0)
