"""Hostile replies in the heap of a board: each gives its documented error, and reading stops at a limit."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from support.device_source import device_source
from support.faults import API_KEY
from support.hostile import HOSTILE
from support.peer import DUPLICATE, peer, reply, stored
from support.scripts import SMALL_HEAP, run_from_rom

ENOUGH = 4 << 20  # bytes: the limits of a reply, and the buffers of two sockets

SCRIPT = device_source("faults/hostile_replies_device")


def flood(connection, pieces):
    """Sends until the client closes; returns how many bytes were sent."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            connection.send(piece)
            sent += len(piece)
    return sent


@pytest.mark.timeout(300)
def test_hostile_replies_in_the_heap_of_a_board(tmp_path, counted):
    wanted = [(name, kind, pieces) for name, (send, upload, pieces) in HOSTILE.items() for kind in (send, upload)]
    count = len(wanted)
    wanted *= 3  # the first round loads modules; the heap must not grow from the second to the third
    sent = {}

    def handler(made, connection, number):
        made.take(connection)
        sent[number] = flood(connection, wanted[number][2]())

    (tmp_path / "main.py").write_text(SCRIPT)
    with peer(handler) as made:
        args = [made.url, API_KEY, str(len(wanted))]
        done = run_from_rom(tmp_path / "main.py", SMALL_HEAP, args, timeout=250)
    assert done.code == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[1] for line in lines] == [kind for _, kind, _ in wanted], [
        (name, line[1]) for (name, kind, _), line in zip(wanted, lines, strict=False) if line[1] != kind
    ]
    assert max(sent.values()) < ENOUGH, {wanted[n][0]: size for n, size in sent.items() if size >= ENOUGH}
    heaps = [int(line[2]) for line in lines]
    assert max(heaps[2 * count :]) <= max(heaps[count : 2 * count]) + 512
    assert len({line[3] for line in lines}) == 1
    counted(len(wanted))


# K of heap that an odd answer may take besides what a good one takes, by the number of files. What is not the short
# answer to one file is read by the module that reads those to many.
MARGINS = (7, 14, 6)
REFUSED = {"success": False, "error": "because " + "y" * 1900}
ESCAPED = {"success": False, "error": "\u00e4\U0001f600" * 100}
BUSY = {"success": False, "error": "\u00e4\U0001f600" * 50}
KNOWN = {"success": True, "files": [{"error": DUPLICATE}]}
# {answer: (files that are uploaded, 0: one is sent to `data`; reply; beginning of the outcome)}
ODD = {
    "503 with JSON": (0, reply(json.dumps({"success": False, "error": "x" * 970}), 503), "ServiceError 503"),
    "503 with much JSON": (0, reply(json.dumps({"success": False, "error": "x" * 1900}), 503), "ServiceError 503"),
    "503 with nested JSON": (0, reply(json.dumps({"error": "busy", "more": [{f"k{i}": [i]} for i in range(50)]}), 503),
                             "ServiceError 503"),
    "503 with escapes": (0, reply(json.dumps(BUSY), 503), "ServiceError 503"),
    "503 to files": (1, reply(json.dumps({"success": False, "error": "x" * 970}), 503), "ServiceError 503"),
    "a long refusal": (0, reply("z" * 1900, 400), "ServiceError 400"),
    "a page": (0, reply("<html>" + "p" * 3000), "ProtocolError None the service took it"),
    "two stored, one sent": (1, reply(stored("a", "b")), "ProtocolError None the service answered for 2 files"),
    "two stored in JSON": (0, reply(stored("a", "b")), "ProtocolError None the service took it"),
    "a long result": (1, reply(json.dumps({"success": True, "files": [REFUSED]})), "FilesError 200 1 of 1"),
    "two long results": (2, reply(json.dumps({"success": True, "files": [REFUSED] * 2})), "FilesError 200 2 of 2"),
    "a result in escapes": (1, reply(json.dumps({"success": True, "files": [ESCAPED]})), "FilesError 200 1 of 1"),
    "a duplicate": (0, reply(DUPLICATE, 400), "Stored"),
    "a result that is a duplicate": (1, reply(json.dumps(KNOWN)), "Stored"),
    "no HTTP": (0, b"SSH-2.0-OpenSSH_9.2\r\n", "ProtocolError None the reply has a bad status line"),
    "a coding": (0, reply("x", 200, Content_Encoding="gzip"), "ProtocolError None the service answered 200"),
    "a date to retry": (0, reply("later", 429, Retry_After="Sun, 06 Nov 2094 08:49:37 GMT"), "ServiceError 429"),
    "nothing": (0, b"", "NetworkError"),
}  # fmt: skip


def with_heap(heap, count, data):
    """Returns what the script prints in a heap of so many K when the peer answers with these bytes."""

    def handler(made, connection, number):
        made.take(connection)
        connection.send(data)

    with peer(handler) as made:
        script = Path(__file__).with_name("odd_replies_device.py")
        done = run_from_rom(script, f"{heap}K", [made.url, str(count)])
    return done.stdout if done.code == 0 else "\n".join(done.stdout.splitlines()[-8:])


def smallest(count):
    """Returns the smallest heap in which a good answer is read, in K."""
    good = reply(stored(*"ab"[:count]) if count else "stored.cbor")
    return next(heap for heap in range(30, 72) if with_heap(heap, count, good).startswith("Stored"))


def test_an_odd_answer_needs_little_more_heap_than_a_good_one(counted):
    """With less, the error says so; whatever comes of it, a socket is never left open."""
    good = [smallest(count) for count in (0, 1, 2)]
    for name, (count, data, wanted) in ODD.items():
        margin = MARGINS[count]
        outcome = with_heap(good[count] + margin, count, data)
        assert outcome.startswith(wanted), (name, good, outcome)
        assert outcome.startswith("Stored") or "it is open" not in outcome, name
        for less in range(margin + 1):
            outcome = with_heap(good[count] + less, count, data)
            known = outcome.startswith((wanted, "ProtocolError None no memory"))
            assert known or not re.search("finish|feed|_read|service_errors", outcome), (name, less, outcome)
    counted(len(ODD))
