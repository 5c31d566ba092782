"""firmware/package*.json: up to date; with the files that mip installs from them a program uploads samples."""

import contextlib
import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading

import module_imports
import package
import pytest
from edgeingest_tools.board.simulated import Simulated
from support import interpreters, modes
from support.interpreters import FIRMWARE
from support.service import KEY, running

PACKAGES = package.packages()
INSTALL = """
import sys
import mip
mip.install(sys.argv[1], target=sys.argv[2])
"""
# Programs that use the packages; {url} is a service.
BLOCKING = """
from array import array
from edgeingest import Client, Sample
sample = Sample((("a", "m/s2"),), 10, array("f", (1.0, 2.0)), "MIP", name="mip.01")
with Client("{key}", "{url}") as client:
    print(client.send("training", sample).file_name)
"""
AWAITED = """
import asyncio
from array import array
from edgeingest import Sample
from edgeingest.aio import AsyncClient
sample = Sample((("a", "m/s2"),), 10, array("f", (1.0, 2.0)), "MIP", name="mip.01")
async def main():
    async with AsyncClient("{key}", "{url}") as client:
        print((await client.send("training", sample)).file_name)
asyncio.run(main())
"""
KEPT = """
from array import array
from edgeingest import Sample
from edgeingest.spool import Spool
sample = Sample((("a", "m/s2"),), 10, array("f", (1.0, 2.0)), "MIP", name="mip.01")
spool = Spool("spool")
spool.put("training", sample)
print(spool.entries)
"""
FLUSHED = """
from edgeingest import Client
from edgeingest.spool import Spool
with Client("{key}", "{url}") as client:
    print(Spool("spool").flush(client))
"""
PROGRAMS = {"package.json": BLOCKING, "package-core.json": BLOCKING, "package-asyncio.json": AWAITED}


# Errors of modules that need what only boards have.
ABSENT = ["no module named 'network'", "can't import name ADC", "can't import name I2S"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Yields the URL of the firmware on a web server, in a subfolder: URLs in the packages must be relative."""
    root = tmp_path_factory.mktemp("site")
    shutil.copytree(FIRMWARE, root / "some" / "branch", ignore=shutil.ignore_patterns("__pycache__", "*.md"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=root))
    thread = threading.Thread(target=server.serve_forever, name="site")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/some/branch"
    server.shutdown()
    thread.join()
    server.server_close()


def micropython(folder, script, *arguments, heapsize="192K"):
    """Runs a script on a MicroPython with its frozen modules and those in the folder; returns its output."""
    (folder / "run.py").write_text(script)
    command = [interpreters.micropython(), *modes.flags("py", heapsize), "run.py", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=modes.environment(["lib"]), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_packages_are_up_to_date():
    there = {path.name: path.read_text() for path in FIRMWARE.glob("package*.json")}
    assert there == PACKAGES, "stale: run `make package`"


def test_package_json_names_every_file():
    names = {path.relative_to(FIRMWARE).as_posix() for path in FIRMWARE.glob("edgeingest/**/*.py")}
    made = json.loads(PACKAGES["package.json"])
    assert made["urls"] == [[name, name] for name in sorted(names)]
    assert made["version"] == module_imports.version()


def test_every_part_has_a_program_that_uses_it():
    assert {*PROGRAMS, "package-spool.json"} == PACKAGES.keys()


def everything(installed):
    """Returns a script that imports all installed modules, which fails if a package lacks a file that it needs."""
    lines = [f"absent = {ABSENT}"]
    for path in installed:
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        lines += ["try:", f"    import {module}", "except ImportError as e:", "    if str(e) not in absent: raise"]
        lines += ["except Exception as e:", "    if 'no Wi-Fi' not in str(e): raise"]
    return "\n".join(lines)


def install(site, folder, name):
    """Installs a package with mip on the device; all its files are in the folder's lib, and load."""
    assert "Done" in micropython(folder, INSTALL, f"{site}/{name}", "lib")
    named = [name for name, _ in json.loads(PACKAGES[name])["urls"]]
    files = sorted(path.relative_to(folder / "lib") for path in (folder / "lib").rglob("*") if path.is_file())
    assert [path.as_posix() for path in files] == named
    micropython(folder, everything(files), heapsize="4M")


@pytest.mark.parametrize("name", PROGRAMS)
def test_uploads_with_what_mip_on_the_device_installs(site, tmp_path, name):
    install(site, tmp_path, name)
    with running(tmp_path / "data") as service:
        assert micropython(tmp_path, PROGRAMS[name].format(key=KEY, url=service.url)) == "mip.01.cbor\n"
        assert service.row(stored_name="mip.01.cbor")["rows"] == 2


def test_the_spool_package_works_alone_and_sends_with_the_core(site, tmp_path):
    install(site, tmp_path, "package-spool.json")
    assert micropython(tmp_path, KEPT) == "1\n"
    assert "Done" in micropython(tmp_path, INSTALL, f"{site}/package-core.json", "lib")
    with running(tmp_path / "data") as service:
        micropython(tmp_path, FLUSHED.format(key=KEY, url=service.url))
        assert service.row(stored_name="mip.01.cbor")["rows"] == 2


def mpremote(port, *arguments):
    """Runs mpremote on a board; returns its output."""
    command = [sys.executable, "-m", "mpremote", "connect", port, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("place", ["server", "folder"])
def test_uploads_with_what_mpremote_mip_installs(site, tmp_path, place):
    source = site if place == "server" else FIRMWARE
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(running(tmp_path / "data"))
        port = stack.enter_context(Simulated(tmp_path)).port
        output = mpremote(port, "mip", "install", f"{source}/package-core.json")
        assert output.count("Installing: /lib/edgeingest/") == len(json.loads(PACKAGES["package-core.json"])["urls"])
        assert "mip.01.cbor" in mpremote(port, "exec", BLOCKING.format(key=KEY, url=service.url))
        assert service.row(stored_name="mip.01.cbor")["rows"] == 2


def test_nothing_is_installed_from_a_missing_package(site, tmp_path):
    """Otherwise the tests above could pass without fetching anything."""
    assert "Package not found" in micropython(tmp_path, INSTALL, f"{site}/package-gone.json", "lib")
    assert not (tmp_path / "lib").exists()
