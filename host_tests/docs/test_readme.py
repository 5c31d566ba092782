"""Runs what is in README.md: its programs on MicroPython, its commands in a copy of the project."""

import contextlib
import functools
import hashlib
import json
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from edgeingest_tools.board.simulated import Simulated
from edgeingest_tools.service import certificates
from support import interpreters, readme
from support.checkout import Checkout
from support.readme_service import HOST, KEYS, check_wave, run, service_at
from support.service import running

DATA = interpreters.ROOT / "firmware" / "examples" / "data"


# -- the programs
def upload_a_wave(program, folder):
    with service_at(folder / "service") as service:
        shutil.copyfile(folder / "service" / "ca.der", folder / "edgeingest.der")
        done = run(program, folder, HOST, 443, service.url)
        assert (done.returncode, done.stderr) == (0, "")
        check_wave(service, done.stdout)


def upload_a_picture(program, folder):
    shutil.copyfile(DATA / "flower.01.jpg", folder / "flower.01.jpg")
    with running(folder / "service", **KEYS) as service:
        for state in ("new", "duplicate"):
            done = run(program, folder, "192.168.1.10", 4810, service.url)
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.splitlines()[0] == f"flower.01.jpg {state}"
        row = service.row()
    assert (row["category"], row["stored_name"], row["label"]) == ("testing", "flower.01.jpg", "flower")
    assert json.loads(row["metadata"]) == {"site": "Paris"}
    box = {"label": "flower", "x": 250, "y": 90, "width": 210, "height": 240}
    assert json.loads(row["bounding_boxes"]) == [box]
    assert (service.directory / "testing" / "flower.01.jpg").read_bytes() == (DATA / "flower.01.jpg").read_bytes()


def keep_a_level(program, folder):
    """Runs it twice: first without the service, then with it, which also gets the entry that waited."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = run(program, folder, "192.168.1.10", 4810, f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert (done.returncode, done.stderr) == (0, "") and "kept=1" in done.stdout and "NetworkError" in done.stdout
    with running(folder / "service", **KEYS) as service:
        done = run(program, folder, "192.168.1.10", 4810, service.url)
        assert (done.returncode, done.stderr) == (0, "")
        # If both are signed in the same second, the second is a duplicate of the first.
        assert ("stored=2" in done.stdout or "stored=1, duplicates=1" in done.stdout) and "kept=0" in done.stdout
        assert {row["signature"] for row in service.rows()} == {"valid"}


# first lines of a Python block -> function that runs it
PROGRAMS = {
    "import ntptime": upload_a_wave,
    "from edgeingest import Client, File": upload_a_picture,
    "from array import array": keep_a_level,
}


@pytest.mark.parametrize("block", readme.blocks("python"), ids=lambda block: block.lines[0])
def test_program(block, tmp_path):
    PROGRAMS[block.lines[0]](block.text, tmp_path)


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_the_first_program_verifies_the_server(wrong, tmp_path):
    """The redirection in the test above must not replace the verification by TLS."""
    with service_at(tmp_path / "service", "other.example" if wrong == "name" else HOST) as service:
        certificates.server_context(tmp_path / "other", [HOST])
        shutil.copyfile(
            tmp_path / ("other" if wrong == "authority" else "service") / "ca.der", tmp_path / "edgeingest.der"
        )
        done = run(readme.blocks("python")[0].text, tmp_path, HOST, 443, service.url)
        assert done.returncode == 1
        assert "CertificateError: ingestion.edgeimpulse.com:443 did not prove who it is" in done.stderr + done.stdout
        assert service.rows() == []


# -- the commands
# Prints the files on the board, one a line, because a fragmented heap has no space for one large text.
HASHES = """
import binascii, hashlib, os
folders = ["lib/edgeingest/"]
for folder in folders:
    for name, kind, *_ in os.ilistdir(folder[:-1]):
        if kind & 0x4000:
            folders.append(folder + name + "/")
        else:
            digest = hashlib.sha256()
            with open(folder + name, "rb") as file:
                while part := file.read(512):
                    digest.update(part)
            print(folder + name, binascii.hexlify(digest.digest()).decode())
