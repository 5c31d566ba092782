"""The simulated board behaves as real boards do."""

import fcntl
import os
import subprocess
import sys
import time

import pytest
import serial
from edgeingest_tools.board.simulated import Simulated

TICKS = "import time\nn = 0\nwhile True:\n    n += 1\n    print('tick', n)\n    time.sleep_ms(20)\n"


@pytest.fixture
def board(tmp_path):
    with Simulated(tmp_path) as board:
        yield board


def mpremote(board, *words, good=True):
    command = [sys.executable, "-m", "mpremote", "connect", board.port, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode == 0) is good, done.stdout + done.stderr
    return done.stdout


def read_until(port, wanted):
    seen = b""
    while wanted not in seen:
        seen += port.read(1)
        assert len(seen) < 2000 and seen, seen
    return seen


def test_its_files_are_in_a_littlefs_and_survive_a_power_cut(board):
    mpremote(board, "resume", "exec", "f = open('/x', 'w')\nf.write('kept')\nf.close()")
    board.power_off()
    board.power_on()
    assert mpremote(board, "resume", "exec", "print(open('/x').read())") == "kept\n"
    assert "VfsLfs2" in mpremote(board, "resume", "exec", "import vfs; print(vfs.mount())")


def test_main_runs_is_interrupted_and_runs_again(board, tmp_path):
    (tmp_path / "main.py").write_text(TICKS)
    mpremote(board, "resume", "cp", str(tmp_path / "main.py"), ":")
    board.power_off()
    with serial.Serial(board.port, timeout=10) as port:
        board.power_on()
        assert read_until(port, b"tick 2\n") == b"tick 1\ntick 2\n"
    assert mpremote(board, "resume", "exec", "print('n' in globals())") == "False\n"  # interrupted
    with serial.Serial(board.port, timeout=10) as port:
        port.write(b"\x02\x04")  # the friendly REPL, and a soft reset from there
        assert b"MPY: soft reboot" in read_until(port, b"tick 2\n")
    assert mpremote(board, "exec", "x = 1") == ""  # with a soft reset to the raw REPL: main.py is not run
    assert mpremote(board, "resume", "exec", "print(x)") == "1\n"


def test_code_in_the_raw_repl_can_be_interrupted(board):
    with serial.Serial(board.port, timeout=10) as port:
        port.write(b"\x01")
        read_until(port, b"raw REPL; CTRL-B to exit\r\n>")
        port.write(b"while True: pass\x04")
        read_until(port, b"OK")
        time.sleep(0.05)
        port.write(b"\x03")
        assert b"KeyboardInterrupt" in read_until(port, b"\x04>")
        port.write(b"print('on')\x04")
        assert b"on" in read_until(port, b"\x04>")


def test_a_pulled_cable_is_an_error_and_it_works_when_plugged_in(board, tmp_path):
    (tmp_path / "big").write_bytes(bytes(20000))
    board.unplug_after(5000)
    mpremote(board, "resume", "cp", str(tmp_path / "big"), ":", good=False)
    board.plug()
    assert mpremote(board, "resume", "exec", "import os; print(os.stat('/big')[6] < 20000)") == "True\n"


@pytest.mark.parametrize(
    "words, message",
    [
        (["--heap", "abc"], "--heap: 'abc' is no size, such as 192K"),
        (["--dir", "/dev/null"], "cannot use /dev/null: File exists; give another"),
        (["--dir", "busy"], "another simulated board has its flash in busy"),
    ],
)
def test_errors_are_one_line(tmp_path, words, message):
    (tmp_path / "busy").mkdir()
    held = os.open(tmp_path / "busy", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    command = [sys.executable, "-m", "edgeingest_tools", "simulate", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    os.close(held)
    assert done.returncode == 1
    assert done.stderr.startswith("edgeingest: ") and message in done.stderr and done.stderr.count("\n") == 1


def test_its_flash_is_readable_by_its_owner_only(board):
    assert board.flash.stat().st_mode & 0o777 == 0o600
