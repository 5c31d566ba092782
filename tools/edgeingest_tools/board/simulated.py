"""A simulated board: the unix MicroPython behind a serial port, with a real littlefs in a file.

It starts as boards do: the file system is mounted at /, main.py runs, then the REPL answers. Ctrl-C interrupts,
Ctrl-D is a soft reset. Its cable can be unplugged and its power cut at any byte; the flash keeps its contents.
"""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import tty
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from edgeingest_tools.micropython import micropython

BLOCK = 4096
_SIMULATION = Path(__file__).parent / "simulation"
_RUNS = b"\x00main\x00"  # boot.py prints this when main.py begins
_PROMPT = b">>> "
_RAW = b"raw REPL; CTRL-B to exit\r\n"
_INTERRUPT = b"\x03"
_INTERRUPT_S = 0.3  # a REPL reads Ctrl-C at once; a program that has not read it by then gets a signal
_TICK_S = 0.01
_LONGEST = 65536  # bytes of output that wait for the host; the rest is lost


@dataclass(frozen=True)
class Kind:
    """A kind of board: sys.platform, "esp32" or "rp2"; sys.implementation._machine; where it has its files.

    place: offset, size and name of the partition; None: it has none. The simulated flash has a size of its own.
    """

    platform: str
    machine: str
    place: tuple[int, int, str] | None


