"""A board for mpremote: the unix MicroPython's REPL behind a serial port, with littlefs on a flash of 1 MB."""

import contextlib
import os
import pty
import select
import subprocess
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

from . import interpreters, modes

_START_S = 30
_BOOT = """
import os, sys, vfs

class Flash:
    def __init__(self, path):
        self.file = open(path, "r+b")

    def readblocks(self, block, buffer, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.write(buffer)

    def ioctl(self, operation, value):
        return {4: 256, 5: 4096}.get(operation, 0)  # blocks, and bytes of one

flash = Flash(sys.argv[1])
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/flash")
os.chdir("/flash")
sys.path[:] = ["", ".frozen", "/flash/lib"]
"""


@contextlib.contextmanager
def board(folder: Path) -> Iterator[str]:
    """The port to connect to while the block runs; to be used with `resume`, as this REPL ends at a soft reset.

    The flash and the script that mounts it are files in the folder.
    """
    boot, flash = folder / "boot.py", folder / "flash.bin"
    boot.write_text(_BOOT)
    flash.write_bytes(b"\xff" * (1 << 20))
    # mpremote opens a device, so there are two pseudo-terminals, and what comes out of one goes into the other.
    device, repl = pty.openpty()
    cable, port = pty.openpty()
    tty.setraw(repl)
    tty.setraw(port)
    command = [interpreters.micropython(), *modes.flags("py", "192K"), "-i", str(boot), str(flash)]
    process = subprocess.Popen(command, env=modes.environment([]), stdin=repl, stdout=repl, stderr=repl)
    os.close(repl)
    ends = ((device, cable), (cable, device))
    pumps = [threading.Thread(target=_pump, args=each, name="pump", daemon=True) for each in ends]
    try:
        _wait_for_prompt(device)
        for pump in pumps:
            pump.start()
        yield os.ttyname(port)
    finally:
        process.kill()
        process.wait()
        os.close(port)  # now nobody has the other end of either: the pumps stop
        for pump in pumps:
            if pump.ident:
                pump.join()
        os.close(device)
        os.close(cable)


def _pump(source: int, sink: int) -> None:
    with contextlib.suppress(OSError):  # Linux says EIO when the other end is closed, macOS nothing
        while data := os.read(source, 4096):
            while data:
                data = data[os.write(sink, data) :]


def _wait_for_prompt(device: int) -> None:
    seen = b""
    while not seen.endswith(b">>> "):
        if not select.select([device], [], [], _START_S)[0]:
            raise TimeoutError(f"MicroPython shows no prompt: {seen!r}")
        try:
            seen += os.read(device, 4096)
        except OSError:
            raise RuntimeError(f"MicroPython ended: {seen.decode(errors='replace')}") from None
