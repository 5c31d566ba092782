"""Does what README.md says: its programs on MicroPython, its commands in a copy of the project."""

import contextlib
import functools
import hashlib
import json
import shlex
import shutil
import subprocess
from pathlib import Path

import compile_mpy
import pytest
from edgeingest_tools import certificates
from edgeingest_tools.board.simulated import Simulated
from readme_support import HOST, KEYS, check_wave, run, service_at
from service_support import running
from support import interpreters, readme
from support.checkout import Checkout

DATA = interpreters.ROOT / "firmware" / "examples" / "data"


# -- the programs
def upload_a_wave(program, folder):
    with service_at(folder / "service") as service:
        shutil.copyfile(folder / "service" / "ca.der", folder / "ca.der")
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


# first line of a Python block -> what runs it
PROGRAMS = {"import ntptime": upload_a_wave, "from edgeingest import Client, File": upload_a_picture}


@pytest.mark.parametrize("block", readme.blocks("python"), ids=lambda block: block.lines[0])
def test_program(block, tmp_path):
    PROGRAMS[block.lines[0]](block.text, tmp_path)


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_the_first_program_does_verify(wrong, tmp_path):
    """Else its test above would show nothing: TLS must not be what the redirection has replaced."""
    with service_at(tmp_path / "service", "other.example" if wrong == "name" else HOST) as service:
        certificates.server_context(tmp_path / "other", [HOST])
        shutil.copyfile(tmp_path / ("other" if wrong == "authority" else "service") / "ca.der", tmp_path / "ca.der")
        done = run(readme.blocks("python")[0].text, tmp_path, HOST, 443, service.url)
        assert done.returncode == 1
        assert "CertificateError: ingestion.edgeimpulse.com:443 did not prove who it is" in done.stderr + done.stdout
        assert service.rows() == []


# -- the commands
# Python reads this when it starts: there is another server at the address of the real one.
SITECUSTOMIZE = """
import os, socket
connect = socket.create_connection

def redirected(address, *rest, **named):
    assert address == ("ingestion.edgeimpulse.com", 443), address
    return connect(("127.0.0.1", int(os.environ["REDIRECTED"])), *rest, **named)

socket.create_connection = redirected
"""
# What is on the board.
HASHES = """
import binascii, hashlib, json, os
hashes = {}
folders = ["edgeingest/"]
for folder in folders:
    for name, kind, *_ in os.ilistdir(folder[:-1]):
        if kind & 0x4000:
            folders.append(folder + name + "/")
        else:
            with open(folder + name, "rb") as file:
                hashes[folder + name] = binascii.hexlify(hashlib.sha256(file.read()).digest()).decode()
print(json.dumps(hashes))
"""


class Place(Checkout):
    """Where commands run: with a board on a port and a service in place of the real one, for those that need them."""

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
        """Starts a service, to be stopped at the end; the URL it says it listens on."""
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

    def mpremote(self, command, *more):
        """README names no port, as mpremote finds a board at USB by itself; `resume`: no soft reset each time."""
        program, *words = command.split()
        return self.run(program, "connect", self.port, "resume", *words, *more)

    def on_board(self, script):
        path = self._outside / "script.py"
        path.write_text(script)
        return self.mpremote(".venv/bin/mpremote run", str(path))


def make_mpy(place, command):
    place.run(command)
    firmware = place.folder / "firmware"
    modules = {path.relative_to(firmware) for path in firmware.glob("edgeingest/**/*.py")}
    for arch in compile_mpy.ARCHITECTURES:
        made = place.folder / "build" / "mpy" / arch
        assert {path.relative_to(made).with_suffix(".py") for path in made.rglob("*.mpy")} == modules


def save_root(place, command):
    """Without the internet: the connection is led to a server here, and the trusted root is that of its authority."""
    (place.folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    folder, port = place.service.directory, place.service.url.rpartition(":")[2]
    place.run(command, "--bundle", str(folder / "ca.pem"), paths=(str(place.folder),), REDIRECTED=port)
    assert (place.folder / "ca.der").read_bytes() == (folder / "ca.der").read_bytes()


def copy_library(place, command):
    """As it stands, then with the x64 build, as that is what can run here; elsewhere its kernels are passed over."""
    assert "/armv6m/" in command
    for arch in ("armv6m", "x64"):
        place.mpremote(command.replace("/armv6m/", f"/{arch}/"))
        made = place.folder / "build" / "mpy" / arch
        files = [path for path in made.rglob("*") if path.is_file()]
        hashes = {str(path.relative_to(made)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        assert json.loads(place.on_board(HASHES)) == hashes


def copy_root(place, command):
    """With this the board is complete: the first program must run there."""
    place.mpremote(command)
    program = readme.blocks("python")[0].text
    check_wave(place.service, place.on_board(readme.redirected(program, HOST, 443, place.service.url)))


def make_demo(place, command):
    assert place.run(command).count(" same ") == 7


def make_test(place, command):
    """Tests cannot run all tests; that this is what the command does can be seen."""
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
    """With a free port: other tests may have theirs at the same time."""
    place.url = place.background(command, "--port", "0")


def own_program(place, command):
    """A program with the client that the sentence below the block has."""
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


# command -> what runs it
COMMANDS = {
    "make mpy": make_mpy,
    ".venv/bin/edgeingest ca ingestion.edgeimpulse.com -o ca.der": save_root,
    ".venv/bin/mpremote cp -r build/mpy/armv6m/edgeingest :": copy_library,
    ".venv/bin/mpremote cp ca.der :": copy_root,
    "make demo": make_demo,
    "make test": make_test,
    ".venv/bin/edgeingest serve --hmac-key your_hmac_key": serve,
    "MICROPYPATH=firmware:.frozen .venv/bin/micropython my.py": own_program,
    ".venv/bin/edgeingest list --dir build/demo/http": list_samples,
    ".venv/bin/edgeingest show walking.01.cbor --dir build/demo/http": show_sample,
}


@pytest.mark.parametrize("blocks", [slice(0, 1), slice(1, None)], ids=["onto a board", "here"])
def test_commands(blocks, tmp_path):
    """One after another, as `list` shows what the demo has sent."""
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
