"""Runs scripts on the unix MicroPython, for figures: the firmware as .mpy, a service that is never the slow part."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sink
from compile_mpy import ROOT, compile_file, compile_tree
from edgeingest_tools.micropython import interpreter, micropython

SCRIPTS = ROOT / "tools" / "dev" / "bench"
_LARGEST = 512  # K; what needs more is broken


@dataclass
class Sink:
    """The running service, as scripts are told of it; port 0 is nowhere."""

    ports: dict[str, int]
    ca: str

    def url(self, mode: str) -> str:
        """Of the mode "http" or "tls"; of any other, one that nothing connects to."""
        return f"{'https' if mode == 'tls' else 'http'}://{self.host(mode)}:{self.ports.get(mode) or 1}"

    def host(self, mode: str) -> str:
        return "localhost" if mode == "tls" else "127.0.0.1"

    def options(self, mode: str) -> dict[str, Any]:
        return {
            "url": self.url(mode),
            "host": self.host(mode),
            "port": self.ports.get(mode, 0),
            "ca": self.ca if mode == "tls" else None,
            "reply_data": sink.reply(sink.DATA).decode(),
            "reply_files": sink.reply(sink.files(1)).decode(),
        }


@contextmanager
def service(folder: Path) -> Iterator[Sink]:
    """The service in a process of its own, so that it shares no interpreter lock with what is measured."""
    command = [sys.executable, str(ROOT / "tools" / "dev" / "sink.py"), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            http, tls = (int(port) for port in process.stdout.readline().split())
            yield Sink({"http": http, "tls": tls}, str(folder / "ca.der"))
        finally:
            process.kill()


class Failed(Exception):
    """A script did not come to a good end; the text is what it said."""


@dataclass
class Device:
    """An interpreter that works in a folder: the firmware is there as .mpy, and so are some of the scripts."""

    folder: Path
    more: Sequence[Path] = ()  # folders of other modules for source scripts

    def compile(self, scripts: Sequence[str]) -> None:
        """Compiles the firmware, and these scripts, which are then run without compiling anything on the device."""
        compile_tree(self.folder / "mpy", interpreter().architecture or "x64")
        for script in scripts:
            self.add(SCRIPTS / f"{script}.py")

    def add(self, script: Path) -> None:
        """Compiles one more script, from anywhere."""
        compile_file(script, self.folder / "mpy" / f"{script.stem}.mpy", interpreter().architecture or "x64")

    def measured(self, script: str, options: dict[str, Any], megabytes: int = 24) -> dict[str, Any]:
        """What a source script measured; its heap is large, as the collector is off while a contender runs."""
        asked = json.dumps(options)  # not an argument: MicroPython dies of those of more than 255 bytes
        paths = ":".join(map(str, (SCRIPTS, self.folder / "mpy", *self.more)))
        return json.loads(self._run(f"{megabytes}M", paths, str(SCRIPTS / f"{script}.py"), asked=asked))

    def printed(self, script: str, arguments: Sequence[str] = (), heap: str = "1M") -> str:
        """What a compiled script printed."""
        return self._run(heap, "mpy", "-m", script, *arguments)

    def smallest_heap(self, script: str, arguments: Sequence[str]) -> int:
        """K of heap with which a compiled script comes to a good end, found by bisection."""
        self.printed(script, arguments, f"{_LARGEST}K")
        low, high = 4, _LARGEST
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self.printed(script, arguments, f"{middle}K")
                high = middle
            except Failed:
                low = middle
        return high

    def _run(self, heap: str, paths: str, *arguments: str, asked: str = "") -> str:
        """In the folder, so that what is there has names of the same length, and weight, wherever the folder is."""
        command = [micropython(), "-X", f"heapsize={heap}", *arguments]
        env = {**os.environ, "MICROPYPATH": f"{paths}:.frozen"}
        done = subprocess.run(command, capture_output=True, text=True, env=env, input=asked, cwd=self.folder)
        if done.returncode:
            raise Failed(f"{' '.join(command)}\n{asked}\n{done.stdout}{done.stderr}")
        return done.stdout


def version() -> str:
    """What runs the scripts, in its own words."""
    command = [micropython(), "-c", "import sys; print(sys.version.split('; ')[1], end='')"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
