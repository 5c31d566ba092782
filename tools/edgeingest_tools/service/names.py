"""File names: the label in them, the format they announce, and the safe name a file gets on disk."""

import re
import secrets

# The docs print `^[a-zA-Z0-9\s-_]+` (Edge Impulse docs, ingestion API: label inference); Python wants the dash escaped.
_LABEL = re.compile(r"^[a-zA-Z0-9\s\-_]+")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST_STEM = 100
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def inferred_label(file_name: str) -> str | None:
    """What the service takes as the label when none is sent: `wave.01.cbor` is `wave`, `.hidden` has none."""
    match = _LABEL.match(file_name)
    return match.group() if match else None


def extension(file_name: str) -> str:
    """The part after the last dot, lower case, or an empty string."""
    return file_name.rpartition(".")[2].lower() if "." in file_name else ""


def unique_id() -> str:
    """Eight characters as the real service puts them into stored names."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(8))


def stored_name(sent: str, suffix: str, unique: str = "") -> str:
    """A name that is safe in any folder on any system; what was sent is kept in the index, not on disk.

    Only ASCII letters, digits, dot, dash and underscore survive, so neither a separator nor a NUL nor a look-alike
    can; it never starts with a dot or dash, never is a Windows device, never is too long, and always ends in `suffix`.
    """
    stem = _UNSAFE.sub("_", sent)
    if stem.lower().endswith("." + suffix):
        stem = stem[: -len(suffix) - 1]
    stem = stem.lstrip(".-")[:_LONGEST_STEM].rstrip(".") or "file"
    if _RESERVED.match(stem):
        stem = "_" + stem
    return ".".join(part for part in (stem, unique, suffix) if part)
