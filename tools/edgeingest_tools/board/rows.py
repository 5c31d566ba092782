"""Rows of numbers in what a board prints, as serial plotters understand them.

A line is a row when it is nothing but numbers with commas, semicolons, spaces or tabs between them: `0.1, 9.8`, or
names with numbers: `accX:0.1 accY:9.8`, `accX=0.1, accY=9.8`. Everything else is text.
"""

import math
import re
from collections import deque

_SEPARATOR = re.compile(r"\s*[,;\t]\s*|\s+")
_NAMED = re.compile(r"([A-Za-z_][\w.\-/]*)[:=](\S+)")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?inf|nan", re.IGNORECASE)
_MOST = 12  # numbers in a row, and series; a longer line is more likely a dump
_LARGEST = 1e100  # beyond it, and for NaN, there is a gap: a chart could not scale it


def parse(line: str) -> dict[str, float] | None:
    """{name: value} of a row; unnamed numbers are called 1, 2, 3. None: the line is text."""
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
    """The last rows, by name: for each the (row number, value) of those that can be drawn."""

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
