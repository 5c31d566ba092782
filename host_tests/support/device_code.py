"""Reads the code that a test runs on the device from a file of its own, so that the linter reads it as well."""

from pathlib import Path


def device_code(test: str, name: str) -> str:
    """Returns the text of a file beside a test. test: its `__file__`; name: such as "files_device.py"."""
    return (Path(test).parent / name).read_text(encoding="utf-8")
