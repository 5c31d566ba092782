"""Shows stored samples in a terminal: a table of all, or one sample decoded with a small chart per axis."""

import difflib
import json
import math
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeingest_tools.errors import Refusal, printable
from edgeingest_tools.service import formats, media
from edgeingest_tools.service.store import StoreError

_BARS = "▁▂▃▄▅▆▇█"
_CHART_COLUMNS = 60
_GAP = 2  # between columns of a table
_RANGE = len("  -1.234e-308 .. -1.234e-308")
_NAMES = 24  # width of the first column of `show`; longer names are wrapped
# A narrow terminal first loses the _DISPENSABLE columns, then only these two are made narrower, down to _FOLDED.
_FOLDED = {"name": 8, "label": 5}
_WISHED = {"name": 24, "label": 16}
_DISPENSABLE = ("type", "when (UTC)")


def table(rows: list[sqlite3.Row], width: int) -> Table:
    """Returns a table of all samples. If it exceeds `width`, less important columns are left out; no number is cut."""
    cells = {
        "id": [str(row["id"]) for row in rows],
        "category": [row["category"] for row in rows],
        "name": [row["stored_name"] for row in rows],
        "label": [printable(_label(row)) for row in rows],
        "type": [row["kind"] for row in rows],
        "rows": ["" if row["rows"] is None else str(row["rows"]) for row in rows],
        "bytes": [str(row["bytes"]) for row in rows],
        "signature": [row["signature"] for row in rows],
        "when (UTC)": [row["received"][5:16].replace("T", " ") for row in rows],
    }
    widths = {name: max(map(cell_len, (name, *column))) for name, column in cells.items()}
    for name in _DISPENSABLE:
        if sum(min(each, _WISHED.get(other, each)) + _GAP for other, each in widths.items()) - _GAP > width:
            del cells[name], widths[name]
    found = Table(box=None, pad_edge=False, header_style="bold")
    for name, natural in widths.items():
        found.add_column(
            name,
            justify="right" if name in ("id", "rows", "bytes") else "left",
            overflow="fold",
            no_wrap=name not in _FOLDED,
            min_width=min(natural, _FOLDED.get(name, natural)),
        )
    for line in zip(*cells.values(), strict=True):
        found.add_row(*map(_text, line))
    return found


