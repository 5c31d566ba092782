"""The commands of firmware/README.md for a plain Pico and for no board, one by one: the sample arrives."""

import re
import shlex
import subprocess
import sys

import cbor2
import pytest
from edgeingest_tools.board import simulated
from support.boards import CLOCK
from support.interpreters import FIRMWARE, ROOT
from support.service import HMAC_KEY, KEY, environment, running

TEXT = (FIRMWARE / "README.md").read_text()
SECTION = TEXT.split("## A plain Pico\n")[1].split("\n## ")[0]
COMMANDS = re.search(r"```sh\n(.*?)```", SECTION, re.DOTALL).group(1).splitlines()
# A converter that counts its readings, and a clock for captures, added to a simulated board.
ADC = (
    CLOCK
    + """
class Pin:
    def __init__(self, id):
        self.id = id

class ADC:
    def __init__(self, pin):
        assert pin.id == 26
        self.count = 0
        import edgeingest.capture
        edgeingest.capture.time = Clock()

    def read_u16(self):
        self.count += 1
        return self.count * 600
"""
)


def run(command, port, folder, **variables):
    """Runs a command as a user types it, on this board."""
    program, *words = shlex.split(command)
    if program == ".venv/bin/mpremote":
        words = ["mpremote", "connect", port, *words]
    else:
        words = ["edgeingest_tools", *words, "--port", port]
    words = [str(ROOT / word) if word.startswith("boards/") else word for word in words]
    line = [sys.executable, "-m", *words]
    variables = environment() | variables
    done = subprocess.run(line, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def port(tmp_path):
    [machine] = [path for path in simulated.Simulated.MODULES if path.name == "machine.py"]
    (tmp_path / "machine.py").write_text(machine.read_text() + ADC)
    others = [path for path in simulated.Simulated.MODULES if path.name not in ("machine.py", "network.py")]
    with simulated.Simulated(tmp_path, modules=[tmp_path / "machine.py", *others]) as board:
        yield board.port


def test_a_plain_pico(tmp_path, port):
    assert [shlex.split(command)[1] for command in COMMANDS] == ["deploy", "provision", "run", "pull"]
    with running(tmp_path / "data", hmac_key=HMAC_KEY) as service:
        keys = {"API_KEY": KEY, "HMAC_KEY": HMAC_KEY, "URL": service.url, "LABEL": "idle", "DEVICE_NAME": "attic"}
        answers = {f"EDGEINGEST_{name}": value for name, value in keys.items()}  # answers to questions of provision
        deploy, provision, first, pull = COMMANDS
        assert "is on the board" in run(deploy, port, tmp_path)
        run(provision, port, tmp_path, **answers)
        assert "kept" in run(first, port, tmp_path)
        assert "1 stored" in run(pull, port, tmp_path)
        assert "0 stored" in run(pull, port, tmp_path)
        row = service.row()
        message = cbor2.loads((service.directory / "training" / row["stored_name"]).read_bytes())
    assert (row["stored_name"], row["label"], row["signature"], row["rows"]) == ("first.cbor", "idle", "valid", 100)
    assert message["payload"]["device_name"] == "attic"
    assert message["payload"]["sensors"] == [{"name": "input", "units": "V"}]
    wanted = [reading * 600 * 3.3 / 65535 for reading in range(1, 101)]
    assert message["payload"]["values"] == pytest.approx(wanted, rel=1e-5)


def test_no_board_at_hand(tmp_path):
    """The commands for an ESP32 on a simulated board, and the first sample of that board."""
    [first] = re.findall(r"(?m)^\.venv/bin/mpremote connect /dev/pts/1 (run .*)$", TEXT)
    _, esp32, *_ = TEXT.split("\n## ")
    deploy, provision, doctor, _, main = re.findall(r"(?m)^ +(\.venv/bin/.*)$", esp32)
    with running(tmp_path / "data", hmac_key=HMAC_KEY) as service, simulated.Simulated(tmp_path) as board:
        keys = {"EDGEINGEST_API_KEY": KEY, "EDGEINGEST_HMAC_KEY": HMAC_KEY, "EDGEINGEST_URL": service.url}
        run(deploy, board.port, tmp_path)
        run(provision, board.port, tmp_path, **keys)
        assert "upload        doctor.cbor" in run(doctor, board.port, tmp_path)
        assert run(f".venv/bin/mpremote {first}", board.port, tmp_path) == "stored first.cbor\n"
        assert "main.py is in place" in run(main, board.port, tmp_path)
        row = service.row(stored_name="first.cbor")
    assert (row["signature"], row["rows"]) == ("valid", 100)
