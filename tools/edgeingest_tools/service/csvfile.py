"""Checks CSV files for projects without a CSV wizard (Edge Impulse docs, CSV specification), and text files."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from edgeingest_tools.errors import Refusal, brief
from edgeingest_tools.service.message import Facts

# A timestamp with three decimals is rounded by up to half a microsecond: two steps can differ by up to 2 us.
_STEP_TOLERANCE_MS = 0.002


def check_csv(file: BinaryIO, sink: Callable[[Iterable[float]], None] | None = None) -> Facts:
    """Checks a time series (first column `timestamp`, ms, constant step) or one reading (one row, no timestamp)."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        lines = csv.reader(text, strict=True)
        header = [name.strip() for name in next(lines, [])]
        _check_header(header)
        timed = header[0] == "timestamp"
        rows, step = _check_rows(_numbers(lines, header), timed, sink)
    except UnicodeDecodeError as error:
        raise Refusal(f"not UTF-8: {error}; send the CSV as UTF-8") from None
    except csv.Error as error:
        raise Refusal(f"not CSV: {error}") from None
    finally:
        text.detach()  # the caller's file stays open
    columns = header[1:] if timed else header
    return Facts(kind="csv", rows=rows, interval_ms=step, sensors=[(name, "") for name in columns])


def check_text(file: BinaryIO) -> Facts:
    """Checks the encoding of a .txt file; the project's CSV wizard defines its form, which is not known here."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig")
    try:
        lines = sum(1 for _ in text)
    except UnicodeDecodeError as error:
        raise Refusal(f"not UTF-8: {error}; send the text as UTF-8") from None
    finally:
        text.detach()  # the caller's file stays open
    return Facts(kind="txt", detail=f"{lines} lines")


def _check_header(header: list[str]) -> None:
    if not header or not all(header):
        raise Refusal(f"the header row is {brief(header)}: name every column, for example timestamp,accX,accY")
    if len(set(header)) != len(header):
        raise Refusal(f"the header row is {brief(header)}: name every column differently")
    if header == ["timestamp"]:
        raise Refusal("there is no column beside timestamp: send at least one axis")
    if "timestamp" in header[1:]:
        raise Refusal(f"timestamp is column {header.index('timestamp') + 1}: it must be the first")


def _numbers(lines: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, list[float]]]:
    for line, cells in enumerate(lines, 2):
        if len(cells) != len(header):
            raise Refusal(f"row {line} has {len(cells)} cells but the header has {len(header)}: make them equal")
        try:
            numbers = list(map(float, cells))
        except ValueError as error:
            raise Refusal(f"row {line}: {error}; send plain numbers") from None
        if not all(map(math.isfinite, numbers)):
            raise Refusal(f"row {line} is {brief(cells)}: NaN and infinity cannot be sent; leave such readings out")
        yield line, numbers


def _check_rows(
    numbers: Iterator[tuple[int, list[float]]], timed: bool, sink: Callable[[Iterable[float]], None] | None
) -> tuple[int, float | None]:
    rows, step, previous = 0, None, 0.0
    for line, row in numbers:
        rows += 1
        if rows > 1 and not timed:
            raise Refusal("several rows but the first column is not timestamp: a time series needs it, in ms")
        if timed and rows > 1:
            difference = row[0] - previous
            if step is None:
                step = difference
                if step <= 0:
                    raise Refusal(f"row {line}: timestamp goes from {previous:g} to {row[0]:g}; it must grow")
            elif abs(difference - step) > _STEP_TOLERANCE_MS:
                raise Refusal(
                    f"row {line}: timestamp steps by {difference:g} ms, before by {step:g}; the step must be constant"
                )
        previous = row[0]
        if sink is not None:
            sink(row[1:] if timed else row)
    if rows == 0:
        raise Refusal("there is no row below the header: send at least one reading")
    if timed and rows == 1:
        raise Refusal(
            "one row with a timestamp: no frequency follows from it; a single reading has no timestamp column"
        )
    return rows, step
