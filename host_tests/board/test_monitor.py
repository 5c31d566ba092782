"""`edgeingest monitor`: lines when the output is not a terminal, else a chart; the board's program keeps running."""

import os
import pty
import select
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest
from edgeingest_tools.board import rows
from edgeingest_tools.board.simulated import Simulated
from support.boards import run
from support.service import environment

PROGRAM = """
import math, time
print('hello')
n = 0
while True:
    print('sine:%.3f, n:%d' % (math.sin(n / 5), n % 10))
    n += 1
    time.sleep_ms(5)
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    with Simulated(tmp_path_factory.mktemp("board")) as board:
        run(board, f"f = open('/main.py', 'w')\nf.write({PROGRAM!r})\nf.close()")
        board.power_off()
        board.power_on()
        yield board


def start(board, *words, **named):
    command = [sys.executable, "-m", "edgeingest_tools", "monitor", "--port", board.port, *words]
    return subprocess.Popen(command, env={**environment(), "TERM": "xterm", "NO_COLOR": ""}, **named)


def test_lines_when_output_is_not_a_terminal(board):
    with start(board, "--restart", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        seen = b""
        while b"hello\n" not in seen:
            seen += child.stdout.readline()
        assert [child.stdout.readline() for _ in range(2)] == [b"sine:0.000, n:0\n", b"sine:0.199, n:1\n"]
        board.unplug()
        assert b"is gone" in child.stderr.read()
        assert child.wait(10) == 1
    board.plug()


def test_a_chart_on_a_terminal_and_keys_for_the_board(board):
    master, terminal = pty.openpty()
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 0, 0))
    before = termios.tcgetattr(terminal)
    child = start(board, "--restart", stdin=terminal, stdout=terminal, stderr=terminal)
    until(master, "sine", " n ", "┤", "hello", "Ctrl-] leaves")
    os.write(master, b"\x03")
    until(master, "KeyboardInterrupt")
    os.write(master, b"print('typed')\r")
    until(master, "typed")
    os.write(master, b"\x1d")
    while select.select([master], [], [], 0.2)[0]:
        os.read(master, 4096)
    assert child.wait(20) == 0
    assert termios.tcgetattr(terminal) == before
    os.close(master)
    os.close(terminal)


def until(master, *wanted):
    seen = ""
    while not all(each in seen for each in wanted):
        assert select.select([master], [], [], 30)[0], seen[-2000:]
        seen += os.read(master, 4096).decode(errors="replace")


@pytest.mark.parametrize(
    "line, row",
    [
        ("1.5, 2", {"1": 1.5, "2": 2}),
        ("1 -2\t3e2", {"1": 1, "2": -2, "3": 300}),
        ("x:1 y:2", {"x": 1, "y": 2}),
        ("acc.x = 1, acc.y=.5", {"acc.x": 1, "acc.y": 0.5}),
        ("7", {"1": 7}),
        ("", None),
        ("stored wave.01.cbor", None),
        ("x:1 x:2", None),
        ("x:1 and more", None),
        ("1_0", None),
        ("12:34:56", None),
        (" ".join("1" * 13), None),
    ],
)
def test_rows(line, row):
    assert rows.parse(line) == row


def test_history():
    history = rows.History(3)
    for number in range(5):
        history.add({"x": float(number)} if number % 2 else {"x": number, "y": float("nan"), "z": float("inf")})
    assert {name: list(points) for name, points in history.series.items()} == {"x": [(3, 2), (4, 3), (5, 4)]}
    history.add({"y": 1})
    for _ in range(3):
        history.add({"w": 1e200})
    assert history.series == {}
