"""`AsyncClient` while other tasks run: they run after every window, however long a call takes; heap it allocates."""

import contextlib

import pytest
from support.aio import full_listener, serving
from support.device_source import device_source
from support.peer import peer, reply, stored
from support.scripts import run_script

BOTH = pytest.mark.modes("py", "mpy")
BOARD = pytest.mark.modes("mpy")
LIMITS = device_source("client/aio_limits_device")
MEMORY = device_source("client/aio_memory_device")
PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])


@BOTH
@PLAIN_AND_TLS
@pytest.mark.parametrize("buffer_size", [512, 2048, 16384])
def test_other_tasks_run_after_every_window(worker, tls, buffer_size):
    """Between two runs of a ticker at most one window is sent or received."""

    def handler(made, connection, number):
        connection.read_until(b"--\r\n")
        connection.reply(stored(*[f"{i}.csv" for i in range(300)]))
        connection.until_closed()

    with serving(handler, tls) as (_, where):
        count, ticks, windows, most, idle = worker.define(LIMITS).upload_beside_ticker(buffer_size=buffer_size, **where)
    assert (count, idle <= 1) == (300, True)
    assert 320_000 // buffer_size < windows <= ticks
    assert most <= buffer_size


class Stall:
    """Peers that let the client wait, each at another place."""

    def connecting(made, connection, number):
        made.closing.wait(10)

    handshake = connecting

    def sending(made, connection, number):
        connection.read_until(b"\r\n\r\n")
        made.closing.wait(10)

    def replying(made, connection, number):
        made.take(connection)
        made.closing.wait(10)

    def body(made, connection, number):
        connection.until_closed()

    def trickling(made, connection, number):
        made.take(connection)
        for byte in reply("x" * 10_000):
            connection.send(bytes([byte]))
            if made.closing.wait(0.02):
                return


@BOARD
@pytest.mark.parametrize("limit", ["timeout_ms", "deadline_ms"])
@pytest.mark.parametrize("place", ["connecting", "handshake", "sending", "replying", "trickling", "body"])
def test_limits_of_time_while_other_tasks_run(worker, place, limit):
    stalls = getattr(Stall, place)
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(peer(stalls))
        url = full_listener(stack) if place == "connecting" else made.url
        options = []
        if place == "handshake":
            url, options = url.replace("http", "https"), [("insecure", True)]
        found = worker.define(LIMITS).fail_at_limit(url, options, place, limit)
    name, text, ticks, most, idle, last = found
    assert (name, last) == ("DeadlineError", "close"), text
    assert "no time left while" in text
    assert most <= 2048 and idle <= 1
    assert ticks > 2


def test_memory(tmp_path):
    """Reused connections leave no heap in use; what a call allocates does not grow with the size of its items."""
    (tmp_path / "f.csv").write_bytes(bytes(1_000_000))
    (tmp_path / "f.csv.short").write_bytes(bytes(10_000))
    (tmp_path / "main.py").write_text(MEMORY)

    def handler(made, connection, number):
        while request := made.take(connection):
            connection.reply(stored("a") if "files" in request.target else "name.cbor")

    with peer(handler) as made:
        done = run_script(tmp_path / "main.py", "8M", mpy=True, args=[made.url, str(tmp_path / "f.csv")])
    assert done.code == 0, done.stderr + done.stdout
    grown, *calls = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    assert grown[0] < 100
    for small, large in calls:
        assert large - small < 4000  # 32 bytes a window would be 16,000
