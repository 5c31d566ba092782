"""The note on an upload in the access log, after its status."""

from collections.abc import Callable

from edgeingest_tools.service.store import Duplicate, Stored, Upload

_SHOWN = 3


def note(
    start: str, uploads: list[Upload], results: list[Stored | Duplicate], check_signatures: bool
) -> tuple[str, str]:
    """Returns the text, and a colour. The text names what was stored, duplicates, wrong or missing signatures, and
    inferred labels that are not what the file name seems to say.
    """
    same = [upload for upload, result in zip(uploads, results, strict=True) if isinstance(result, Duplicate)]
    invalid = [upload for upload in uploads if upload.facts.signature == "invalid"]
    unsigned = [upload for upload in uploads if check_signatures and upload.facts.signature == "none"]
    surprising = [upload for upload in uploads if upload.label_is_inferred and upload.label != _stem(upload)]
    warnings = [
        _named("signature of {} INVALID", invalid),
        _named("{} not signed", unsigned),
        _named("label from the name: {} (give label= if another is meant)", surprising, _with_label),
    ]
    text = ", ".join(filter(None, (start, _named("duplicate: {}", same), *warnings)))
    return text, "yellow" if any(warnings) else "green"


def _stem(upload: Upload) -> str:
    """Returns what a reader takes for the label in a file name: all before the first dot."""
    return upload.sent_name.partition(".")[0]


def _name(upload: Upload) -> str:
    return upload.sent_name


def _with_label(upload: Upload) -> str:
    return f"{upload.sent_name} -> {upload.label or 'none'}"


def _named(text: str, uploads: list[Upload], shown: Callable[[Upload], str] = _name) -> str:
    """Returns the text with the first few file names in it, or an empty string without uploads."""
    names = ", ".join(map(shown, uploads[:_SHOWN]))
    more = f" and {len(uploads) - _SHOWN} more" if len(uploads) > _SHOWN else ""
    return text.format(names + more) if uploads else ""
