"""`edgeingest provision`: the configuration is written completely or not at all, and secrets are not shown."""

import json
import os
import pty
import select
import subprocess
import sys
import time

import pytest
from edgeingest_tools.board.simulated import Simulated
from edgeingest_tools.service import certificates
from support.boards import edgeingest, run
from support.service import environment, running

KEY, HMAC, PASSWORD = "ei_topsecret0123456789", "fed53116f20684c067774ebf9e7bcbdc", "correct horse battery"
SECRETS = (KEY, HMAC, PASSWORD)
TOML = f"""
wifi_ssid = "Café"
wifi_password = "{PASSWORD}"
api_key = "{KEY}"
hmac_key = "{HMAC}"
url = "http://192.168.1.10:4810/"
label = "wave"
device_name = "pole 7"
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    with Simulated(tmp_path_factory.mktemp("board")) as board:
        yield board


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def on_board(board):
    return json.loads(run(board, "print(open('/edgeingest.json').read())"))


def no_secrets(text):
    assert not [secret for secret in SECRETS if secret[:9] in text], text


def test_from_a_file_shown_and_erased(board, file):
    output = edgeingest(board, "provision", "--file", str(file))
    no_secrets(output)
    assert on_board(board) == {
        "wifi_ssid": "Café",
        "wifi_password": PASSWORD,
        "api_key": KEY,
        "hmac_key": HMAC,
        "url": "http://192.168.1.10:4810",
        "label": "wave",
        "device_name": "pole 7",
    }
    shown = edgeingest(board, "provision", "--show")
    no_secrets(shown)
    assert "pole 7" in shown and shown.count("(set, not shown)") == 3
    edgeingest(board, "provision", "--erase")
    assert run(board, "import os\nprint([n for n in os.listdir('/') if 'edgeingest' in n])") == "[]\n"
    assert "there is no /edgeingest.json" in edgeingest(board, "provision", "--show", good=False)


def test_from_the_environment(board):
    env = {"EDGEINGEST_API_KEY": KEY, "EDGEINGEST_URL": "http://h", "EDGEINGEST_LABEL": ""}
    no_secrets(edgeingest(board, "provision", env=env))
    assert on_board(board) == {"api_key": KEY, "url": "http://h"}
    error = edgeingest(board, "provision", good=False)
    assert "EDGEINGEST_API_KEY" in error


@pytest.mark.parametrize(
    "line, wanted",
    [
        ('api_key = "ei_topsecret 0123456789"', "api_key: visible ASCII characters"),
        ('api_key = ""', "api_key: visible ASCII"),
        ('wifi_password = "correct"', "wifi_password: 8 to 64 bytes"),
        ('url = "ftp://h"', "url: scheme, host and port are needed"),
        ('url = "https://h:99999"', "url: Port out of range"),
        ('url = "https://h/path"', "url: scheme, host and port are needed"),
        ('api_kye = "x"', "api_kye: there is no such key"),
        ('label = ""', "label: String should have at least 1 character"),
        ("label = 5", "label: Input should be a valid string"),
        ("[", "is no TOML"),
        ('ca = "nothing.pem"\nurl = "https://h"', "ca: cannot read nothing.pem"),
        ('url = "https://192.0.2.1"', "--fetch connects to 192.0.2.1:443 once"),
    ],
)
def test_errors_in_a_file(board, tmp_path, line, wanted):
    name = line.partition(" ")[0]
    lines = [each for each in TOML.splitlines() if not each.startswith((name, "url ="))] + line.split("\n")
    (tmp_path / "x.toml").write_text("\n".join(lines))
    error = edgeingest(board, "provision", "--file", str(tmp_path / "x.toml"), good=False)
    assert wanted in error
    no_secrets(error)


def test_the_root_certificate(board, tmp_path, file):
    """It is fetched from the host on request, or read from a file."""
    with running(tmp_path / "service", tls=certificates.server_context(tmp_path / "service", ["localhost"])) as service:
        url = service.url.replace("127.0.0.1", "localhost")
        file.write_text(f'api_key = "{KEY}"\nurl = "{url}"\n')
        pem, der = (tmp_path / "service" / name for name in ("ca.pem", "ca.der"))
        output = edgeingest(board, "provision", "--file", str(file), "--fetch", "--bundle", str(pem))
        assert "certificate   subject" in output
        assert on_board(board)["ca"] == "/edgeingest.der"
        look = "import binascii\nprint(binascii.hexlify(open('/edgeingest.der', 'rb').read()).decode())"
        assert run(board, look).strip() == der.read_bytes().hex()
        edgeingest(board, "provision", "--erase")
        file.write_text(f'api_key = "{KEY}"\nurl = "{url}"\nca = "{pem}"\n')
        edgeingest(board, "provision", "--file", str(file))
        assert run(board, look).strip() == der.read_bytes().hex()
        not_trusted = edgeingest(board, "provision", "--file", str(file), env={"EDGEINGEST_CA": ""})
        no_secrets(not_trusted)


def test_a_board_without_network(tmp_path, file):
    """It needs no root certificate: the computer sends its data."""
    modules = [path for path in Simulated.MODULES if path.name != "network.py"]
    file.write_text(f'api_key = "{KEY}"\n')
    with Simulated(tmp_path, modules=modules) as board:
        assert "`edgeingest pull` sends" in edgeingest(board, "provision", "--file", str(file))
        assert on_board(board) == {"api_key": KEY, "url": "https://ingestion.edgeimpulse.com"}


def test_the_old_configuration_is_kept_when_it_is_interrupted(board, file):
    edgeingest(board, "provision", "--file", str(file))
    before, start = on_board(board), board.received
    file.write_text(TOML.replace("pole 7", "pole 8"))
    edgeingest(board, "provision", "--file", str(file))
    whole = board.received - start
    after = on_board(board)
    edgeingest(board, "provision", "--file", str(file))
    for part in (0.5, 0.9, 0.97, 0.99):
        board.unplug_after(int(whole * part))
        no_secrets(edgeingest(board, "provision", "--file", str(file), good=False))
        board.plug()
        assert on_board(board) in (before, after)


def test_questions_without_echo(board):
    """On a terminal: secrets that are typed are not echoed."""
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "edgeingest_tools", "provision", "--port", board.port]
    child = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment())
    os.close(terminal)
    seen, answers = "", ["net", "short", PASSWORD, "", KEY, HMAC, "ftp://h", "http://h", "", "x"]
    for number, question in enumerate(
        [
            "Wi-Fi network",
            "Wi-Fi password",
            "Wi-Fi password",
            "API key",
            "API key",
            "HMAC key",
            "Service",
            "Service",
            "Label",
            "Name of this device",
        ]
    ):
        at = len(seen)
        seen += until(master, question)
        time.sleep(0.1)  # the echo is turned off after the question
        os.write(master, answers[number].encode() + b"\n")
        assert question in seen[at:]
    seen += until(master, "tries it out")
    assert "wifi_password: 8 to 64 bytes" in seen and "url: scheme, host and port" in seen
    assert child.wait(10) == 0
    os.close(master)
    no_secrets(seen)
    assert on_board(board) == {
        "wifi_ssid": "net", "wifi_password": PASSWORD, "api_key": KEY, "hmac_key": HMAC, "url": "http://h",
        "device_name": "x",
    }  # fmt: skip


def until(master, wanted):
    seen = ""
    while wanted not in seen:
        assert select.select([master], [], [], 20)[0], seen
        seen += os.read(master, 4096).decode(errors="replace")
    return seen
