"""Reads label files sent along with data files, and checks that each label fits its file.

Sources: Edge Impulse docs, structured labels and label files specifications; the official uploader's validator. As in
that code and in the docs' examples, segment indices are sample indices, `endIndex` is included, and gaps are refused.
"""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from edgeingest_tools.errors import Refusal, brief
from edgeingest_tools.service import media
from edgeingest_tools.service.headers import check_metadata
from edgeingest_tools.service.message import Facts

NAMES = ("structured_labels.labels", "bounding_boxes.labels", "info.labels")
_CATEGORIES = ("training", "testing", "validation", "post-processing", "split")
_INFO_MEMBERS = {"path", "name", "category", "label", "metadata", "boundingBoxes"}
_INFO_LABELS = {"unlabeled": {"type"}, "label": {"type", "label"}, "multi-label": {"type", "labels"}}


@dataclass
class FileLabels:
    """The contents of label files for one data file; None for whatever they do not contain."""

    labelled: bool = False
    label: str | None = None
    segments: list[dict] | None = None
    boxes: list[dict] | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def check_fit(self, facts: Facts) -> None:
        """Raises Refusal unless segments cover exactly the readings of their file and boxes belong to an image."""
        if self.boxes and facts.kind not in media.IMAGES:
            raise Refusal(f"bounding boxes for a {facts.kind} file: only {', '.join(media.IMAGES)} files have them")
        if self.segments is None:
            return
        if facts.rows is None:
            raise Refusal(f"structured labels for a {facts.kind} file: only time series have them")
        end = self.segments[-1]["endIndex"]
        if end >= facts.rows:
            raise Refusal(f"endIndex {end} is beyond the last of {facts.rows} readings, which is {facts.rows - 1}")
        if end < facts.rows - 1:
            raise Refusal(
                f"reading {end + 1} of {facts.rows} does not have a label: the last endIndex must be {facts.rows - 1}"
            )


def read(name: str, path: Path, labels_of: dict[str, FileLabels]) -> None:
    """Adds the content of a label file to `labels_of`, which has an entry for every data file. Raises Refusal."""
    if name not in NAMES:
        raise Refusal(f"{brief(name)} is not a label file that this service knows: use {', '.join(NAMES)}")
    try:
        content = json.loads(path.read_bytes().decode())
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{name}: not JSON: {error}") from None
    try:
        if not isinstance(content, dict) or content.get("version") != 1:
            raise Refusal('it must be a JSON object with "version": 1')
        if name == "structured_labels.labels":
            for file, segments in _table(content, "structured-labels", "structuredLabels").items():
                _entry(labels_of, file).segments = _segments(file, segments)
        elif name == "bounding_boxes.labels":
            for file, boxes in _table(content, "bounding-box-labels", "boundingBoxes").items():
                _entry(labels_of, file).boxes = _boxes(file, boxes)
        else:
            _read_info(content, labels_of)
    except Refusal as refusal:
        raise Refusal(f"{name}: {refusal.text}") from None


def _table(content: dict, kind: str, member: str) -> dict:
    if content.get("type") != kind:
        raise Refusal(f"type is {brief(content.get('type'))}: it must be {kind}")
    table = content.get(member)
    if not isinstance(table, dict):
        raise Refusal(f"{member} is {brief(table)}: it must be an object, file name to list")
    return table


def _entry(labels_of: dict[str, FileLabels], file: object) -> FileLabels:
    if not isinstance(file, str) or file not in labels_of:
        raise Refusal(f"{brief(file)} is not in this request: use exactly the file name of a part sent along")
    return labels_of[file]


def _segments(file: str, segments: object) -> list[dict]:
    if not isinstance(segments, list) or not segments:
        raise Refusal(f"{file}: the segments are {brief(segments)}: send a list with at least one")
    keys = None
    for number, segment in enumerate(segments):
        where = f"{file}: segment {number}"
        required = {"startIndex", "endIndex", "label"}
        if not isinstance(segment, dict) or not required <= set(segment):
            raise Refusal(f"{where} is {brief(segment)}: it needs startIndex, endIndex, label, and may have labelMap")
        start, end = segment["startIndex"], segment["endIndex"]
        if type(start) is not int or type(end) is not int:
            raise Refusal(
                f"{where}: startIndex {brief(start)} and endIndex {brief(end)} must be integers (sample indices)"
            )
        if start > end:
            raise Refusal(f"{where}: startIndex {start} is after endIndex {end}, which is included")
        if not isinstance(segment["label"], str):
            raise Refusal(f"{where}: label is {brief(segment['label'])}: it must be text")
        label_map = check_metadata(f"{where}: labelMap", segment.get("labelMap", {}))
        if label_map and keys not in (None, set(label_map)):
            raise Refusal(
                f"{where}: labelMap has the keys {sorted(label_map)}, one before {sorted(keys)}: use the same"
            )
        keys = set(label_map) or keys
    return _in_order(file, segments)


