"""`edgeingest boards` and `edgeingest simulate`, and the errors when a port cannot be used."""

import os
import re
import signal
import subprocess
import sys

import pytest
import serial
from edgeingest_tools.board import facts, link
from edgeingest_tools.board.link import BoardError, DeviceError, Link
from edgeingest_tools.board.simulated import Simulated
from edgeingest_tools.cli import app
from support.boards import edgeingest, run
from support.service import environment
from typer.testing import CliRunner


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    with Simulated(tmp_path_factory.mktemp("board"), heap="128K") as board:
        yield board


def test_a_connected_board(board):
    head, row = edgeingest(board, "boards").splitlines()
    assert head.split() == ["port", "board", "MicroPython", ".mpy", "heap", "free", "flash", "free"]
    found = re.fullmatch(
        r"(\S+) +(.+?) +(\d+\.\d+\.\d+) +(6\.3 \w+) +(\d+) of (\d+) KB +(\d+) of (\d+) KB", row.strip()
    )
    assert found, row
    port, machine, _, _, heap, heaps, flash, flashes = found.groups()
    assert (port, machine.split()[0], flashes) == (board.port, sys.platform, "1024")
    assert 90 < int(heap) < int(heaps) <= 128 and int(flash) < 1024


def test_its_program_runs_again_afterwards(board):
    run(board, "f = open('/main.py', 'w')\nf.write('print(12345)\\nwhile True: pass')\nf.close()")
    with Link(board.port):
        pass
    with serial.Serial(board.port, timeout=10) as port:
        port.write(b"\x03\x04")  # in case it has printed that before the port was opened
        seen = b""
        while b"12345" not in seen:
            seen += port.read(1)
    run(board, "import os\nos.remove('/main.py')")


def test_no_board_and_too_many(monkeypatch):
    monkeypatch.setattr(link, "ports", list)
    done = CliRunner().invoke(app, ["boards"])
    assert done.exit_code == 1 and "no board is connected" in done.stderr and "edgeingest simulate" in done.stderr
    monkeypatch.setattr(link, "ports", lambda: ["/dev/ttyACM0", "/dev/ttyUSB0"])
    with pytest.raises(BoardError, match="more than one board .* --port: /dev/ttyACM0, /dev/ttyUSB0"):
        link.choose(None)


def test_ports_that_cannot_be_used(board, monkeypatch):
    with serial.Serial(board.port, exclusive=True):
        error = edgeingest(board, "boards", good=False)
        assert f"{board.port} is in use: close the program" in error
    assert "there is no /dev/nothing" in edgeingest(type("Nothing", (), {"port": "/dev/nothing"}), "boards", good=False)
    with monkeypatch.context() as patch:
        patch.setattr(link, "SerialTransport", refuse)
        patch.setattr(os, "access", lambda *_: False)
        assert "dialout" in edgeingest(board, "boards", good=False)


def refuse(*_, **__):
    raise PermissionError(13, "Permission denied")


def test_a_device_that_does_not_answer(board, monkeypatch):
    """As one that does not run MicroPython."""
    monkeypatch.setattr(link, "_STARTS_S", (0.2, 0.2))
    monkeypatch.setattr(link, "_PIECE_S", 0.2)
    board.power_off()
    assert "does not answer as MicroPython does" in edgeingest(board, "boards", good=False)
    board.power_on()


def test_operations_of_a_link(board, tmp_path):
    data = bytes(range(256)) * 20
    with Link(board.port) as board_link:
        done = []
        board_link.write("/x", data, done.append)
        assert board_link.read("/x") == data and sum(done) == len(data)
        with pytest.raises(DeviceError, match="ENOENT"):
            board_link.run("open('/nothing')")
        assert board_link.lines("print(1)\nprint('[2]')") == [1, [2]]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ESP32_GENERIC", "esp32 Generic ESP32 module with ESP32 1001 [2097152, 1048576, 'vfs']"),
        ("RPI_PICO_W", "rp2 Raspberry Pi Pico W with RP2040 1 [None, 868352, 'vfs']"),
        ("RPI_PICO", "rp2 Raspberry Pi Pico with RP2040 None [None, 1441792, 'vfs']"),
    ],
)
def test_simulate_a_kind_of_board(tmp_path, name, says):
    """Its name, its flash and its radio are those of the port."""
    command = [sys.executable, "-m", "edgeingest_tools", "simulate", "--dir", str(tmp_path), "--board", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as child:
        port = child.stdout.readline().split()[-1]
        with Link(port) as board:
            info = facts.ask(board)
            connecting = board.run(
                "try:\n    import network\n    print(network.STAT_CONNECTING)\nexcept ImportError:\n    print(None)"
            )
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0
    assert f"{info.platform} {info.machine} {connecting.strip()} {list(info.place)}" == says


def test_simulate(tmp_path):
    command = [sys.executable, "-m", "edgeingest_tools", "simulate", "--dir", str(tmp_path / "kept"), "--flash", "256"]
    for number in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as child:
            line = child.stdout.readline()
            assert line.startswith("A board is connected at /dev/")
            port = type("Board", (), {"port": line.split()[-1]})
            assert run(port, "import os\nprint(os.statvfs('/')[2], os.listdir())").split()[0] == "64"
            if number:
                assert run(port, "print(open('/x').read())") == "kept\n"
            run(port, "f = open('/x', 'w')\nf.write('kept')\nf.close()")
            child.send_signal(signal.SIGINT)
            assert child.wait(10) == 0
    assert (tmp_path / "kept" / "flash.bin").stat().st_size == 256 * 1024
