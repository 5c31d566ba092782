"""firmware/package*.json: not stale, and what mip installs from them on an empty MicroPython uploads samples."""

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
# What a program does with the parts; {url} is a service. All that was installed has to load as well.
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


# What only boards have.
ABSENT = ["no module named 'network'", "can't import name ADC", "can't import name I2S"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The URL of a web server with the firmware, two folders down: URLs in the packages have to be relative."""
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
    """Runs a script on a MicroPython that has nothing but what is frozen and what is in the folder."""
    (folder / "run.py").write_text(script)
    command = [interpreters.micropython(), *modes.flags("py", heapsize), "run.py", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=modes.environment(["lib"]), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_packages_are_those_that_make_package_makes():
    there = {path.name: path.read_text() for path in FIRMWARE.glob("package*.json")}
    assert there == PACKAGES, "stale: run `make package`"


def test_a_package_names_every_file_that_is_there():
    names = {path.relative_to(FIRMWARE).as_posix() for path in FIRMWARE.glob("edgeingest/**/*.py")}
    made = json.loads(PACKAGES["package.json"])
    assert made["urls"] == [[name, name] for name in sorted(names)]
    assert made["version"] == module_imports.version()


def test_every_part_has_a_program_that_uses_it():
    assert {*PROGRAMS, "package-spool.json"} == PACKAGES.keys()


def everything(installed):
    """A script that imports every module there is: a part that lacks what it needs fails here."""
    lines = [f"absent = {ABSENT}"]
    for path in installed:
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        lines += ["try:", f"    import {module}", "except ImportError as e:", "    if str(e) not in absent: raise"]
        lines += ["except Exception as e:", "    if 'no Wi-Fi' not in str(e): raise"]
    return "\n".join(lines)


def install(site, folder, name):
    """What mip on the device puts into the folder's lib: all that the package names, and it loads."""
    assert "Done" in micropython(folder, INSTALL, f"{site}/{name}", "lib")
    named = [name for name, _ in json.loads(PACKAGES[name])["urls"]]
    files = sorted(path.relative_to(folder / "lib") for path in (folder / "lib").rglob("*") if path.is_file())
    assert [path.as_posix() for path in files] == named
    micropython(folder, everything(files), heapsize="4M")


@pytest.mark.parametrize("name", PROGRAMS)
def test_mip_on_the_device_installs_what_uploads(site, tmp_path, name):
    install(site, tmp_path, name)
    with running(tmp_path / "data") as service:
        assert micropython(tmp_path, PROGRAMS[name].format(key=KEY, url=service.url)) == "mip.01.cbor\n"
        assert service.row(stored_name="mip.01.cbor")["rows"] == 2


def test_the_spool_keeps_alone_and_sends_with_the_core_beside_it(site, tmp_path):
    install(site, tmp_path, "package-spool.json")
    assert micropython(tmp_path, KEPT) == "1\n"
    assert "Done" in micropython(tmp_path, INSTALL, f"{site}/package-core.json", "lib")
    with running(tmp_path / "data") as service:
        micropython(tmp_path, FLUSHED.format(key=KEY, url=service.url))
        assert service.row(stored_name="mip.01.cbor")["rows"] == 2


def mpremote(port, *arguments):
    """Runs mpremote against a board that is running, and gives what it said."""
    command = [sys.executable, "-m", "mpremote", "connect", port, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("place", ["server", "folder"])
def test_mpremote_mip_installs_what_uploads(site, tmp_path, place):
    source = site if place == "server" else FIRMWARE
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(running(tmp_path / "data"))
        port = stack.enter_context(Simulated(tmp_path)).port
        said = mpremote(port, "mip", "install", f"{source}/package-core.json")
        assert said.count("Installing: /lib/edgeingest/") == len(json.loads(PACKAGES["package-core.json"])["urls"])
        assert "mip.01.cbor" in mpremote(port, "exec", BLOCKING.format(key=KEY, url=service.url))
        assert service.row(stored_name="mip.01.cbor")["rows"] == 2


def test_nothing_is_installed_from_a_package_that_is_not_there(site, tmp_path):
    """So that the tests above cannot pass without anything being fetched."""
    assert "Package not found" in micropython(tmp_path, INSTALL, f"{site}/package-gone.json", "lib")
    assert not (tmp_path / "lib").exists()
