"""Finds rows of numbers in the output of a board, as serial plotters do.

A line is a row when it has only numbers with commas, semicolons, spaces or tabs between them: `0.1, 9.8`, or names with
numbers: `accX:0.1 accY:9.8`, `accX=0.1, accY=9.8`. Every other line is text.
"""

import math
import re
from collections import deque

_SEPARATOR = re.compile(r"\s*[,;\t]\s*|\s+")
_NAMED = re.compile(r"([A-Za-z_][\w.\-/]*)[:=](\S+)")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?inf|nan", re.IGNORECASE)
_MOST = 12  # numbers in a row, and series; a longer line is more likely a dump
_LARGEST = 1e100  # larger values and NaN leave a gap, because a chart could not scale them


def parse(line: str) -> dict[str, float] | None:
    """Returns {name: value} of a row, with names 1, 2, 3 for unnamed numbers, or None if the line is text."""
    words = [word for word in _SEPARATOR.split(re.sub(r"\s*([:=])\s*", r"\1", line.strip())) if word]
    if not 0 < len(words) <= _MOST:
        return None
    row: dict[str, float] = {}
    for number, word in enumerate(words, 1):
        named = _NAMED.fullmatch(word)
        name, text = named.groups() if named else (str(number), word)
        if not _NUMBER.fullmatch(text):
            return None
        row[name] = float(text)
    return row if len(row) == len(words) else None


class History:
    """Keeps the last rows: for each name the (row number, value) pairs that can be drawn."""

    def __init__(self, length: int = 200) -> None:
        self._length = length
        self.count = 0
        self.series: dict[str, deque[tuple[int, float]]] = {}

    def add(self, row: dict[str, float]) -> None:
        self.count += 1
        for name, value in row.items():
            if name in self.series or len(self.series) < _MOST:
                points = self.series.setdefault(name, deque())
                if math.isfinite(value) and abs(value) < _LARGEST:
                    points.append((self.count, value))
        for name, points in list(self.series.items()):
            while points and points[0][0] <= self.count - self._length:
                points.popleft()
            if not points:
                del self.series[name]
