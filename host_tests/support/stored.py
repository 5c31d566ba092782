"""What the tests of the service's store share: files to add to it, and what must hold of what is in it."""

import hashlib

from edgeingest_tools.service.message import Facts
from edgeingest_tools.service.store import CATEGORIES, Store, Upload, samples


def consistent(directory):
    """What start-up must restore: rows and files belong together one to one, and nothing is left in incoming/."""
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
    """Two received files that wait in incoming/."""
    uploads = []
    for letter in "ab":
        path = store.temporary()
        path.write_bytes(content := f"{number}{letter}".encode())
        sha256 = hashlib.sha256(content).hexdigest()
        facts = Facts("cbor")
        uploads.append(Upload(path, f"{letter}.cbor", "x", "cbor", len(content), sha256, "training", facts=facts))
    return uploads
