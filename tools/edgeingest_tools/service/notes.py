"""What the access log says of an upload, beyond its status."""

from edgeingest_tools.service.store import Duplicate, Stored, Upload

_SHOWN = 3


def note(
    lead: str, uploads: list[Upload], results: list[Stored | Duplicate], check_signatures: bool
) -> tuple[str, str]:
    """What was stored, what was there already, whose signature is wrong or missing; and a colour for the line."""
    same = [upload for upload, result in zip(uploads, results, strict=True) if isinstance(result, Duplicate)]
    invalid = [upload for upload in uploads if upload.facts.signature == "invalid"]
    unsigned = [upload for upload in uploads if check_signatures and upload.facts.signature == "none"]
    doubts = [_named("signature of {} INVALID", invalid), _named("{} not signed", unsigned)]
    text = ", ".join(filter(None, (lead, _named("duplicate: {}", same), *doubts)))
    return text, "yellow" if any(doubts) else "green"


def _named(text: str, uploads: list[Upload]) -> str:
    """The text with the first few names in it, or nothing."""
    names = ", ".join(upload.sent_name for upload in uploads[:_SHOWN])
    more = f" and {len(uploads) - _SHOWN} more" if len(uploads) > _SHOWN else ""
    return text.format(names + more) if uploads else ""
