"""File names: the label inferred from a name, its extension, and the safe name under which a file is stored."""

import re
import secrets

# The docs have `^[a-zA-Z0-9\s-_]+` (Edge Impulse docs, ingestion API: label inference); Python needs the dash escaped.
_LABEL = re.compile(r"^[a-zA-Z0-9\s\-_]+")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST_STEM = 100
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def inferred_label(file_name: str) -> str | None:
    """Returns the label that the service infers when none is sent: `wave` for `wave.01.cbor`, None for `.hidden`."""
    match = _LABEL.match(file_name)
    return match.group() if match else None


def extension(file_name: str) -> str:
    """Returns the part after the last dot in lower case, or an empty string."""
    return file_name.rpartition(".")[2].lower() if "." in file_name else ""


def unique_id() -> str:
    """Returns eight random characters, as the real service puts them into stored names."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(8))


def stored_name(sent: str, suffix: str, unique: str = "") -> str:
    """Returns a name that is safe in any folder on any system; the name as sent is kept in the index only.

    It has ASCII letters, digits, dots, dashes and underscores only, so no separator, NUL or look-alike character. It
    does not start with a dot or dash, is not the name of a Windows device, is not too long, and ends in `suffix`.
    """
    stem = _UNSAFE.sub("_", sent)
    if stem.lower().endswith("." + suffix):
        stem = stem[: -len(suffix) - 1]
    stem = stem.lstrip(".-")[:_LONGEST_STEM].rstrip(".") or "file"
    if _RESERVED.match(stem):
        stem = "_" + stem
    return ".".join(part for part in (stem, unique, suffix) if part)
