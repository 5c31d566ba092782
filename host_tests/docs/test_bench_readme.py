"""README's table of figures has the form that the tool writes, and the targets of `make bench`."""

import json
import re

import bench
import bench_readme
import pytest
from support import readme

COLUMNS = re.compile(r"^\| (.+) \| (.+) \| (.+) \|$")


def one(us=1.0, **more):
    return {"us": us, "heap": 32, **more}


@pytest.fixture
def found():
    """Results in the form of the full bench, with figures that are easy to recognize."""
    plan = bench.Plan()
    encoders = ("typed", "generic", "json.dump", "json.dumps", "CPython cbor2")
    calls = ("raw", "upload file", "upload Sample", "send file", "send Sample", "upload, new connection")
    uploads = {name: one() for name in (*calls, "requests read()")}
    uploads["requests read()"] = one(1234.0)
    small = ("raw", "send File", "send Sample", "upload Sample, signed", "requests")
    found = {
        "quick": False,
        "date": "2031-05-06T07:08:09+00:00",
        "machine": "MACHINE",
        "load": 0.5,
        "micropython": "MICROPYTHON",
        "python": "PYTHON",
        "encode": {kind: {n: {name: one() for name in encoders} for n in plan.rows} for kind in "fh"},
        "sign": {"SHA-256": one(2.0), "unsigned": one(), "signed": one(3.0)},
        "upload": {
            mode: {buffer: dict.fromkeys(plan.sizes, uploads) for buffer in plan.buffers}
            for mode in ("null", "http", "tls")
        },
        "small": {mode: {name: one(writes=1) for name in small} for mode in ("http", "tls", "null")},
        "heap": {mode: {"heap_signed": 77, "heap_requests": 8} for mode in ("http", "tls")},
        "spool": {n: {name: [1000.0, 6.0, 1.0] for name in ("put", "flush")} for n in plan.spool_entries},
        "loaded": {"a": 1024, "b": 3072},
        "first use": {"import edgeingest": 960},
        "capture": {"rows": plan.capture_rows, "drift_us": -5, "jitter_p99_us": 400},
    }
    return bench_readme.load(json.dumps(found))  # as it comes out of the file


def parts(text):
    """Returns (text above the table, its rows)."""
    about, head, rows = text.partition(bench_readme.HEAD)
    assert head
    return " ".join(about.split()), [COLUMNS.match(line).groups() for line in rows.strip().splitlines()]


def test_figures_are_quoted(found):
    about, rows = parts(bench_readme.figures(found))
    assert "2031-05-06 by `make bench`" in about
    assert "(MACHINE; load average 0.5 before it began)" in about and "MICROPYTHON, CPython PYTHON," in about
    measured = {words: figure for words, figure, _ in rows}
    assert list(measured) == list(bench_readme.ROWS)
    assert measured["signed stream: time, SHA-256 alone = 1"] == "1.50x"
    assert measured["10 MB file, 2 KB buffer: speed, open().read() and requests.post = 1"] == "1234x"
    assert measured["signed upload of 1 MB: smallest heap"] == "77K"
    assert measured["signed upload over HTTPS: code it loads, as `.mpy`"] == "3.0 KB"
    assert measured["capture at 1 kHz for 10 s"] == "10000 rows, drift -0.005 ms, 99 % within 0.4 ms"


def test_readme_has_the_table_that_the_tool_writes(found):
    """Its rows and targets, with a date, the command and the machine; the measured figures may differ."""
    text = readme.text()
    assert text.count(bench_readme.BEGIN) == text.count(bench_readme.END) == 1
    about, rows = parts(text.partition(bench_readme.BEGIN)[2].partition(bench_readme.END)[0])
    wanted_about, wanted = parts(bench_readme.figures(found))
    assert [(words, target) for words, _, target in rows] == [(words, target) for words, _, target in wanted]
    assert all(re.search(r"\d", figure) for _, figure, _ in rows)
    form = re.escape(wanted_about).replace("2031\\-05\\-06", r"20\d\d-\d\d-\d\d").replace("0\\.5", r"\d+\.\d")
    form = form.replace("MACHINE", r"\w+, \w+, \d+ cores").replace("MICROPYTHON", "MicroPython .+")
    assert re.fullmatch(form.replace("PYTHON", r"[\d.]+"), about)


def test_the_table_is_replaced_and_nothing_else(found):
    text, new = readme.text(), bench_readme.figures(found)
    changed = bench_readme.replaced(text, new)
    assert changed != text
    assert changed.count(new) == 1
    assert bench_readme.replaced(changed, new) == changed
    old = text.partition(bench_readme.BEGIN)[2].partition(bench_readme.END)[0]
    assert bench_readme.replaced(changed, old) == text
    with pytest.raises(SystemExit, match="lost its marks"):
        bench_readme.replaced(text.replace(bench_readme.END, ""), new)


def test_a_quick_bench_is_not_quoted(found):
    with pytest.raises(SystemExit, match="without QUICK=1"):
        bench_readme.figures({**found, "quick": True})
