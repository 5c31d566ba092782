"""`edgeingest list` and `show` on terminals: narrow ones show complete numbers; those without UTF-8 work."""

import io
import re
import struct
import subprocess
import sys

import pytest
from edgeingest_tools.service import show
from edgeingest_tools.service.store import samples
from rich.console import Console
from support.service import binary_header, environment, numbered, part, running
from support.uploads import wav

_NAMES = ["id", "category", "name", "label", "type", "rows", "bytes", "signature", "when (UTC)"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A folder of samples with names and labels of common lengths, and one with many values."""
    found = tmp_path_factory.mktemp("stored")
    with running(found) as service:
        for number, name in enumerate(("walking.01.cbor", "badminton.01.cbor", "front_center.cbor")):
            service.data(numbered(number), x_file_name=name)
        service.files(part("front_center.01.wav", wav(), "audio/wav"))
        tone = binary_header("i16") + struct.pack("<20000h", *range(-10000, 10000))
        service.data(tone, x_file_name="tone", x_label="%1B%5B31mred", Content_Type="application/octet-stream")
    return found


def _terminal(width, *arguments):
    """Returns the lines that the command prints on a terminal of this width."""
    variables = {**environment(), "COLUMNS": str(width), "TTY_COMPATIBLE": "1", "TERM": "xterm"}
    line = [sys.executable, "-m", "edgeingest_tools", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, env=variables, timeout=60, check=True)
    return re.sub(r"\x1b\[[\d;]*m", "", done.stdout).splitlines()


@pytest.mark.parametrize(("width", "left_out"), [(100, 0), (88, 1), (80, 2), (60, 2), (56, 2)])
def test_list(directory, width, left_out):
    head, *lines = _terminal(width, "list", "--dir", directory)
    shown = [name for name in _NAMES if name not in ("type", "when (UTC)")[:left_out]]
    assert head.split() == " ".join(shown).split()
    assert max(map(len, [head, *lines])) <= width
    numbers = slice(head.index("rows") - 2, head.index("signature"))
    firsts = [line for line in lines if line[:2].strip()]  # the others continue a name
    assert [[line[:2].strip(), *line[numbers].split()] for line in firsts] == [
        [str(row["id"]), str(row["rows"]), str(row["bytes"])] for row in samples(directory)
    ]


def test_long_names_are_wrapped_and_numbers_are_not(directory):
    row = {**samples(directory)[0], "id": 1234567, "stored_name": "n" * 90 + ".cbor", "bytes": 104857599}
    console = Console(width=80, file=io.StringIO())
    console.print(show.table([row], 80))
    text = console.file.getvalue()
    assert text.count("n") - text.count("name") - text.count("signature") - text.count("training") * 2 >= 90
    assert "1234567" in text
    assert "104857599" in text
    assert "…" not in text


@pytest.mark.parametrize(("width", "bars"), [(50, 11), (80, 41), (120, 60)])
def test_a_chart_is_one_line(directory, width, bars):
    lines = _terminal(width, "show", "tone", "--dir", directory)
    [chart] = [line for line in lines if line.startswith("audio")]
    assert re.fullmatch(r"audio +▁[▁-█]+█  -1e\+04 \.\. 9999 *", chart)
    assert len(re.findall("[▁-█]", chart)) == bars
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("arguments", [("show", "walking.01.cbor"), ("show", "5"), ("list",)])
def test_output_that_is_not_utf8(directory, arguments):
    variables = {**environment(), "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    line = [sys.executable, "-m", "edgeingest_tools", *arguments, "--dir", str(directory)]
    done = subprocess.run(line, capture_output=True, env=variables, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
