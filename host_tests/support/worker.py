"""The host side of a worker: keeps one interpreter running and sends it cases."""

import os
import select
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from . import modes
from .device_worker import decode, encode


class DeviceError(Exception):
    """Code in the interpreter raised; `values` are its args, `family` the names of its class and of the bases."""

    def __init__(self, family: list[str], text: str, values: tuple | None, attributes: dict[str, Any], trace: str):
        super().__init__(trace.strip())
        self.family, self.text, self.values, self.attributes, self.trace = family, text, values, attributes, trace
        self.type = family[0]

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("attributes", {}):
            return self.attributes[name]
        raise AttributeError(f"no {name!r}, or its value does not travel: {self}")


class WorkerDied(Exception):
    """The interpreter ended or gave no answer; the text has its output. The next case gets a new interpreter."""


class Helpers:
    """The functions of a source that was defined in the interpreter, as attributes."""

    def __init__(self, worker: "Worker", source: str):
        self._worker, self._source = worker, source

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *values, **named: self._worker.call(self._source, name, values, named)


class Worker:
    def __init__(
        self,
        mode: str,
        heapsize: str = modes.HEAP,
        paths: Sequence[str] = (),
        env: dict[str, str] | None = None,
        timeout: float = 30.0,
    ):
        self.mode, self.timeout = mode, timeout
        self._heapsize, self._paths, self._env = heapsize, [str(path) for path in paths], env
        self._process: subprocess.Popen | None = None
        self._defined: dict[str, int] = {}  # source -> its number in the interpreter that runs now

    def run(self, source: str, **data: Any) -> Any:
        """Runs Python source with `data` as its variables; returns what it assigned to `result`."""
        return self._ask(["run", source, data])

    def define(self, source: str) -> Helpers:
        """Runs source once for the life of the interpreter and gives access to the functions in it."""
        self._number(source)
        return Helpers(self, source)

    def call(self, source: str, name: str, values: Sequence[Any] = (), named: dict[str, Any] | None = None) -> Any:
        return self._ask(["call", self._number(source), name, list(values), named or {}])

    def output(self) -> str:
        """Returns what the interpreter has printed since its start (stdout and stderr)."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def close(self) -> None:
        if self._process is None:
            return
        os.close(self._input)  # the interpreter ends at the end of its input
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._output)
        self._process = None

    def _number(self, source: str) -> int:
        self._start()
        if source not in self._defined:
            number = len(self._defined)
            self._ask(["define", number, source])
            self._defined[source] = number
        return self._defined[source]

    def _start(self) -> None:
        if self._process is not None:
            return
        theirs_in, self._input = os.pipe()
        self._output, theirs_out = os.pipe()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the interpreter runs
        try:
            command = modes.worker_command(self.mode, (theirs_in, theirs_out), self._heapsize, self._paths)
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs_in, theirs_out),
                env=modes.environment([], self._env),
            )
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
            if self._process is None:
                os.close(self._input)
                os.close(self._output)
        self._defined = {}

    def _ask(self, request: list[Any]) -> Any:
        frame = encode(request)  # first: a value that does not travel is an error of the test
        self._start()
        try:
            self._send(struct.pack("<I", len(frame)) + frame)
            deadline = time.monotonic() + self.timeout
            reply = decode(self._receive(struct.unpack("<I", self._receive(4, deadline))[0], deadline))
        except (OSError, EOFError) as error:
            raise self._died(error) from None
        except BaseException:  # pytest-timeout or Ctrl-C came between question and answer
            self._died(EOFError())
            raise
        if reply[0] == "error":
            raise DeviceError(*reply[1:])
        return reply[1]

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._input, view) :]

    def _receive(self, size: int, deadline: float) -> bytes:
        pieces = []
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        while size:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError
            piece = os.read(self._output, size)
            if not piece:
                raise EOFError
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _died(self, error: Exception) -> WorkerDied:
        assert self._process is not None
        hung = isinstance(error, TimeoutError)
        if hung:
            self._process.kill()
        self.close()
        story = f"gave no answer within {self.timeout} s" if hung else "ended"
        return WorkerDied(f"the {self.mode} interpreter {story}; it printed:\n{self.output()[-4000:]}")