class Simulated:
    """A board that runs during `with Simulated(folder) as board:`; `board.port` is its serial port."""

    MODULES = tuple(sorted((_SIMULATION / "modules").glob("*.py")))  # modules that the unix port does not have

    def __init__(
        self,
        folder: Path,
        heap: str = "192K",
        flash_bytes: int = 1 << 20,
        modules: Sequence[Path] = MODULES,
        environment: dict[str, str] | None = None,
        kind: Kind | None = None,
    ) -> None:
        self.flash = folder / "flash.bin"
        if not self.flash.exists():
            self.flash.touch(0o600)  # it will contain keys
            self.flash.write_bytes(b"\xff" * flash_bytes)
        boot = str(_SIMULATION / "boot.py")
        self._command = [micropython(), "-X", "heapsize=" + heap, "-i", boot, str(self.flash)]
        self._command.append(str(self.flash.stat().st_size // BLOCK))
        self._modules = [str(path) for path in modules]
        self.environment = {**os.environ, "MICROPYPATH": ".frozen", **(environment or {})}
        if kind:
            self._modules.append(str(_SIMULATION / "ports" / f"{kind.platform}.py"))
            self.environment["BOARD_KIND"] = json.dumps(asdict(kind))
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cable: tuple[int, int] | None = None
        self._bytes_to_unplug: int | None = None  # bytes from the host until the cable is unplugged
        self._interrupted_at: float | None = None  # the time of a Ctrl-C that was not read yet
        self.port = ""
        self.received = 0

    def __enter__(self) -> "Simulated":
        # mpremote needs a device to open. So there are two pseudo-terminals, and bytes are passed between them.
        self._device, self._console = pty.openpty()
        tty.setraw(self._console)
        os.set_blocking(self._device, False)
        self._ended = threading.Event()
        self.plug()
        self.power_on()
        self._pump = threading.Thread(target=self._run, name="board", daemon=True)
        self._pump.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._pump.join()
        self.power_off()
        self.unplug()
        os.close(self._device)
        os.close(self._console)

    def plug(self) -> str:
        """Connects the board again and returns the port, which has a new name, as on USB."""
        with self._lock:
            cable, port = pty.openpty()
            tty.setraw(port)
            os.set_blocking(cable, False)
            self._cable, self._bytes_to_unplug = (cable, port), None
            self._to_host = bytearray()
            self.port = os.ttyname(port)
            return self.port

    def unplug(self) -> None:
        """Unplugs the cable; programs that have the port open get an error."""
        with self._lock:
            if self._cable:
                for end in self._cable:
                    os.close(end)
                self._cable = None

    def unplug_after(self, count: int) -> None:
        """Unplugs the cable once the board has received `count` more bytes."""
        with self._lock:
            self._bytes_to_unplug = count

    def power_on(self, run_main: bool = True) -> None:
        """Starts the board, with its main.py or in the raw REPL."""
        with self._lock:
            termios.tcflush(self._console, termios.TCIFLUSH)
            self._seen, self._to_board, self._raw = b"", bytearray(), not run_main
            self._hides_output, self._starting, self._interrupted_at = not run_main, True, None
            command = [*self._command, "main" if run_main else "raw", *self._modules]
            console = self._console
            self._process = subprocess.Popen(
                command, env=self.environment, start_new_session=True, stdin=console, stdout=console, stderr=console
            )

    def power_off(self) -> None:
        """Cuts the power: kills the board at once."""
        with self._lock:
            if self._process:
                self._process.kill()
                self._process.wait()
                self._process, self._interrupted_at = None, None

    def _run(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                read, write = self._interests()
            with contextlib.suppress(OSError, ValueError):  # the cable was unplugged in the meantime
                select.select(read, write, [], _TICK_S)
            with self._lock:
                self._restart()
                self._from_board()
                self._from_host()
                self._write()

    def _interests(self) -> tuple[list[int], list[int]]:
        read, write = [self._device], []
        if self._cable and not self._to_board:
            read.append(self._cable[0])
        if self._cable and self._to_host:
            write.append(self._cable[0])
        return read, write

    def _restart(self) -> None:
        """Starts a REPL again that has ended at Ctrl-D; from the raw REPL without main.py, as on boards."""
        if self._process is None or self._process.poll() is None:
            return
        self._from_board()
        soft = self._process.returncode == 0
        if soft:
            self._queue_output(b"MPY: soft reboot\r\n")
        unread = self._unread()
        pending = (os.read(self._console, unread) if unread else b"") + self._to_board
        self.power_on(run_main=not (self._raw and soft))
        self._to_board += pending

    def _from_board(self) -> None:
        data = _read(self._device)
        if not data:
            return
        self._seen = (self._seen + data)[-256:]
        if self._hides_output:  # until the raw REPL answers: boards do not show the friendly one before it
            if self._starting and self._seen.endswith(_PROMPT):
                self._starting = False
                os.write(self._device, b"\x01")
            if _RAW not in self._seen:
                return
            self._hides_output, data = False, self._seen[self._seen.index(_RAW) :]
        if _RUNS in self._seen or self._seen.endswith((_PROMPT, b"\x04>", _RAW + b">")):
            self._starting = False
        if _RUNS in data:
            data, self._seen = data.replace(_RUNS, b""), b""
        raw, friendly = self._seen.rfind(_RAW), self._seen.rfind(_PROMPT)
        self._raw = self._raw if raw == friendly else raw > friendly
        self._queue_output(data)

    def _queue_output(self, data: bytes) -> None:
        self._to_host += data[: _LONGEST - len(self._to_host)]

    def _from_host(self) -> None:
        if self._cable and not self._to_board:
            data = _read(self._cable[0])
            if self._bytes_to_unplug is not None:
                data = data[: self._bytes_to_unplug]
                self._bytes_to_unplug -= len(data)
            self.received += len(data)
            self._to_board += data if self._process else b""

    def _write(self) -> None:
        if self._interrupted_at is not None:
            self._interrupt()
        elif self._to_board and not self._starting and self._process:
            end = self._to_board.find(_INTERRUPT) + 1
            sent = _write(self._device, self._to_board[: end or None])
            del self._to_board[:sent]
            if sent == end:
                self._interrupted_at = time.monotonic()
        if self._cable and self._to_host:
            del self._to_host[: _write(self._cable[0], self._to_host)]
        if self._bytes_to_unplug == 0 and not self._to_board:
            self.unplug()

    def _interrupt(self) -> None:
        """Called after a Ctrl-C, before more is sent: waits until it is read, or sends a signal to the program."""
        assert self._interrupted_at and self._process
        if not self._unread():
            self._interrupted_at = None
        elif time.monotonic() > self._interrupted_at + _INTERRUPT_S:
            termios.tcflush(self._console, termios.TCIFLUSH)
            self._interrupted_at, self._starting = None, True
            self._process.send_signal(signal.SIGINT)

    def _unread(self) -> int:
        return struct.unpack("i", fcntl.ioctl(self._console, termios.FIONREAD, b"\0" * 4))[0]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # nothing to read, or the other end is closed
        return b""


def _write(descriptor: int, data: bytearray) -> int:
    try:
        return os.write(descriptor, data)
    except OSError:
        return 0
