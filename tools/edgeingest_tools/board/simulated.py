"""A board without hardware: the unix MicroPython behind a serial port, its files in a real littlefs on a flash file.

It starts as boards do: the file system is mounted at /, main.py runs, then the REPL answers. Ctrl-C interrupts,
Ctrl-D is a soft reset. Its cable can be pulled and its power cut at any byte; the flash stays what it is.
"""

import contextlib
import fcntl
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
from pathlib import Path

from edgeingest_tools.micropython import micropython

BLOCK = 4096
_SIMULATION = Path(__file__).parent / "simulation"
_RUNS = b"\x00main\x00"  # boot.py says that main.py begins
_PROMPT = b">>> "
_RAW = b"raw REPL; CTRL-B to exit\r\n"
_INTERRUPT = b"\x03"
_PATIENCE_S = 0.3  # a REPL reads Ctrl-C at once; a program that does not is interrupted by a signal
_TICK_S = 0.01
_LONGEST = 65536  # what a board says while nobody listens is lost beyond this


class Simulated:
    """A board; `with Simulated(folder) as board:` has it running, and `board.port` is where it is connected."""

    MODULES = tuple(sorted((_SIMULATION / "modules").glob("*.py")))  # which it has beside those of the unix port

    def __init__(
        self,
        folder: Path,
        heap: str = "192K",
        flash_bytes: int = 1 << 20,
        modules: Sequence[Path] = MODULES,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.flash = folder / "flash.bin"
        if not self.flash.exists():
            self.flash.touch(0o600)  # keys will be in it
            self.flash.write_bytes(b"\xff" * flash_bytes)
        boot = str(_SIMULATION / "boot.py")
        self._command = [micropython(), "-X", "heapsize=" + heap, "-i", boot, str(self.flash)]
        self._command.append(str(self.flash.stat().st_size // BLOCK))
        self._modules = [str(path) for path in modules]
        self.environment = {**os.environ, "MICROPYPATH": ".frozen", **(environment or {})}
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cable: tuple[int, int] | None = None
        self._left: int | None = None
        self._asked: float | None = None
        self.port = ""
        self.received = 0

    def __enter__(self) -> "Simulated":
        # mpremote opens a device, so there are two pseudo-terminals, and what comes out of one goes into the other.
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
        """Connects the board anew; the port has another name then, as at USB."""
        with self._lock:
            cable, port = pty.openpty()
            tty.setraw(port)
            os.set_blocking(cable, False)
            self._cable, self._left = (cable, port), None
            self._to_host = bytearray()
            self.port = os.ttyname(port)
            return self.port

    def unplug(self) -> None:
        """Pulls the cable; whoever has the port open gets an error."""
        with self._lock:
            if self._cable:
                for end in self._cable:
                    os.close(end)
                self._cable = None

    def unplug_after(self, count: int) -> None:
        """Pulls the cable when the board has got so many more bytes."""
        with self._lock:
            self._left = count

    def power_on(self, run_main: bool = True) -> None:
        """Starts the board; unless told otherwise it runs its main.py."""
        with self._lock:
            termios.tcflush(self._console, termios.TCIFLUSH)
            self._seen, self._to_board, self._raw = b"", bytearray(), not run_main
            self._quiet, self._waiting, self._asked = not run_main, True, None
            command = [*self._command, "main" if run_main else "raw", *self._modules]
            console = self._console
            self._process = subprocess.Popen(
                command, env=self.environment, start_new_session=True, stdin=console, stdout=console, stderr=console
            )

    def power_off(self) -> None:
        """Cuts the power: whatever the board was doing ends here."""
        with self._lock:
            if self._process:
                self._process.kill()
                self._process.wait()
                self._process, self._asked = None, None

    def _run(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                read, write = self._interests()
            with contextlib.suppress(OSError, ValueError):  # the cable was pulled meanwhile
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
        """A REPL that ended at Ctrl-D begins anew; after Ctrl-D to the raw REPL main.py is not run, as on boards."""
        if self._process is None or self._process.poll() is None:
            return
        self._from_board()
        soft = self._process.returncode == 0
        if soft:
            self._say(b"MPY: soft reboot\r\n")
        unread = self._unread()
        ahead = (os.read(self._console, unread) if unread else b"") + self._to_board
        self.power_on(run_main=not (self._raw and soft))
        self._to_board += ahead

    def _from_board(self) -> None:
        data = _read(self._device)
        if not data:
            return
        self._seen = (self._seen + data)[-256:]
        if self._quiet:  # until the raw REPL is there, as boards do not show the friendly one in between
            if self._waiting and self._seen.endswith(_PROMPT):
                self._waiting = False
                os.write(self._device, b"\x01")
            if _RAW not in self._seen:
                return
            self._quiet, data = False, self._seen[self._seen.index(_RAW) :]
        if _RUNS in self._seen or self._seen.endswith((_PROMPT, b"\x04>", _RAW + b">")):
            self._waiting = False
        if _RUNS in data:
            data, self._seen = data.replace(_RUNS, b""), b""
        raw, friendly = self._seen.rfind(_RAW), self._seen.rfind(_PROMPT)
        self._raw = self._raw if raw == friendly else raw > friendly
        self._say(data)

    def _say(self, data: bytes) -> None:
        self._to_host += data[: _LONGEST - len(self._to_host)]

    def _from_host(self) -> None:
        if self._cable and not self._to_board:
            data = _read(self._cable[0])
            if self._left is not None:
                data = data[: self._left]
                self._left -= len(data)
            self.received += len(data)
            self._to_board += data if self._process else b""

    def _write(self) -> None:
        if self._asked is not None:
            self._interrupt()
        elif self._to_board and not self._waiting and self._process:
            until = self._to_board.find(_INTERRUPT) + 1
            sent = _write(self._device, self._to_board[: until or None])
            del self._to_board[:sent]
            if sent == until:
                self._asked = time.monotonic()
        if self._cable and self._to_host:
            del self._to_host[: _write(self._cable[0], self._to_host)]
        if self._left == 0 and not self._to_board:
            self.unplug()

    def _interrupt(self) -> None:
        """Ctrl-C was sent: nothing more is, until it was read, or the program that did not read it was interrupted."""
        assert self._asked and self._process
        if not self._unread():
            self._asked = None
        elif time.monotonic() > self._asked + _PATIENCE_S:
            termios.tcflush(self._console, termios.TCIFLUSH)
            self._asked, self._waiting = None, True
            self._process.send_signal(signal.SIGINT)

    def _unread(self) -> int:
        return struct.unpack("i", fcntl.ioctl(self._console, termios.FIONREAD, b"\0" * 4))[0]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # nothing there, or nobody at the other end
        return b""


def _write(descriptor: int, data: bytearray) -> int:
    try:
        return os.write(descriptor, data)
    except OSError:
        return 0
