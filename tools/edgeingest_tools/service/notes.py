"""The note on an upload in the access log, after its status."""

from edgeingest_tools.service.store import Duplicate, Stored, Upload

_SHOWN = 3


def note(
    start: str, uploads: list[Upload], results: list[Stored | Duplicate], check_signatures: bool
) -> tuple[str, str]:
    """Returns the text, which names what was stored, duplicates, and wrong or missing signatures; and a colour."""
    same = [upload for upload, result in zip(uploads, results, strict=True) if isinstance(result, Duplicate)]
    invalid = [upload for upload in uploads if upload.facts.signature == "invalid"]
    unsigned = [upload for upload in uploads if check_signatures and upload.facts.signature == "none"]
    warnings = [_named("signature of {} INVALID", invalid), _named("{} not signed", unsigned)]
    text = ", ".join(filter(None, (start, _named("duplicate: {}", same), *warnings)))
    return text, "yellow" if any(warnings) else "green"


def _named(text: str, uploads: list[Upload]) -> str:
    """Returns the text with the first few file names in it, or an empty string without uploads."""
    names = ", ".join(upload.sent_name for upload in uploads[:_SHOWN])
    more = f" and {len(uploads) - _SHOWN} more" if len(uploads) > _SHOWN else ""
    return text.format(names + more) if uploads else ""
