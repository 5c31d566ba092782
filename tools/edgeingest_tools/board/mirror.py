"""Entries of a board's spool on this computer, until the service has them and the board may forget them.

The folder of a board has `spool/`, which the device's own code flushes, and `copied.json`: number and hash of every
entry that was copied whole and is still on the board. What is in that list and no longer in `spool/` has been dealt
with: whatever is cut off, an entry is removed from the board after that and never before, and not sent again.
"""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from edgeingest_tools import firmware
from edgeingest_tools.board.link import BoardError
from edgeingest_tools.micropython import micropython

_FLUSH = Path(__file__).parent / "on_device" / "flush.py"
_TIMEOUT_S = 3600
ASIDE = ("rejected", "damaged")


@dataclass(frozen=True)
class Account:
    """Where entries go."""

    api_key: str = field(repr=False)
    url: str
    ca: str | None
    attempts: int = 5


@dataclass(frozen=True)
class Flushed:
    """What a flush did, as Spool.flush says it; `kept` is -1 when it raised."""

    stored: int
    duplicates: int
    rejected: int
    damaged: int
    kept: int
    error: str | None


class Mirror:
    def __init__(self, folder: Path) -> None:
        self.spool, self._list = folder / "spool", folder / "copied.json"
        self.spool.mkdir(parents=True, exist_ok=True)
        self.copied: dict[int, str] = {}
        if self._list.exists():
            try:
                self.copied = {int(number): hashed for number, hashed in json.loads(self._list.read_text()).items()}
            except (ValueError, AttributeError):
                raise BoardError(
                    f"{self._list} is damaged: remove it and run this again; the service knows what it has already"
                ) from None

    def waiting(self) -> list[int]:
        """Entries that are here and not yet with the service."""
        return sorted(int(path.stem) for path in self.spool.glob("*.ent"))

    def add(self, number: int, data: bytes, hashed: str) -> None:
        """Takes an entry that came over the cable; whole, or not at all."""
        if hashlib.sha256(data).hexdigest() != hashed:
            raise BoardError("an entry did not arrive as it is on the board: check the cable, then run this again")
        _write(self.spool / f"{number:08d}.ent", data)
        self.copied[number] = hashed  # only now: what is in this list alone has been dealt with
        self._save()

    def dealt_with(self, number: int, hashed: str) -> bool:
        """Whether the board may forget this entry."""
        return self.copied.get(number) == hashed and not (self.spool / f"{number:08d}.ent").exists()

    def set_aside(self, number: int) -> tuple[str, str] | None:
        """(folder, reason), if the entry was refused or is damaged."""
        for folder in ASIDE:
            reason = self.spool / folder / f"{number:08d}.txt"
            if reason.exists():
                return folder, reason.read_text(errors="replace")
        return None

    def forget(self, number: int) -> None:
        """The board has no such entry any more."""
        self.copied.pop(number, None)
        for folder in ASIDE:
            for kind in ("txt", "ent"):
                (self.spool / folder / f"{number:08d}.{kind}").unlink(missing_ok=True)
        self._save()

    def flush(self, account: Account) -> Flushed:
        """Sends what waits here with the library's own Spool and Client, on the unix MicroPython."""
        asked = {"folder": str(self.spool), **account.__dict__}
        command = [micropython(), "-X", "heapsize=16M", str(_FLUSH)]
        variables = {**os.environ, "MICROPYPATH": f"{firmware.FIRMWARE}:.frozen"}
        done = subprocess.run(
            command, input=json.dumps(asked) + "\n", capture_output=True, text=True, env=variables, timeout=_TIMEOUT_S
        )
        lines = done.stdout.splitlines()
        if done.returncode or not lines:
            raise BoardError(f"sending failed: {(done.stderr or done.stdout).strip()[-500:]}")
        return Flushed(*json.loads(lines[-1]))

    def _save(self) -> None:
        _write(self._list, json.dumps(self.copied).encode())


def _write(path: Path, data: bytes) -> None:
    """The file whole or not at all, and before anything that is written after it, if the computer's power fails."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
