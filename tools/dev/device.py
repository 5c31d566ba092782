"""Runs scripts that measure on the unix MicroPython, with the firmware as .mpy and a service that answers at once."""

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
_LARGEST = 512  # K of heap; every script has to work with so much


@dataclass
class Sink:
    """The running service and the options with which scripts reach it; port 0: there is no service for a mode."""

    ports: dict[str, int]
    ca: str

    def url(self, mode: str) -> str:
        """Returns the URL of the mode "http" or "tls"; for any other mode, one on which nothing listens."""
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
    """Runs the service in its own process during a `with` block, so that it does not slow down the measurement."""
    command = [sys.executable, str(ROOT / "tools" / "dev" / "sink.py"), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            http, tls = (int(port) for port in process.stdout.readline().split())
            yield Sink({"http": http, "tls": tls}, str(folder / "ca.der"))
        finally:
            process.kill()


class Failed(Exception):
    """Raised when a script failed; the text has the command and its output."""


@dataclass
class Device:
    """An interpreter with its folder, which has the firmware and some of the scripts as .mpy."""

    folder: Path
    more: Sequence[Path] = ()  # folders of other modules for source scripts

    def compile(self, scripts: Sequence[str]) -> None:
        """Compiles the firmware and these scripts, so that nothing is compiled when they run."""
        compile_tree(self.folder / "mpy", interpreter().architecture or "x64")
        for script in scripts:
            self.add(SCRIPTS / f"{script}.py")

    def add(self, script: Path) -> None:
        """Compiles one more script, from any folder."""
        compile_file(script, self.folder / "mpy" / f"{script.stem}.mpy", interpreter().architecture or "x64")

    def measured(self, script: str, options: dict[str, Any], megabytes: int = 24) -> dict[str, Any]:
        """Returns the results of a source script; its heap is large, because the collector is off during a measurement.

        Raises Failed.
        """
        request = json.dumps(options)  # not an argument: MicroPython crashes if one is longer than 255 bytes
        paths = ":".join(map(str, (SCRIPTS, self.folder / "mpy", *self.more)))
        return json.loads(self._run(f"{megabytes}M", paths, str(SCRIPTS / f"{script}.py"), request=request))

    def printed(self, script: str, arguments: Sequence[str] = (), heap: str = "1M") -> str:
        """Returns the output of a compiled script. Raises Failed."""
        return self._run(heap, "mpy", "-m", script, *arguments)

    def smallest_heap(self, script: str, arguments: Sequence[str]) -> int:
        """Returns the smallest heap, in K, in which a compiled script works, found by bisection."""
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

    def _run(self, heap: str, paths: str, *arguments: str, request: str = "") -> str:
        """Runs a script in the folder: relative file names take the same heap wherever the folder is."""
        command = [micropython(), "-X", f"heapsize={heap}", *arguments]
        env = {**os.environ, "MICROPYPATH": f"{paths}:.frozen"}
        done = subprocess.run(command, capture_output=True, text=True, env=env, input=request, cwd=self.folder)
        if done.returncode:
            raise Failed(f"{' '.join(command)}\n{request}\n{done.stdout}{done.stderr}")
        return done.stdout


def version() -> str:
    """Returns the version text of the interpreter that runs the scripts."""
    command = [micropython(), "-c", "import sys; print(sys.version.split('; ')[1], end='')"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
