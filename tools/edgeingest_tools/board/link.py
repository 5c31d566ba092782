"""The connection to a board: mpremote's serial transport, with error texts that name the fix."""

import binascii
import contextlib
import io
import json
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial.tools import list_ports

_ON_DEVICE = Path(__file__).parent / "on_device"
_CHUNK = 1536  # bytes of a file that are sent in one piece, as 2 KB of base64
_SILENCE_S = 10  # longest time without output of running code, unless a call sets another
_PIECE_S = 3  # longest time for one byte within an answer
_STARTS_S = (3, 10)  # time limits of two attempts: a board that is starting loses the bytes sent to it
_TERMINAL = (__import__("termios").error,) if os.name == "posix" else ()  # not a subclass of OSError
_BROKEN = (TransportError, OSError, struct.error, *_TERMINAL)


class BoardError(Exception):
    """Raised when an operation on a board is impossible or failed; the text names the fix."""


class DeviceError(BoardError):
    """Raised when code on the board raised an exception; `trace` is MicroPython's traceback."""

    def __init__(self, trace: str) -> None:
        self.trace = trace.strip()
        super().__init__(self.trace.splitlines()[-1] if self.trace else "the board raised an exception")


def ports() -> list[str]:
    """Returns the serial ports on USB, where boards are connected."""
    return sorted(port.device for port in list_ports.comports() if port.vid is not None)


def choose(port: str | None) -> str:
    """Returns `port` if it is given, else the only port there is. Raises BoardError."""
    if port:
        return port
    found = ports()
    if not found:
        raise BoardError(
            "no board is connected: plug it in with a USB cable that carries data, or give --port; "
            "`edgeingest simulate` is a board without hardware"
        )
    if len(found) > 1:
        raise BoardError(f"more than one board is connected: say which with --port: {', '.join(found)}")
    return found[0]


def why_closed(port: str) -> str:
    """Returns the reason why a port could not be opened, and the fix."""
    if os.name == "posix" and not os.path.exists(port):
        return f"there is no {port}: look with `edgeingest boards` where the board is"
    if os.name == "posix" and not os.access(port, os.R_OK | os.W_OK):
        return (
            f"{port} may not be opened by this user: on Linux, `sudo usermod -a -G dialout $USER` "
            "(on Arch: uucp), then log out and in again"
        )
    if _is_not_serial(port):
        return f"{port} is no serial port: look with `edgeingest boards` where the board is"
    return f"{port} is in use: close the program that has it open (mpremote, Thonny, a serial monitor)"


def _is_not_serial(port: str) -> bool:
    if os.name != "posix":
        return False
    try:
        opened = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:  # in use, or a folder
        return os.path.isdir(port)
    try:
        return not os.isatty(opened)
    finally:
        os.close(opened)


class Link:
    """A board that is in its raw REPL during a `with` block; afterwards it is reset if `restart` is true.

    With `fresh` it begins with a soft reset, so that nothing of an interrupted program occupies the heap.
    """

    def __init__(self, port: str, fresh: bool = True, restart: bool = True) -> None:
        self.port, self._fresh, self.restart = port, fresh, restart

    def __enter__(self) -> "Link":
        try:
            self._transport = SerialTransport(self.port, timeout=_PIECE_S)
        except (TransportError, OSError):
            raise BoardError(why_closed(self.port)) from None
        self._enter(self._fresh)
        return self

    def _enter(self, fresh: bool) -> None:
        for limit_s in _STARTS_S:
            with (
                contextlib.suppress(*_BROKEN),
                contextlib.redirect_stdout(io.StringIO()),  # mpremote prints the bytes that it does not expect
            ):
                self._transport.enter_raw_repl(soft_reset=fresh, timeout_overall=limit_s)
                return
        self._close()
        raise BoardError(
            f"{self.port} does not answer as MicroPython does: press the board's reset button and try again; "
            "if it never does, it has no MicroPython yet (https://micropython.org/download)"
        )

    def reset(self) -> None:
        """Does a soft reset, without running main.py. Raises BoardError."""
        self._enter(True)

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(*_BROKEN):
            self._transport.serial.write(b"\r\x03\x02" + (b"\x04" if self.restart else b""))
            self._transport.serial.flush()
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(*_BROKEN):
            self._transport.close()

    def run(self, code: str, each: Callable[[bytes], None] | None = None, silence_s: float = _SILENCE_S) -> str:
        """Runs code on the board and returns its output, or calls `each` with every byte of it as it arrives.

        Raises DeviceError if the code raises an exception, and BoardError if the board does not answer.
        """
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                self._transport.exec_raw_no_follow(code)
            output, trace = self._transport.follow(silence_s, each)
        except _BROKEN as error:
            raise BoardError(
                f"{self.port} has stopped answering ({error}): check the cable, press reset, and run this again"
            ) from None
        if trace:
            raise DeviceError(trace.decode(errors="replace"))
        return bytes(output).decode(errors="replace")

    def load(self, name: str) -> None:
        """Runs on_device/<name>.py on the board, so that its functions can be called until the next reset."""
        self.run((_ON_DEVICE / f"{name}.py").read_text())

    def call(self, expression: str) -> Any:
        """Returns the value of an expression on the board; JSON must be able to express it."""
        return json.loads(self.run(f"import json\nprint(json.dumps({expression}))"))

    def lines(self, code: str, silence_s: float = _SILENCE_S) -> list[Any]:
        """Runs code that prints one JSON value per line, and returns the values."""
        return [json.loads(line) for line in self.run(code, None, silence_s).splitlines() if line.strip()]

    def write(self, path: str, data: bytes, progress: Callable[[int], None] = lambda count: None) -> None:
        """Writes a file on the board; calls `progress` with the number of bytes of each piece."""
        self.run(f"import binascii\n_f = open({path!r}, 'wb')\ndef _w(s): _f.write(binascii.a2b_base64(s))")
        for chunk in _pieces(data):
            self.run(f"_w({binascii.b2a_base64(chunk, newline=False)!r})")
            progress(len(chunk))
        self.run("_f.close()")

    def read(self, path: str, progress: Callable[[int], None] = lambda count: None) -> bytes:
        """Returns the content of a file on the board; calls `progress` with the number of bytes of each piece."""
        self.run(f"import binascii\n_f = open({path!r}, 'rb')")
        data = bytearray()
        while chunk := binascii.a2b_base64(self.run(f"print(binascii.b2a_base64(_f.read({_CHUNK})).decode(), end='')")):
            data += chunk
            progress(len(chunk))
        self.run("_f.close()")
        return bytes(data)


def _pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _CHUNK):
        yield data[at : at + _CHUNK]
