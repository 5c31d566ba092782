"""What is stored, for people: a table of everything, and one sample decoded with a small chart per axis."""

import json
import math
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeingest_tools import formats, media
from edgeingest_tools.errors import Refusal, printable
from edgeingest_tools.store import StoreError

_BARS = "▁▂▃▄▅▆▇█"
_CHART_COLUMNS = 60


def table(rows: list[sqlite3.Row]) -> Table:
    """All samples, one line each."""
    found = Table(box=None, pad_edge=False, header_style="bold")
    right = ("id", "rows", "bytes")
    for name in ("id", "category", "name", "label", "type", "rows", "bytes", "signature", "when"):
        found.add_column(name, justify="right" if name in right else "left", no_wrap=True)
    for row in rows:
        count = "" if row["rows"] is None else str(row["rows"])
        cells = [str(row["id"]), row["category"], row["stored_name"], _label(row), row["kind"], count]
        cells += [str(row["bytes"]), row["signature"], row["received"][:19].replace("T", " ")]
        found.add_row(*map(_text, cells))
    return found


def find(rows: list[sqlite3.Row], wanted: str) -> sqlite3.Row:
    """The sample with this id, stored name, or name as sent."""
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
    raise StoreError(f"there is no sample {wanted!r}: `edgeingest list` shows ids and names")


def sample(row: sqlite3.Row, directory: Path, console: Console) -> None:
    """One sample: everything in the index, and its values as charts."""
    lines = Table(box=None, show_header=False, pad_edge=False)
    lines.add_column(style="bold", no_wrap=True)
    lines.add_column(overflow="fold")
    for name, value in _facts(row):
        lines.add_row(name, _text(value))
    path = directory / row["category"] / row["stored_name"]
    charts = _charts(row, path) if path.is_file() else []
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
    return [(printable(name), value) for name, value in facts if value]


def _label(row: sqlite3.Row) -> str:
    if row["label"] is not None:
        return row["label"]
    return " | ".join(dict.fromkeys(segment["label"] for segment in json.loads(row["structured_labels"] or "[]")))


def _interval(interval_ms: float | None) -> str:
    return f"{interval_ms:g} ms ({1000 / interval_ms:g} Hz)" if interval_ms else ""


def _charts(row: sqlite3.Row, path: Path) -> list[tuple[str, str]]:
    names = [name for name, _ in json.loads(row["sensors"])]
    if not names or row["kind"] in media.EXTENSIONS:
        return []
    means = _Means(len(names), row["rows"])
    try:
        formats.inspect(path, row["kind"], sink=means.add)
    except Refusal as refusal:
        raise StoreError(f"{path} was changed since it was stored: {refusal.text}") from None
    return [(name, means.chart(number)) for number, name in enumerate(names)]


class _Means:
    """The mean of every axis in as many columns as the chart has, row after row, and its smallest and largest value."""

    def __init__(self, axes: int, rows: int) -> None:
        self._columns = min(rows, _CHART_COLUMNS)
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
        return f"{bars(means)}  {self._low[axis]:.4g} .. {self._high[axis]:.4g}"


def bars(values: list[float]) -> str:
    """One line of bars between the smallest and the largest value; a space where the value is not finite."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0), max(finite, default=0)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0
    return "".join(_BARS[round((value - low) * scale)] if math.isfinite(value) else " " for value in values)


def _text(value: str) -> Text:
    return Text(printable(value))
