"""The targets of the library, with the figures that `make bench` measured. No test fails if a target is missed."""

from collections.abc import Iterator
from typing import Any

Line = tuple[str, str, str, bool | None]  # name, target, measured figure, target met (None: not measured here)


def _most(found: dict[Any, Any]) -> Any:
    return found[max(found)]


def encoding(found: dict[int, dict[str, Any]]) -> Iterator[Line]:
    n = max(n for n in found if "json.dumps" in found[n] and n <= 10_000)
    typed = found[n]["typed"]["us"]
    for name, least in (("CPython cbor2", 20), ("json.dumps", 30)):
        ratio = found[n][name]["us"] / typed
        yield f"typed float32 against {name}, {n} rows", f">= {least}x", f"{ratio:.1f}x", ratio >= least
    first = min(n for n in found if n >= min(1000, max(found)))
    grows = (_most(found)["typed"]["us"] / max(found)) / (found[first]["typed"]["us"] / first)
    yield f"typed, cost a value, {first} to {max(found)} rows", "<= 1.2x", f"{grows:.2f}x", grows <= 1.2
    last = _most(found)
    ratio = last["json.dump"]["us"] / last["generic"]["us"]
    yield f"generic encode against json.dump to a sink, {max(found)} rows", ">= 2x", f"{ratio:.2f}x", ratio >= 2
    small, large = (found[k]["generic"]["heap"] for k in (min(found), max(found)))
    yield "generic encode, garbage", "constant", f"{small:.0f} to {large:.0f} B", large <= small + 256


def streaming(found: dict[str, Any]) -> Iterator[Line]:
    buffer = min(found["null"])
    size = max(found["null"][buffer])
    one = found["null"][buffer][size]
    for name in ("upload file", "send file"):
        extra = (one[name]["us"] - one["raw"]["us"]) / (size / buffer)
        yield f"{name}: own work a {buffer} B window, null write", "<= 1.5 µs", f"{extra:.2f} µs", extra <= 1.5
    for buffer, least in zip(sorted(found["http"]), (0.6, 0.85), strict=False):
        one = found["http"][buffer][size]
        for name in ("upload file", "send file"):
            share = one["raw"]["us"] / one[name]["us"]
            what = f"{name}, {size / 1e6:g} MB, HTTP, {buffer} B buffer, of the raw loop's speed"
            yield what, f">= {least}", f"{share:.2f}", share >= least
    sizes = found["http"][min(found["http"])]
    one = sizes[size]
    what = "upload against open().read() + requests.post, 10 MB"
    if "requests read()" in one:
        ratio = one["requests read()"]["us"] / one["upload file"]["us"]
        yield what, ">= 100x", f"{ratio:.0f}x", ratio >= 100
    else:
        yield what, ">= 100x", "not with --quick", None
    for name in ("upload, new connection", "upload file", "upload Sample", "send file", "send Sample"):
        heap = [one[name]["heap"] for one in sizes.values()]
        spread = f"{min(heap):.0f} to {max(heap):.0f} B"
        yield f"heap of one call, any size, HTTP: {name}", "<= 4096 B", spread, max(heap) <= 4096


def small(found: dict[str, Any]) -> Iterator[Line]:
    http, tls = found["http"], found["tls"]
    for name in ("send File", "send Sample", "upload Sample, signed"):
        writes = http[name]["writes"]
        own = http[name]["us"] - http["raw"]["us"]
        yield f"small {name}, reused: writes a call", "1", f"{writes:.0f}", writes == 1
        yield f"small {name}, reused: above the raw loop", "<= 100 µs", f"{own:.0f} µs", own <= 100
        for one, mode, least in ((http, "HTTP", 3), (tls, "TLS", 30)):
            ratio = one["requests"]["us"] / one[name]["us"]
            yield f"small {name}, reused, {mode}, against requests", f">= {least}x", f"{ratio:.1f}x", ratio >= least


def spool(found: dict[str, Any]) -> Iterator[Line]:
    few, many = found.values()
    for name in few:
        ratio = many[name][0] / few[name][0]
        yield (
            f"spool: {name}, {max(map(int, found))} entries against 10: flash read",
            "<= 4x",
            f"{ratio:.1f}x",
            ratio <= 4,
        )
    erases = max(row["put"][2] for row in found.values())
    yield "spool: flash blocks that a put erases", "<= 1.5", f"{erases:.2f}", erases <= 1.5


def targets(found: dict[str, Any]) -> Iterator[Line]:
    yield from encoding(found["encode"]["f"])
    ratio = found["sign"]["signed"]["us"] / found["sign"]["SHA-256"]["us"]
    yield "signed stream against SHA-256 alone", "<= 1.6x", f"{ratio:.2f}x", ratio <= 1.6
    yield from streaming(found["upload"])
    yield from small(found["small"])
    least = found["heap"]["http"]["heap_signed"]
    yield "smallest heap of a 1 MB signed upload, HTTP", "<= 56K", f"{least}K", least <= 56
    yield "kernel and whole body path on an RP2040", "<= 0.6, 0.8 µs", "not measured here", None
    loads = max(found["loaded"].values())
    yield ".mpy that a signed upload over HTTPS loads, armv6m", "<= 16 KB", f"{loads / 1024:.1f} KB", loads <= 16 << 10
    package = found["first use"]["import edgeingest"]
    yield "heap after import edgeingest", "<= 1.5 KB", f"{package} B", package <= 1536
    yield from spool(found["spool"])
    rows, drift = found["capture"]["rows"], found["capture"]["drift_us"]
    jitter = found["capture"]["jitter_p99_us"] / 1000
    measured = f"{rows} rows, drift {drift / 1000:.3f} ms, 99 % within {jitter:.1f} ms"
    yield f"capture at 1 kHz, {rows} rows", "all rows, no drift", measured, abs(drift) < 1000