"""


class Place(Checkout):
    """Runs commands, with a simulated board on a port and a local service in place of the real one where needed."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack):
        super().__init__(folder / "checkout")
        self._outside, self._stack = folder, stack

    @functools.cached_property
    def service(self):
        return self._stack.enter_context(service_at(self._outside / "service"))

    @functools.cached_property
    def port(self):
        return self._stack.enter_context(Simulated(self._outside)).port

    def background(self, command, *more):
        """Starts a service that is stopped at the end; returns the URL that it prints."""
        started = subprocess.Popen(
            [*shlex.split(command), *more],
            cwd=self.folder,
            env=self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._stack.callback(started.wait)
        self._stack.callback(started.terminate)
        return next(line.split()[-1] for line in started.stdout if line.startswith("Listening on "))

    def on_board(self, script):
        path = self._outside / "script.py"
        path.write_text(script)
        return self.run(".venv/bin/mpremote connect", self.port, "run", str(path))


def make_setup(place, command):
    assert place.run(command, "--dry-run", f"VENV={place.folder / 'new'}").count(" install ") >= 3


def deploy(place, command):
    """The files on the board afterwards are those of the library, compiled for the simulated board."""
    place.run(command, "--port", place.port)
    place.run("make mpy")
    made = place.folder / "build" / "mpy" / "x64"
    hashes = {
        f"lib/{path.relative_to(made)}": hashlib.sha256(path.read_bytes()).hexdigest() for path in made.rglob("*.mpy")
    }
    assert dict(line.split() for line in place.on_board(HASHES).splitlines()) == hashes


def provision(place, command):
    """The board is complete with this: the first program must run on it."""
    settings = place.folder / "settings.toml"
    root = place.service.directory / "ca.der"
    lines = {"api_key": KEYS["api_keys"][0], "hmac_key": KEYS["hmac_key"], "url": place.service.url, "ca": str(root)}
    settings.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))
    place.run(command, "--port", place.port, "--file", str(settings))
    program = readme.blocks("python")[0].text
    check_wave(place.service, place.on_board(readme.redirected(program, HOST, 443, place.service.url)))


def doctor(place, command):
    place.run(command, "--port", place.port)


def make_demo(place, command):
    assert place.run(command).count(" same ") == 7


def make_test(place, command):
    """A test cannot run all tests; it checks the command that make would run."""
    assert place.run(command, "--dry-run", "READY=").startswith(".venv/bin/python -m pytest -n 2 host_tests")


def list_samples(place, command):
    lines = place.run(command).splitlines()
    assert [line.split()[2] for line in lines[1:]] == [
        *(f"{activity}.01.cbor" for activity in ("badminton", "running", "standing", "walking")),
        "walking.01.json",
    ]


def show_sample(place, command):
    lines = dict(line.split(None, 1) for line in place.run(command).splitlines())
    assert (lines["name"].strip(), lines["signature"].strip(), lines["rows"].strip()) == (
        "walking.01.cbor",
        "valid",
        "100",
    )


def serve(place, command):
    """With a free port, because other tests run at the same time."""
    place.url = place.background(command, "--port", "0")


def own_program(place, command):
    """Runs a program with the client of the sentence below the block."""
    client = next(code for code in readme.code() if code.startswith("Client("))
    assert "http://127.0.0.1:4810" in client
    program = (
        "from edgeingest import Client, Sample\n"
        f"with {client.replace('http://127.0.0.1:4810', place.url)} as client:\n"
        "    client.send('training', Sample([('x', 'm')], 10, [1, 2, 3], 'PC', name='own'))\n"
    )
    (place.folder / "my.py").write_text(program)
    place.run("env " + command)
    listed = place.run(".venv/bin/edgeingest list")
    assert "own.cbor" in listed and " valid " in listed


# command -> function that runs it
COMMANDS = {
    "make setup": make_setup,
    ".venv/bin/edgeingest deploy": deploy,
    ".venv/bin/edgeingest provision": provision,
    ".venv/bin/edgeingest doctor": doctor,
    "make demo": make_demo,
    "make test": make_test,
    ".venv/bin/edgeingest serve --hmac-key your_hmac_key": serve,
    "MICROPYPATH=firmware:.frozen .venv/bin/micropython my.py": own_program,
    ".venv/bin/edgeingest list --dir build/demo/http": list_samples,
    ".venv/bin/edgeingest show walking.01.cbor --dir build/demo/http": show_sample,
}


@pytest.mark.parametrize("blocks", [slice(0, 1), slice(1, None)], ids=["onto a board", "here"])
def test_commands(blocks, tmp_path):
    """In this order, because `list` shows the files that the demo has sent."""
    with contextlib.ExitStack() as stack:
        place = Place(tmp_path, stack)
        for block in readme.blocks("sh")[blocks]:
            for command in block.lines:
                COMMANDS[command](place, command)


def test_every_block_is_known():
    blocks = readme.blocks()
    assert readme.text().count("```") == 2 * len(blocks)
    assert {block.language for block in blocks} == {"python", "sh"}
    assert [block.lines[0] for block in readme.blocks("python")] == list(PROGRAMS)
    assert [command for block in readme.blocks("sh") for command in block.lines] == list(COMMANDS)
