"""Checks and decodes the documented header fields (Edge Impulse docs, ingestion API, "Header parameters")."""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from edgeingest_tools.errors import Refusal, brief

# Official clients encode with encodeURIComponent. Its inverse, decodeURIComponent, refuses a lone percent sign.
_LONE_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")


@dataclass(frozen=True)
class Options:
    """The options that the header fields set for every file of the request."""

    label: str | None
    no_label: bool
    disallow_duplicates: bool
    add_date_id: bool
    metadata: dict[str, str]


def check_key(headers: Mapping[str, str], accepted: tuple[str, ...]) -> None:
    """Raises Refusal (401) unless x-api-key is one of the accepted keys, or looks like a key when none are set."""
    sent = headers.get("x-api-key", "")
    if not sent:
        raise Refusal("x-api-key is missing: send the project's API key (ei_...) in this header", 401)
    if accepted:
        known = any(hmac.compare_digest(sent.encode(errors="replace"), key.encode()) for key in accepted)
        hint = "send a key that was given to `edgeingest serve --api-key`"
    else:
        known = sent.startswith("ei_") and len(sent) > len("ei_")
        hint = "keys begin with ei_"
    if not known:
        raise Refusal(f"x-api-key is not valid (the key itself is not shown here): {hint}", 401)


def options(headers: Mapping[str, str]) -> Options:
    """Returns the optional fields. Any value turns x-disallow-duplicates on; the other switches are documented as 1."""
    return Options(
        label=decoded("x-label", headers.get("x-label", "")) or None,
        no_label=_switch(headers, "x-no-label"),
        disallow_duplicates="x-disallow-duplicates" in headers,
        add_date_id=_switch(headers, "x-add-date-id"),
        metadata=_metadata(headers.get("x-metadata")),
    )


def file_name(headers: Mapping[str, str]) -> str:
    """Returns x-file-name, required on /data. Raises Refusal with the documented 421 ("missing header")."""
    name = decoded("x-file-name", headers.get("x-file-name", ""))
    if not name:
        raise Refusal(
            "x-file-name is missing: /data needs the file's name in this header, for example wave.01.cbor", 421
        )
    return name


def decoded(field: str, value: str) -> str:
    """Returns the percent-decoded value, as official clients encode it; a value without percent signs is unchanged."""
    if _LONE_PERCENT.search(value):
        raise Refusal(f"{field} has a % that is not followed by two hex digits: {brief(value)}; send % as %25")
    try:
        text = unquote(value, errors="strict")
        text.encode()  # raw bytes that are not UTF-8 arrive as lone surrogates
    except UnicodeError:
        raise Refusal(f"{field} is not UTF-8: {brief(value)}; send UTF-8, percent-encoded") from None
    return text


def _switch(headers: Mapping[str, str], field: str) -> bool:
    value = headers.get(field)
    if value not in (None, "1"):
        raise Refusal(f"{field} is {brief(value)}: send 1, or leave the header out")
    return value == "1"


def _metadata(value: str | None) -> dict[str, str]:
    if value is None:
        return {}
    try:
        metadata = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise Refusal(f'x-metadata is not JSON ({error}): send an object such as {{"site":"Paris"}}') from None
    return check_metadata("x-metadata", metadata)


def check_metadata(where: str, metadata: object) -> dict[str, str]:
    """Returns the metadata. Raises Refusal unless it maps strings to strings (Edge Impulse docs, metadata)."""
    if not isinstance(metadata, dict):
        raise Refusal(f"{where} is {brief(metadata)}: it must be a JSON object of string to string")
    for key, value in metadata.items():
        if not isinstance(value, str):
            raise Refusal(f"{where} has {brief(key)}: {brief(value)}: every value must be a string; send it in quotes")
    return metadata
