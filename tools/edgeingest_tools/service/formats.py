"""Selects the checks for a file: by its extension on /files, as the real service does; by Content-Type on /data."""

import io
from collections.abc import Callable, Iterable
from pathlib import Path

from edgeingest_tools.errors import Refusal, brief
from edgeingest_tools.service import media
from edgeingest_tools.service.binary import check_payload
from edgeingest_tools.service.csvfile import check_csv, check_text
from edgeingest_tools.service.decode import read_cbor, read_json
from edgeingest_tools.service.message import Facts, Values, check_message
from edgeingest_tools.service.names import extension
from edgeingest_tools.service.signature import verify

LABELS = "labels"
_BINARY = "binary"
_BY_CONTENT_TYPE = {"application/cbor": "cbor", "application/json": "json", "application/octet-stream": _BINARY}
_EXTENSIONS = ("cbor", "json", "csv", "txt", *media.EXTENSIONS, LABELS)
_SIGNATURE_PREFIX = {"json": b'"', "cbor": b"\x78\x40", _BINARY: b"\x78\x40"}

Sink = Callable[[Iterable[float]], None]


def by_content_type(content_type: str) -> str:
    """Returns the format of a /data body. Raises Refusal."""
    if content_type.startswith("multipart/"):
        raise Refusal("Content-Type is multipart: /data takes one message as the body; send forms to /files")
    if content_type not in _BY_CONTENT_TYPE:
        raise Refusal(
            f"Content-Type is {brief(content_type)}: /data takes {', '.join(_BY_CONTENT_TYPE)}; send others to /files"
        )
    return _BY_CONTENT_TYPE[content_type]


def by_name(file_name: str) -> str:
    """Returns the format of a part of a /files request. Raises Refusal."""
    found = extension(file_name)
    if found not in _EXTENSIONS:
        raise Refusal(f"{brief(file_name)} has the extension {brief(found)}: use one of {', '.join(_EXTENSIONS)}")
    return found


def suffix(kind: str) -> str:
    """Returns the extension that a file of this format gets on disk."""
    return "cbor" if kind == _BINARY else kind


def inspect(path: Path, kind: str, hmac_key: str | None = None, sink: Sink | None = None) -> Facts:
    """Checks every rule of the file's format and returns its facts; calls `sink` with each row. Raises Refusal."""
    with path.open("rb") as file:
        if kind == "csv":
            return check_csv(file, sink)
        if kind == "txt":
            return check_text(file)
        if kind in media.EXTENSIONS:
            return media.check_media(file, kind)
        return _check_message_file(file, kind, hmac_key, sink)


def _check_message_file(file: io.BufferedReader, kind: str, hmac_key: str | None, sink: Sink | None) -> Facts:
    values = Values(sink)
    message = (read_json if kind == "json" else read_cbor)(file, values)
    facts = check_message(message, values)
    facts.kind = kind
    if values.reference is not None:
        if kind == "json":
            raise Refusal(f"values is [{brief(values.reference)}]: only a CBOR header can carry binary values")
        facts.kind = _BINARY
        facts.rows = check_payload(file, values.reference, len(facts.sensors), sink)
    elif kind == _BINARY:
        raise Refusal("application/octet-stream is for the binary form: values must be [Ref-BINARY-<type>]")
    elif trailing := file.read(1):
        raise Refusal(
            f"byte {file.tell() - 1} ({trailing.hex()}) follows the end of the message: send nothing after it"
        )
    if hmac_key is not None and facts.signature == "unchecked":
        facts.signature = verify(file, message["signature"], hmac_key, _SIGNATURE_PREFIX[facts.kind])
    return facts
