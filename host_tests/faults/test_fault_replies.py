"""Hostile replies in the heap of a board: each gives its documented error, and reading stops at a limit."""

import contextlib

import pytest
from support.device_source import device_source
from support.faults import API_KEY
from support.hostile import HOSTILE
from support.peer import peer
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
