"""Files on disk and their index: an acknowledged file is stored, even if the process is killed at any moment.

A file is first written to incoming/, then its row is committed as not yet stored, then it is renamed to its place,
then the row is committed as stored, and only then the client gets its answer. So every file of the service outside
incoming/ has a row, and start-up removes exactly the files that were never acknowledged, and no file of the user. After
a power cut the last seconds may be missing, because nothing is flushed to the disk.
"""

import contextlib
import json
import os
import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from edgeingest_tools.service import formats
from edgeingest_tools.service.message import Facts
from edgeingest_tools.service.names import stored_name, unique_id

INDEX = "index.sqlite"
CATEGORIES = ("training", "testing", "anomaly")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS samples (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stored INTEGER NOT NULL DEFAULT 0, category TEXT NOT NULL,
    stored_name TEXT NOT NULL COLLATE NOCASE, sent_name TEXT NOT NULL, content_type TEXT NOT NULL, kind TEXT NOT NULL,
    bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, received TEXT NOT NULL, label TEXT, metadata TEXT NOT NULL,
    structured_labels TEXT, bounding_boxes TEXT, rows INTEGER, interval_ms REAL, sensors TEXT NOT NULL,
    device_name TEXT, device_type TEXT, signature TEXT NOT NULL, detail TEXT NOT NULL, UNIQUE (category, stored_name)
);
CREATE INDEX IF NOT EXISTS samples_sha256 ON samples (sha256);
"""


class StoreError(Exception):
    """Raised when the folder cannot be used; the text gives the reason and the fix."""


@dataclass
class Upload:
    """A received file in incoming/, with all values for the index."""

    path: Path
    sent_name: str
    content_type: str
    kind: str
    size: int
    sha256: str
    category: str
    label: str | None = None
    label_is_inferred: bool = False  # from the name
    add_date_id: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    segments: list[dict] | None = None
    boxes: list[dict] | None = None
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True)
class Stored:
    """A file that is on disk and in the index."""

    sample_id: int
    file_name: str


@dataclass(frozen=True)
class Duplicate:
    """A file that is not stored, because the same bytes are stored already, under these ids."""

    ids: tuple[int, ...]


class Store:
    """One folder with its index; used from one thread at a time, and by one process at a time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._incoming = directory / "incoming"
        self._is_clean = False  # True when the index has no rows of an unfinished addition
        try:
            for folder in ("incoming", *CATEGORIES):
                (directory / folder).mkdir(parents=True, exist_ok=True)
            self._lock = _lock_folder(directory)
            # The service opens the store in one thread and uses it from its disk thread.
            self._index = sqlite3.connect(directory / INDEX, check_same_thread=False)
            self._index.execute("PRAGMA journal_mode=WAL")
            self._index.execute("PRAGMA synchronous=NORMAL")
            self._index.executescript(_SCHEMA)
            self._recover()
        except (OSError, sqlite3.DatabaseError) as error:
            raise StoreError(f"cannot use {directory}: {error}; give another folder with --dir") from None

    def close(self) -> None:
        """Closes the index and unlocks the folder for other processes."""
        self._index.close()
        self._lock.close()

    def temporary(self) -> Path:
        """Returns a new, unique path in incoming/."""
        return self._incoming / f"{secrets.token_hex(16)}.part"

    def add(self, uploads: list[Upload], refuse_duplicates: bool) -> list[Stored | Duplicate]:
        """Moves the files to their places and into the index, in order; once it returns they survive a kill.

        Raises OSError, and then none of the files is stored.
        """
        results: list[Stored | Duplicate] = []
        moves: list[tuple[Path, Path]] = []
        try:
            self._remove_unfinished()
            self._is_clean = False
            with self._index:
                for upload in uploads:
                    same = self._ids(upload.sha256) if refuse_duplicates else ()
                    if same:
                        results.append(Duplicate(same))
                        continue
                    stored = self._reserve(upload)
                    results.append(stored)
                    moves.append((upload.path, self.directory / upload.category / stored.file_name))
            for source, place in moves:
                os.replace(source, place)
            with self._index:
                self._index.execute("UPDATE samples SET stored = 1 WHERE stored = 0")
            self._is_clean = True
        except BaseException as error:
            # On a full disk this may fail, too: then it is repeated before the next addition, or at the next start.
            with contextlib.suppress(OSError, sqlite3.Error):
                self._remove_unfinished()
            if isinstance(error, sqlite3.Error):
                raise OSError(f"the index cannot be written: {error}") from error
            raise
        return results

    def _ids(self, sha256: str) -> tuple[int, ...]:
        return tuple(row[0] for row in self._index.execute("SELECT id FROM samples WHERE sha256 = ?", (sha256,)))

    def _reserve(self, upload: Upload) -> Stored:
        suffix = formats.suffix(upload.kind)
        name = stored_name(upload.sent_name, suffix, unique_id() if upload.add_date_id else "")
        while self._taken(upload.category, name):
            name = stored_name(upload.sent_name, suffix, unique_id())
        facts = upload.facts
        row = {
            "category": upload.category,
            "stored_name": name,
            "sent_name": upload.sent_name,
            "content_type": upload.content_type,
            "kind": facts.kind,
            "bytes": upload.size,
            "sha256": upload.sha256,
            "received": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "label": upload.label,
            "metadata": json.dumps(upload.metadata),
            "structured_labels": _json(upload.segments),
            "bounding_boxes": _json(upload.boxes),
            "rows": facts.rows,
            "interval_ms": facts.interval_ms,
            "sensors": json.dumps(facts.sensors),
            "device_name": facts.device_name,
            "device_type": facts.device_type,
            "signature": facts.signature,
            "detail": facts.detail,
        }
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        cursor = self._index.execute(f"INSERT INTO samples ({columns}) VALUES ({marks})", tuple(row.values()))
        return Stored(cursor.lastrowid or 0, name)

    def _taken(self, category: str, name: str) -> bool:
        place = self.directory / category / name
        known = "SELECT 1 FROM samples WHERE category = ? AND stored_name = ?"
        return os.path.lexists(place) or self._index.execute(known, (category, name)).fetchone() is not None

    def _remove_unfinished(self) -> None:
        """Removes the rows that are not marked as stored, which a failed addition has left, and their files."""
        if self._is_clean:
            return
        with self._index:
            for category, name in self._index.execute("SELECT category, stored_name FROM samples WHERE stored = 0"):
                (self.directory / category / name).unlink(missing_ok=True)
            self._index.execute("DELETE FROM samples WHERE stored = 0")
        self._is_clean = True

    def _recover(self) -> None:
        """Removes all files that were never acknowledged: unfinished additions, and the files in incoming/."""
        self._remove_unfinished()
        for leftover in self._incoming.glob("*.part"):
            leftover.unlink()


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value)


def _lock_folder(directory: Path) -> sqlite3.Connection:
    """Locks the folder and returns the lock. Raises StoreError when another process has it.

    A second process would remove the uploads of the first one as unfinished. An SQLite lock works the same on every
    system and ends with the process, even if that is killed.
    """
    lock = sqlite3.connect(directory / "serve.lock", timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        raise StoreError(
            f"{directory} is in use by another `edgeingest serve`: give another folder with --dir"
        ) from None
    return lock


def samples(directory: Path) -> list[sqlite3.Row]:
    """Returns every stored file, in the order of arrival; may be called while the service runs. Raises StoreError."""
    if not (directory / INDEX).is_file():
        raise StoreError(f"there is no {INDEX} in {directory}: give the folder of `edgeingest serve` with --dir")
    try:
        index = sqlite3.connect(directory / INDEX)
        index.row_factory = sqlite3.Row
        try:
            return index.execute("SELECT * FROM samples WHERE stored = 1 ORDER BY id").fetchall()
        finally:
            index.close()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"cannot read {directory / INDEX}: {error}") from None
