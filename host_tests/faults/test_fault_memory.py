"""Calls in any little memory: the error is the right one, nothing stays open or is lost, and the client goes on."""

import json

import cbor2
import pytest
from support.interpreters import ROOT
from support.peer import free_port, peer
from support.scripts import run_from_rom
from support.service import HMAC_KEY, KEY, running

SCRIPT = ROOT / "host_tests" / "faults" / "little_memory_device.py"
HEAP = "500K"  # for pieces of memory of any size that is tried
BLOCK = 32  # bytes of the smallest piece of memory on this computer; 16 on a board
STEP = 23 * BLOCK  # without --torture


def go_through(folder, service, other, what, most, torture):
    """Returns what a call came to for each number of free bytes, after the checks that all have in common."""
    lines = []
    for end in (most, 0):  # with 0: as after a start
        args = [what, str(folder), service.url, other, KEY, HMAC_KEY, "0", str(end), str(BLOCK if torture else STEP)]
        done = run_from_rom(SCRIPT, HEAP, args, timeout=1000)
        assert done.code == 0, done.stdout[-2000:] + done.stderr
        lines += [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1] == {"left": [0, 0, 0, 0]}
    found = [line for line in lines if "free" in line]
    assert found[0]["error"] == "MemoryError"  # nothing can be done with no memory at all
    for case in found:
        assert case["open"] == 0, case
        assert case["spool"][0], case  # entries
        assert what == "record" or case["spool"][1], case  # bytes: of a recording the spool is told when it is closed
        assert case["spool"][2] <= (what == "put"), case  # of `open` itself: the next entry overwrites it
        assert case.get("again", 1) > 0, case
    stored = {row["sha256"]: row for row in service.rows()}
    assert len(stored) == len(service.rows())
    assert {row["signature"] for row in stored.values() if row["sent_name"].endswith(".cbor")} <= {"valid"}
    flushed = [line["flushed"] for line in lines if "flushed" in line]
    assert all(counts[0] > 0 and counts[2:] == [0, 0, 0] for counts in flushed), flushed
    assert {line["put"] for line in lines if "put" in line} <= stored.keys()
    return found, stored


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("what", "most"), [("upload", 9000), ("send", 9000), ("batch", 12_000), ("put", 6000), ("flush", 18_000)]
)
def test_a_call_in_any_little_memory(tmp_path, torture, counted, what, most):
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        found, stored = go_through(tmp_path, service, service.url, what, most, torture)
    assert "result" in found[-1]
    assert {case.get("error", "MemoryError") for case in found} <= {"MemoryError", "NetworkError"}
    if what not in ("batch", "flush"):
        assert {case["digest"] for case in found if "result" in case} <= stored.keys()
    counted(len(found))


@pytest.mark.timeout(1200)
def test_a_recording_in_any_little_memory(tmp_path, torture, counted):
    """What is left of it has whole rows."""
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        found, stored = go_through(tmp_path, service, service.url, "record", 9000, torture)
        for row in stored.values():
            message = cbor2.loads((service.directory / "training" / row["stored_name"]).read_bytes())
            number = float(row["sent_name"].split(".")[1])
            assert {tuple(values) for values in message["payload"]["values"]} == {(number, 0.25)}
    assert "result" in found[-1]
    assert len(stored) > sum("result" in case for case in found)
    counted(len(found))


BUSY = json.dumps({"success": False, "error": "busy " * 100})
# what the other peer does: its reply; and the error, its number and status
PEERS = {
    "dead": (None, ("NetworkError", 111, None)),
    "closes": ("", ("NetworkError", None, None)),
    "busy": (BUSY, ("ServiceError", None, 503)),
}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", PEERS)
def test_an_error_is_the_right_one_wherever_an_upload_works(tmp_path, torture, counted, kind):
    """What words an error needs does not decide what error it is."""
    text, wanted = PEERS[kind]

    def handler(made, connection, number):
        while made.take(connection) and text:
            connection.reply(text, 503)

    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service, peer(handler) as made:
        other = made.url if kind != "dead" else f"http://127.0.0.1:{free_port()}"
        found, _ = go_through(tmp_path, service, other, "broken", 15_000, torture)
    enough = [case for case in found if case["good"]]
    assert len(enough) > 5 and (kind == "busy" or "memory" not in enough[-1]["text"])
    for case in enough:
        errno = case.get("errno") if isinstance(case.get("errno"), int) else None
        unread = kind == "busy" and case["error"] == "NetworkError" and "no memory" in case["text"]
        assert (case["error"], errno, case.get("status")) == wanted or unread, case
    counted(len(found))


@pytest.mark.timeout(1200)
def test_a_spool_sees_a_dead_network_wherever_a_flush_works(tmp_path, torture, counted):
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        other = f"http://127.0.0.1:{free_port()}"
        found, _ = go_through(tmp_path, service, other, "flush broken", 24_000, torture)
    enough = [case for case in found if case["good"]]
    assert len(enough) > 5
    assert [case for case in enough if case.get("result") != 0] == []
    counted(len(found))
