"""A spool over a network that kills connections: every entry arrives once, intact, in the heap of a board. No key is in
its files, whatever a peer sends back."""

import hashlib
import json

import pytest
from spool.results import Flushed
from support import heaps
from support.device_source import device_source
from support.interpreters import ROOT
from support.killing import killing
from support.peer import peer, reply
from support.scripts import run_from_rom
from support.service import HMAC_KEY, KEY, running

SCRIPT = ROOT / "host_tests" / "spool" / "spool_killed_device.py"
DEVICE = device_source("spool/spool_network_device")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("attempts", [1, 3], ids=["no retries", "retries"])
def test_every_entry_arrives_once_over_a_bad_network(tmp_path, torture, attempts):
    count = 1000 if torture else 100
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service, killing(service.url, 0.1, seed=4) as proxy:
        args = [str(tmp_path / "spool"), proxy.url, KEY, HMAC_KEY, str(count), str(attempts)]
        done = run_from_rom(SCRIPT, f"{heaps.SPOOL}K", args, timeout=500)
        rows = service.rows()
    assert done.code == 0, done.stdout[-2000:] + done.stderr
    *sums, end = done.stdout.split("\n")[:-1]
    name, left, kept = end.split()
    assert (name, left) == ("end", "0")
    assert attempts > 1 or int(kept) > 0
    assert len(set(sums)) == count
    assert sorted(row["sha256"] for row in rows) == sorted(sums)
    assert {row["signature"] for row in rows} == {"valid"}
    for row in rows:
        content = (service.directory / row["category"] / row["stored_name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
    print(f"{count} samples, {proxy.connections} connections, {proxy.killed} of them killed; {end}")
    assert proxy.connections / 25 < proxy.killed < proxy.connections / 5


@pytest.mark.modes("mpy", "cpython")
def test_no_key_is_in_a_file(worker, tmp_path):
    refusal = f"refused: {KEY} {HMAC_KEY}"
    results = [{"success": False, "error": f"{word} {KEY}"} for word in ("no", "not", "nor")]
    answers = [reply(refusal, status) for status in (400, 429, 401, 200)]
    answers[3] = reply(json.dumps({"success": True, "files": results}))

    def handler(made, connection, number):
        made.take(connection)
        connection.send(answers[min(number, 3)])

    with peer(handler) as made:
        texts, contents, recovered, rejected = worker.define(DEVICE).flush_refused(
            str(tmp_path / "spool"), made.url, KEY, HMAC_KEY.upper()
        )
    assert "waiting=1" in recovered and b"refused: ***" in rejected and b"no ***" in rejected
    assert len(contents) > 5
    for content in [*contents, *(text.encode() for text in texts), rejected]:
        assert KEY.encode()[:9] not in content
        assert HMAC_KEY.upper().encode() not in content


@pytest.mark.modes("mpy", "native")
def test_an_async_client_sends_the_entries(worker, tmp_path):
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        arguments = str(tmp_path / "spool"), service.url, KEY, HMAC_KEY
        device = worker.define(DEVICE)
        assert device.flush_async(*arguments) == Flushed(stored=5)
        assert device.flush_async(*arguments) == Flushed(duplicates=5, repeated=5)
        rows = service.rows()
    assert sorted((row["label"], row["signature"]) for row in rows) == [("a", "valid")] * 3 + [("b", "valid")] * 2
