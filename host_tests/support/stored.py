"""Shared by the tests of the store of the service: files to add to it, and a check of its consistency."""

import hashlib

from edgeingest_tools.service.message import Facts
from edgeingest_tools.service.store import CATEGORIES, Store, Upload, samples


def consistent(directory):
    """Checks what start-up must restore: one file for each row, and nothing in incoming/. Returns the rows."""
    Store(directory).close()
    rows = samples(directory)
    on_disk = {path for category in CATEGORIES for path in (directory / category).iterdir()}
    assert on_disk == {directory / row["category"] / row["stored_name"] for row in rows}
    assert list((directory / "incoming").iterdir()) == []
    for row in rows:
        content = (directory / row["category"] / row["stored_name"]).read_bytes()
        assert (row["sha256"], row["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    return rows


def received(store, number):
    """Returns two received files in incoming/."""
    uploads = []
    for letter in "ab":
        path = store.temporary()
        path.write_bytes(content := f"{number}{letter}".encode())
        sha256 = hashlib.sha256(content).hexdigest()
        facts = Facts("cbor")
        uploads.append(Upload(path, f"{letter}.cbor", "x", "cbor", len(content), sha256, "training", facts=facts))
    return uploads
