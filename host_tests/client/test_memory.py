"""The uploads that the documentation promises, in the heaps for which it promises them."""

import hashlib
import json
from pathlib import Path

import cbor2
import pytest
from support.interpreters import interpreter
from support.peer import answering, peer
from support.scripts import run_script
from support.service import HMAC_KEY, KEY, running

BIG = 10 * 1024 * 1024

SMALL = pytest.mark.parametrize(("heap", "mpy"), [("192K", False), ("96K", True)], ids=["py in 192K", "mpy in 96K"])


@pytest.fixture
def service(tmp_path):
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        yield service


def run(service, name, heap, mpy, *arguments):
    """Runs memory_NAME_device.py; returns the lines that it printed."""
    script = Path(__file__).with_name(f"memory_{name}_device.py")
    args = [service.url, KEY, HMAC_KEY, *map(str, arguments)]
    done = run_script(script, heapsize=heap, mpy=mpy, args=args)
    assert done.code == 0, done.stdout + done.stderr
    return done.stdout.split("\n")


def test_a_signed_sample_of_4000_rows(tmp_path, service):
    assert run(service, "sample_4000_rows", "192K", False)[0] == "False"
    row = service.row(label="wave")
    assert (row["rows"], row["signature"]) == (4000, "valid")
    stored = cbor2.loads((service.directory / "training" / row["stored_name"]).read_bytes())
    assert [value for one in stored["payload"]["values"] for value in one] == list(range(12000))


def test_a_file_of_ten_megabytes(tmp_path):
    """With the library as sources; test_very_large.py has more, with .mpy."""
    data = bytes(range(251)) * (BIG // 251)
    (tmp_path / "big.wav").write_bytes(data)
    bodies = []

    def handler(made, connection, number):
        while request := made.take(connection):
            bodies.append(request.body)
            made.requests.clear()
            connection.reply(
                "big" if "data" in request.target else '{"success":true,"files":[{"success":true,"fileName":"b"}]}'
            )

    with peer(handler) as made:
        assert run(made, "file_twice", "192K", False, tmp_path / "big.wav")[:2] == ["False", "False"]
    assert data in bodies[0]
    assert hashlib.sha256(bodies[1]).digest() == hashlib.sha256(data).digest()


@SMALL
def test_a_row_source_of_100_000_rows(tmp_path, service, heap, mpy):
    assert run(service, "row_source", heap, mpy)[0] == "False"
    row = service.row(label="long")
    assert (row["rows"], row["signature"]) == (100_000, "valid")
    stored = cbor2.loads((service.directory / "training" / row["stored_name"]).read_bytes())
    assert stored["payload"]["values"] == [[1.0, -2.0, 3.0]] * 100_000


@pytest.mark.parametrize(("heap", "mpy"), [("192K", False), ("104K", True)], ids=["py in 192K", "mpy in 104K"])
def test_a_thousand_files_in_one_request(tmp_path, service, heap, mpy):
    assert run(service, "many_samples", heap, mpy)[0] == f"1000 {list(range(0, 1000, 100))}"
    assert [json.loads(row["metadata"]) for row in service.rows()] == [{}] * 1000
    assert {row["sent_name"] for row in service.rows()} == {f"many.{i}.cbor" for i in range(1000)}


def test_a_call_allocates_little_whatever_the_size(tmp_path):
    for name, size in (("small", 10_000), ("large", 10_000_000)):
        (tmp_path / name).write_bytes(bytes(size))
    with peer(answering("stored.bin")) as made:
        found = run(made, "call_garbage", "192K", True, tmp_path / "small", tmp_path / "large")[0].split()
    assert found[0] == "True"
    # On a 32-bit PC each poll allocates an integer, as addresses are no small integers there; boards' addresses are.
    assert found[1] == "True" or interpreter().architecture == "x86" and int(found[3]) - int(found[2]) < 8192


FLOODS = {
    "many short headers": b"HTTP/1.1 200 OK\r\n" + b"a:\r\n" * 3000,
    "one long header": b"HTTP/1.1 200 OK\r\nA: " + b"x" * 200_000,
    "endless body": b"HTTP/1.1 500 No\r\n\r\n" + b"x" * 2_000_000,
    "endless result": b'HTTP/1.1 200 OK\r\n\r\n{"success":true,"files":[{"success":true,"fileName":"' + b"x" * 200_000,
    "deep result": b'HTTP/1.1 200 OK\r\n\r\n{"success":true,"files":[{"a":' + b"[" * 200_000,
    "deep reply": b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 200_000,
    "small results": b'HTTP/1.1 200 OK\r\n\r\n{"files":[' + b"{}," * 100_000,
}


def test_hostile_replies_in_a_small_heap(tmp_path):
    def handler(made, connection, number):
        made.take(connection)
        connection.send(list(FLOODS.values())[number])

    with peer(handler) as made:
        lines = run(made, "hostile", "96K", True, *FLOODS)
    assert dict(zip(FLOODS, lines, strict=False)) == {
        "many short headers": "ProtocolError True",
        "one long header": "ProtocolError True",
        "endless body": "ServiceError True",
        "endless result": "ProtocolError True",
        "deep result": "ProtocolError True",
        "deep reply": "ProtocolError True",
        "small results": "ProtocolError True",
    }