def find(rows: list[sqlite3.Row], wanted: str) -> sqlite3.Row:
    """Returns the sample with this id, stored name, or name as sent. Raises StoreError."""
    for matches in (
        [row for row in rows if str(row["id"]) == wanted],
        [row for row in rows if row["stored_name"] == wanted],
        [row for row in rows if row["sent_name"] == wanted],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            ids = ", ".join(str(row["id"]) for row in matches)
            raise StoreError(f"{wanted!r} is the name of several samples: give one of the ids {ids}")
    if wanted.endswith("." + formats.LABELS):
        raise StoreError(f"{wanted!r} is not kept: label files become labels of their files; show one of those")
    names = list(dict.fromkeys(row["stored_name"] for row in rows))
    near = [name for name in names if wanted and name.startswith(wanted)] or difflib.get_close_matches(wanted, names)
    hint = f"is it {' or '.join(near[:3])}? " if near else ""
    raise StoreError(f"there is no sample {wanted!r}: {hint}`edgeingest list` shows ids and names")


def sample(row: sqlite3.Row, directory: Path, console: Console) -> None:
    """Prints one sample: everything in the index, and its values as charts. Raises StoreError."""
    lines = Table(box=None, show_header=False, pad_edge=False)
    lines.add_column(style="bold", overflow="fold", max_width=_NAMES)
    lines.add_column(overflow="fold")
    facts = _facts(row)
    for name, value in facts:
        lines.add_row(_text(name), _text(value))
    path = directory / row["category"] / row["stored_name"]
    longest = max(cell_len(printable(name)) for name in [*_axes(row), *(name for name, _ in facts)])
    columns = max(1, min(_CHART_COLUMNS, console.width - min(longest, _NAMES) - _GAP - _RANGE))
    charts = _charts(row, path, columns) if path.is_file() else []
    if not path.is_file():
        lines.add_row("missing", _text(f"{path} is in the index but not on disk"))
    for name, chart in charts:
        lines.add_row(_text(name), _text(chart))
    console.print(lines)


def _facts(row: sqlite3.Row) -> list[tuple[str, str]]:
    sensors = [f"{name} ({units})" if units else name for name, units in json.loads(row["sensors"])]
    facts = [
        ("id", str(row["id"])),
        ("category", row["category"]),
        ("name", row["stored_name"]),
        ("sent as", row["sent_name"]),
        ("type", f"{row['kind']} ({row['content_type']})"),
        ("bytes", str(row["bytes"])),
        ("content", row["detail"]),
        ("label", _label(row)),
        ("device", " ".join(filter(None, (row["device_name"], row["device_type"])))),
        ("sensors", ", ".join(sensors)),
        ("rows", "" if row["rows"] is None else str(row["rows"])),
        ("interval", _interval(row["interval_ms"])),
        ("signature", row["signature"]),
        ("received", row["received"]),
        ("sha256", row["sha256"]),
    ]
    facts += [(f"metadata {key}", value) for key, value in json.loads(row["metadata"]).items()]
    for segment in json.loads(row["structured_labels"] or "[]"):
        facts.append((f"{segment['startIndex']}..{segment['endIndex']}", segment["label"]))
    for box in json.loads(row["bounding_boxes"] or "[]"):
        facts.append((f"box {box['x']},{box['y']}", f"{box['label']}, {box['width']} x {box['height']}"))
    return [(name, value) for name, value in facts if value]


def _label(row: sqlite3.Row) -> str:
    if row["label"] is not None:
        return row["label"]
    return " | ".join(dict.fromkeys(segment["label"] for segment in json.loads(row["structured_labels"] or "[]")))


def _interval(interval_ms: float | None) -> str:
    return f"{interval_ms:g} ms ({1000 / interval_ms:g} Hz)" if interval_ms else ""


def _axes(row: sqlite3.Row) -> list[str]:
    return [name for name, _ in json.loads(row["sensors"])]


def _charts(row: sqlite3.Row, path: Path, columns: int) -> list[tuple[str, str]]:
    names = _axes(row)
    if not names or row["kind"] in media.EXTENSIONS:
        return []
    means = _Means(len(names), row["rows"], columns)
    try:
        formats.inspect(path, row["kind"], sink=means.add)
    except Refusal as refusal:
        raise StoreError(f"{path} was changed since it was stored: {refusal.text}") from None
    return [(name, means.chart(number)) for number, name in enumerate(names)]


class _Means:
    """Collects rows: the mean of every axis for each column of the chart, and the smallest and largest value."""

    def __init__(self, axes: int, rows: int, columns: int) -> None:
        self._columns = min(rows, columns)
        self._rows, self._row = rows, 0
        self._sums = [[0.0] * self._columns for _ in range(axes)]
        self._counts = [0] * self._columns
        self._low, self._high = [math.inf] * axes, [-math.inf] * axes

    def add(self, values: Iterable[float]) -> None:
        column = self._row * self._columns // self._rows
        self._row += 1
        self._counts[column] += 1
        for axis, value in enumerate(values):
            self._sums[axis][column] += value
            if value < self._low[axis]:
                self._low[axis] = value
            if value > self._high[axis]:
                self._high[axis] = value

    def chart(self, axis: int) -> str:
        means = [total / count for total, count in zip(self._sums[axis], self._counts, strict=True)]
        low, high = self._low[axis], self._high[axis]
        return f"{bars(means)}  " + (f"{low:.4g} .. {high:.4g}" if low <= high else f"{self._rows} NaN")


def bars(values: list[float]) -> str:
    """Returns a line of bars, scaled from the smallest to the largest value; a space where a value is not finite."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0), max(finite, default=0)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0
    return "".join(_BARS[round((value - low) * scale)] if math.isfinite(value) else " " for value in values)


def _text(value: str) -> Text:
    return Text(printable(value))
