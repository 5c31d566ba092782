"""Prints the results of `make bench`: one table for each subject, and the targets with the measured figures."""

from typing import Any

from bench_targets import targets
from rich.console import Console
from rich.table import Table

KINDS = {"f": "float32", "h": "int16"}


def duration(us: float) -> str:
    return f"{us:.1f} µs" if us < 1000 else f"{us / 1000:.2f} ms" if us < 1e6 else f"{us / 1e6:.2f} s"


def _cells(values: list[str | None]) -> list[str]:
    return [value if value is not None else "-" for value in values]


def encoding(kind: str, found: dict[int, dict[str, Any]]) -> Table:
    table = Table("", title=f"3-axis {KINDS[kind]} rows: ns a value, bytes of garbage a value")
    for n in found:
        table.add_column(f"{n} rows", justify="right")
    table.add_column("grows", justify="right")
    table.add_column("against typed", justify="right")
    for name in next(iter(found.values())):
        per = {n: one[name]["us"] * 1000 / n / 3 for n, one in found.items() if name in one}
        cells: list[str | None] = []
        for n, one in found.items():
            heap = one[name]["heap"] if name in one else None
            garbage = f"  {heap / n / 3:.2f} B" if heap is not None else ""
            cells.append(f"{per[n]:.1f}{garbage}" if n in per else None)
        last = max(per)
        cells.append(f"{per[last] / per[min(per)]:.2f}x")
        cells.append(f"{found[last][name]['us'] / found[last]['typed']['us']:.1f}x")
        table.add_row(name, *_cells(cells))
    return table


def uploads(mode: str, buffer: int, found: dict[int, dict[str, Any]]) -> Table:
    where = {"null": "into a null write", "http": "HTTP", "tls": "TLS"}[mode]
    title = f"uploads, {where}, buffer of {buffer} bytes: time, speed of the raw loop = 1, heap, writes"
    table = Table("", title=title)
    for size in found:
        table.add_column(f"{size // 1000} KB", justify="right")
    table.add_column("grows", justify="right")
    for name in next(iter(found.values())):
        cells: list[str | None] = []
        per = {size: one[name]["us"] / size for size, one in found.items() if name in one}
        for one in found.values():
            if name not in one:
                cells.append(None)
                continue
            row = one[name]
            writes = f"  {row['writes']} w" if "writes" in row else ""
            share = one["raw"]["us"] / row["us"]
            cells.append(f"{duration(row['us'])}  {share:.3g}  {row['heap']:.0f} B{writes}")
        cells.append(f"{per[max(per)] / per[min(per)]:.2f}x")
        table.add_row(name, *_cells(cells))
    return table


def small(found: dict[str, dict[str, Any]]) -> Table:
    title = "small uploads (265 bytes): time a call, uploads a second, heap, writes, how many times as fast as requests"
    table = Table("", title=title)
    for mode in found:
        table.add_column("into a null write" if mode == "null" else mode.upper(), justify="right")
    for name in found["http"]:
        cells: list[str | None] = []
        for one in found.values():
            if name not in one:
                cells.append(None)
                continue
            row = one[name]
            writes = f"  {row['writes']:.0f} w" if "writes" in row else ""
            ratio = f"  {one['requests']['us'] / row['us']:.1f}x" if "requests" in one else ""
            cells.append(f"{duration(row['us'])}  {1e6 / row['us']:.0f}/s  {row['heap']:.0f} B{writes}{ratio}")
        table.add_row(name, *_cells(cells))
    return table


def signing(found: dict[str, Any]) -> Table:
    table = Table("", "time", "over SHA-256", "heap", title="a signed message of 1 MB, 2 KB window")
    for name, row in found.items():
        table.add_row(name, duration(row["us"]), f"{row['us'] / found['SHA-256']['us']:.2f}x", f"{row['heap']:.0f} B")
    return table


def heaps(found: dict[str, dict[str, int]]) -> Table:
    table = Table("", title="smallest -X heapsize that uploads 1 MB, all code as .mpy")
    for mode in found:
        table.add_column(mode.upper(), justify="right")
    names = {"heap_signed": "signed Sample from a row source", "heap_requests": "requests with a generator, unsigned"}
    for script, name in names.items():
        table.add_row(name, *(f"{one[script]}K" for one in found.values()))
    return table


def footprint(found: dict[str, dict[str, int]]) -> Table:
    table = Table("", "bytes", title="heap after first uses (64-bit); bytes of .mpy that an upload loads (armv6m)")
    for kind in ("first use", "loaded"):
        table.add_section()
        for name, size in found[kind].items():
            table.add_row(name, str(size))
    return table


def capture(found: dict[str, Any]) -> Table:
    table = Table("", "", title=f"capture at 1 kHz for {found['seconds']:.1f} s")
    table.add_row("rows", str(found["rows"]))
    table.add_row("drift, the last hundredth of them against the first", f"{found['drift_us']} µs")
    table.add_row("rows an interval late or more", str(found["missed"]))
    table.add_row("jitter, 99 % of the rows", f"{found['jitter_p99_us']} µs")
    table.add_row("jitter, all rows", f"{found['jitter_max_us']} µs")
    return table


def spool(found: dict[int, dict[str, list[float]]]) -> Table:
    table = Table("entries in the spool", "", "read", "programs", "blocks erased", title="spool on littlefs, an entry")
    for entries, row in found.items():
        for name, (read, programs, erases) in row.items():
            table.add_row(str(entries), name, f"{read / 1000:.0f} KB", f"{programs:.1f}", f"{erases:.2f}")
    return table


def goals(found: dict[str, Any]) -> Table:
    table = Table("what", "target", "measured", "", title="targets")
    for what, wanted, measured, met in targets(found):
        mark = "-" if met is None else "[green]yes[/green]" if met else "[red]no[/red]"
        table.add_row(what, wanted, measured, mark)
    return table


def show(found: dict[str, Any]) -> None:
    tables = [encoding(kind, one) for kind, one in found["encode"].items()]
    tables.append(signing(found["sign"]))
    for mode, buffers in found["upload"].items():
        tables += [uploads(mode, buffer, sizes) for buffer, sizes in buffers.items()]
    tables += [small(found["small"]), heaps(found["heap"]), footprint(found), capture(found["capture"])]
    tables.append(spool({int(entries): row for entries, row in found["spool"].items()}))
    tables.append(goals(found))
    console = Console()
    console = console if console.is_terminal else Console(width=200)
    conditions = f"{found['date']}, {found['machine']}, load average {found['load']} before"
    console.print(f"{conditions}, {found['micropython']}, Python {found['python']}")
    for table in tables:
        console.print(table)
