"""The way to a connected board: mpremote's serial transport, with errors that say what to do."""

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
_CHUNK = 1536  # bytes of a file that go over in one piece, as 2 KB of base64
_SILENCE_S = 10  # a board that says nothing for so long has stopped, unless a call says otherwise
_PIECE_S = 3  # and for one byte in the middle of an answer
_STARTS_S = (3, 10)  # a board that is just starting loses what is sent to it, so it is asked twice
_TERMINAL = (__import__("termios").error,) if os.name == "posix" else ()  # no OSError, though it means one
_BROKEN = (TransportError, OSError, struct.error, *_TERMINAL)


class BoardError(Exception):
    """A board cannot do, or did not do, what was asked; the text says what to do about it."""


class DeviceError(BoardError):
    """Code on the board raised an exception; `trace` is what MicroPython said."""

    def __init__(self, trace: str) -> None:
        self.trace = trace.strip()
        super().__init__(self.trace.splitlines()[-1] if self.trace else "the board raised an exception")


def ports() -> list[str]:
    """Serial ports at USB, where boards are."""
    return sorted(port.device for port in list_ports.comports() if port.vid is not None)


def choose(port: str | None) -> str:
    """The port that was asked for, or the only one that there is."""
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
    """Why a port could not be opened."""
    if os.name == "posix" and not os.path.exists(port):
        return f"there is no {port}: look with `edgeingest boards` where the board is"
    if os.name == "posix" and not os.access(port, os.R_OK | os.W_OK):
        return (
            f"{port} may not be opened by this user: on Linux, `sudo usermod -a -G dialout $USER` "
            "(on Arch: uucp), then log out and in again"
        )
    if _is_something_else(port):
        return f"{port} is no serial port: look with `edgeingest boards` where the board is"
    return f"{port} is in use: close the program that has it open (mpremote, Thonny, a serial monitor)"


def _is_something_else(port: str) -> bool:
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
    """A board in its raw REPL, for the time of a `with` block; afterwards it starts anew if `restart` says so.

    fresh: begin with a soft reset, so that nothing of an interrupted program occupies the heap.
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
            with contextlib.suppress(*_BROKEN), contextlib.redirect_stdout(io.StringIO()):  # it prints surprises
                self._transport.enter_raw_repl(soft_reset=fresh, timeout_overall=limit_s)
                return
        self._close()
        raise BoardError(
            f"{self.port} does not answer as MicroPython does: press the board's reset button and try again; "
            "if it never does, it has no MicroPython yet (https://micropython.org/download)"
        )

    def reset(self) -> None:
        """A soft reset, without running main.py."""
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
        """Runs code on the board and returns what it printed; `each` gets every byte at once, instead."""
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
        """Defines what is in on_device/<name>.py on the board, for the time of this link."""
        self.run((_ON_DEVICE / f"{name}.py").read_text())

    def call(self, expression: str) -> Any:
        """The value of an expression; it must be what JSON can say."""
        return json.loads(self.run(f"import json\nprint(json.dumps({expression}))"))

    def lines(self, code: str, silence_s: float = _SILENCE_S) -> list[Any]:
        """Runs code that prints one JSON value a line, and returns the values."""
        return [json.loads(line) for line in self.run(code, None, silence_s).splitlines() if line.strip()]

    def write(self, path: str, data: bytes, progress: Callable[[int], None] = lambda count: None) -> None:
        """Writes a file on the board; `progress` gets the number of bytes of each piece."""
        self.run(f"import binascii\n_f = open({path!r}, 'wb')\ndef _w(s): _f.write(binascii.a2b_base64(s))")
        for chunk in _pieces(data):
            self.run(f"_w({binascii.b2a_base64(chunk, newline=False)!r})")
            progress(len(chunk))
        self.run("_f.close()")

    def read(self, path: str, progress: Callable[[int], None] = lambda count: None) -> bytes:
        """A file of the board."""
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
