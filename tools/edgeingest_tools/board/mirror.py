"""Copies of the entries of a board's spool on this computer, kept until the service has them.

The folder of a board has `spool/`, which the device's own code flushes, and `copied.json`: number and hash of every
entry that was copied completely and is still on the board. An entry in that list that is no longer in `spool/` is
finished: stored, rejected or damaged. Only then it is removed from the board, and it is not sent again, even if the
computer or the cable fails in between.
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
ASIDE = ("rejected", "damaged")  # folders in the spool for entries that are not sent again


@dataclass(frozen=True)
class Account:
    """The key and the service that entries are sent with and to."""

    api_key: str = field(repr=False)
    url: str
    ca: str | None
    attempts: int = 5


@dataclass(frozen=True)
class Flushed:
    """The result of Spool.flush; `kept` is -1 if it raised, and `error` is the error's text."""

    stored: int
    duplicates: int
    rejected: int
    damaged: int
    kept: int
    error: str | None


class Mirror:
    """The folder with the copies of one board. The constructor raises BoardError if its list is damaged."""

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

    def _file(self, number: int, kind: str, folder: str = "") -> Path:
        """Returns the path of a file of the spool; 32 numbers are in a folder."""
        return self.spool / folder / f"{number >> 5:06d}" / f"{number:08d}.{kind}"

    def waiting(self) -> list[int]:
        """Returns the numbers of the entries that are here and were not sent yet."""
        return sorted(int(path.stem) for path in [*self.spool.glob("*.ent"), *self.spool.glob("[0-9]*/*.ent")])

    def add(self, number: int, data: bytes, hashed: str) -> None:
        """Keeps an entry that was copied from the board. Raises BoardError if its hash is wrong."""
        if hashlib.sha256(data).hexdigest() != hashed:
            raise BoardError("an entry did not arrive as it is on the board: check the cable, then run this again")
        _write(self._file(number, "ent"), data)
        self.copied[number] = hashed  # after the file: an entry in this list without a file is finished
        self._save()

    def is_finished(self, number: int, hashed: str) -> bool:
        """Returns True if the entry can be removed from the board."""
        return self.copied.get(number) == hashed and not self._file(number, "ent").exists()

    def set_aside(self, number: int) -> tuple[str, str] | None:
        """Returns (folder, reason) if the entry was rejected or is damaged, else None."""
        for folder in ASIDE:
            reason = self._file(number, "txt", folder)
            if reason.exists():
                return folder, reason.read_text(errors="replace")
        return None

    def forget(self, number: int) -> None:
        """Removes everything about an entry that is no longer on the board."""
        self.copied.pop(number, None)
        for folder in ASIDE:
            for kind in ("txt", "ent"):
                self._file(number, kind, folder).unlink(missing_ok=True)
        self._save()

    def flush(self, account: Account) -> Flushed:
        """Sends the waiting entries with the library's own Spool and Client, on the unix MicroPython.

        Raises BoardError if that program fails; an error of the upload is in the result.
        """
        request = {"folder": str(self.spool), **account.__dict__}
        command = [micropython(), "-X", "heapsize=16M", str(_FLUSH)]
        variables = {**os.environ, "MICROPYPATH": f"{firmware.FIRMWARE}:.frozen"}
        done = subprocess.run(
            command, input=json.dumps(request) + "\n", capture_output=True, text=True, env=variables, timeout=_TIMEOUT_S
        )
        lines = done.stdout.splitlines()
        if done.returncode or not lines:
            raise BoardError(f"sending failed: {(done.stderr or done.stdout).strip()[-500:]}")
        return Flushed(*json.loads(lines[-1]))

    def _save(self) -> None:
        _write(self._list, json.dumps(self.copied).encode())


def _write(path: Path, data: bytes) -> None:
    """Writes a file completely or not at all, and before any later write, even if the computer's power fails."""
    part = path.with_suffix(".part")
    if not path.parent.exists():
        path.parent.mkdir()
        _sync(path.parent.parent)
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Returns when the names in a folder are on the disk."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        os.fsync(opened)
        os.close(opened)