def _in_order(file: str, segments: list[dict]) -> list[dict]:
    """Returns the segments in the order of their readings; raises Refusal for a gap or an overlap."""
    found = sorted(enumerate(segments), key=lambda numbered: numbered[1]["startIndex"])
    expected = 0
    for number, segment in found:
        where, start = f"{file}: segment {number}", segment["startIndex"]
        if start > expected:
            raise Refusal(
                f"{where}: reading {expected} does not have a label; this segment must start there, not at {start}"
            )
        if start < expected:
            raise Refusal(f"{where}: startIndex {start} overlaps another segment; it must be {expected}")
        expected = segment["endIndex"] + 1
    return [segment for _, segment in found]


def _boxes(file: str, boxes: object) -> list[dict]:
    if not isinstance(boxes, list):
        raise Refusal(f"{file}: the boxes are {brief(boxes)}: send a list")
    for number, box in enumerate(boxes):
        where = f"{file}: box {number}"
        if not isinstance(box, dict) or not set(box) >= {"label", "x", "y", "width", "height"}:
            raise Refusal(f"{where} is {brief(box)}: it needs label, x, y, width, height")
        if not isinstance(box["label"], str):
            raise Refusal(f"{where}: label is {brief(box['label'])}: it must be text")
        for member, least in (("x", -math.inf), ("y", -math.inf), ("width", 0), ("height", 0)):
            pixels = box[member]
            if type(pixels) not in (int, float) or not least < pixels < math.inf:
                raise Refusal(f"{where}: {member} is {brief(pixels)}: it must be pixels, width and height more than 0")
    return boxes


def _read_info(content: dict, labels_of: dict[str, FileLabels]) -> None:
    files = content.get("files")
    if not isinstance(files, list):
        raise Refusal(f"files is {brief(files)}: it must be a list")
    for number, item in enumerate(files):
        where = f"files[{number}]"
        if not isinstance(item, dict) or not {"path", "category", "label"} <= set(item) <= _INFO_MEMBERS:
            raise Refusal(
                f"{where} is {brief(item)}: it needs path, category, label; may have name, metadata, boundingBoxes"
            )
        entry = _entry(labels_of, item["path"])
        # Uploaders turn the category into the request path. The path of this request is known, so it is only checked.
        if item["category"] not in _CATEGORIES:
            raise Refusal(f"{where}: category is {brief(item['category'])}: use one of {', '.join(_CATEGORIES)}")
        if not isinstance(item.get("name", ""), str):
            raise Refusal(f"{where}: name is {brief(item['name'])}: it must be text")
        _read_info_label(where, item, entry)
        entry.metadata = check_metadata(f"{where}: metadata", item.get("metadata", {}))
        if "boundingBoxes" in item:
            entry.boxes = _boxes(item["path"], item["boundingBoxes"])


def _read_info_label(where: str, item: dict, entry: FileLabels) -> None:
    label = item["label"]
    kind = label.get("type") if isinstance(label, dict) else None
    if kind not in _INFO_LABELS or set(label) != _INFO_LABELS[kind]:
        raise Refusal(
            f'{where}: label is {brief(label)}: send {{"type": "unlabeled"}}, {{"type": "label", "label": ...}} or '
            '{"type": "multi-label", "labels": [...]}'
        )
    if kind == "multi-label":
        entry.segments = _segments(item["path"], label["labels"])
        return
    entry.labelled = True
    if kind == "label":
        if not isinstance(label["label"], str) or not label["label"]:
            raise Refusal(f"{where}: label is {brief(label['label'])}: it must be text")
        entry.label = label["label"]
