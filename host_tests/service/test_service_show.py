"""`edgeingest list` and `edgeingest show`: stored samples in readable form."""

import json
import re
import struct

import cbor2
import pytest
from edgeingest_tools.service import show
from edgeingest_tools.service.store import StoreError
from support.service import (
    HMAC_KEY,
    binary_header,
    changed,
    command,
    label_file,
    numbered,
    part,
    running,
    signed,
    vector,
)
from support.uploads import JPEG, boxes, structured, wav


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A folder with samples of all kinds."""
    found = tmp_path_factory.mktemp("stored")
    with running(found, hmac_key=HMAC_KEY) as service:
        body, _ = vector("C1")
        service.data(body, x_file_name="wave.01", x_metadata='{"site": "Paris"}')
        box = {"label": "cat", "x": 1, "y": 2, "width": 30, "height": 40}
        service.files(
            part("a.jpg", JPEG, "image/jpeg"),
            part("front.wav", wav(), "audio/wav"),
            part("walk.csv", b"timestamp,accX\n0,1\n10,2\n20,3\n", "text/csv"),
            label_file("structured_labels.labels", structured("walk.csv", (0, 1, "idle"), (2, 2, "walk"))),
            label_file("bounding_boxes.labels", boxes("a.jpg", box)),
            category="testing",
        )
        service.data(
            binary_header("i16") + struct.pack("<200h", *range(200)),
            x_file_name="tone",
            Content_Type="application/octet-stream",
            x_no_label="1",
        )
        service.data(json.dumps(changed("signature", "00")).encode(), x_file_name="j", Content_Type="application/json")
        service.data(numbered(1), x_file_name="twice.cbor", x_label="%1B%5B31mred")
        service.data(numbered(2), x_file_name="twice.cbor")
        service.data(
            signed(lambda message: json.dumps(message).encode(), key="x" * 32),
            x_file_name="bad.json",
            Content_Type="application/json",
        )
    return found


def _show(directory, wanted):
    result = command("show", wanted, "--dir", directory)
    assert result.returncode == 0, result.stderr
    return "".join(line.rstrip() + "\n" for line in result.stdout.splitlines())


def test_list(directory):
    result = command("list", "--dir", directory)
    head, *lines = result.stdout.splitlines()
    assert head.split() == ["id", "category", "name", "label", "type", "rows", "bytes", "signature", "when", "(UTC)"]
    assert [line.split()[:7] for line in lines[:4]] == [
        ["1", "training", "wave.01.cbor", "wave", "cbor", "4", "344"],
        ["2", "testing", "a.jpg", "a", "jpg", str(len(JPEG)), "-"],
        ["3", "testing", "front.wav", "front", "wav", "800", str(len(wav()))],
        ["4", "testing", "walk.csv", "idle", "|", "walk", "csv"],
    ]
    assert [line.split()[0] for line in lines] == [str(number) for number in range(1, 10)]
    assert "  valid  " in lines[0]
    assert "  invalid  " in lines[8]
    assert re.search(r" \d\d-\d\d \d\d:\d\d *$", lines[0])
    assert "\x1b" not in result.stdout


def test_show_of_a_time_series(directory):
    text = _show(directory, "wave.01.cbor")
    for expected in (
        "sent as        wave.01\n",
        "type           cbor (application/cbor)\n",
        "label          wave\n",
        "device         ac:87:a3:0a:2d:1b DISCO-L475VG-IOT01A\n",
        "sensors        accX (m/s2), accY (m/s2), accZ (m/s2)\n",
        "rows           4\n",
        "interval       10 ms (100 Hz)\n",
        "signature      valid\n",
        "metadata site  Paris\n",
        "accX           ▁▁██  -9.83 .. -9.12\n",
    ):
        assert expected in text


def test_show_by_id_and_by_sent_name(directory):
    assert _show(directory, "1") == _show(directory, "wave.01")


def test_show_of_labels_and_media(directory):
    text = _show(directory, "walk.csv")
    assert "idle | walk" in text
    assert "0..1       idle" in text
    assert "2..2       walk" in text
    assert "▁▅█  1 .. 3" in text
    text = _show(directory, "a.jpg")
    assert "640 x 480" in text
    assert "box 1,2    cat, 30 x 40" in text
    text = _show(directory, "front.wav")
    assert "0.100 s, 8000 Hz, 1 channel" in text


def test_show_of_the_binary_form(directory):
    text = _show(directory, "tone")
    chart = next(line for line in text.splitlines() if line.startswith("audio"))
    assert chart.endswith("  0 .. 199")
    assert chart.index("▁") < chart.index("▄") < chart.index("█")
    assert "label" not in text


def test_escape_sequences_of_a_client_are_not_printed(directory):
    assert "�[31mred" in _show(directory, "7")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("show", "nothing"), "there is no sample 'nothing': `edgeingest list` shows ids and names"),
        (("show", "wave"), "there is no sample 'wave': is it wave.01.cbor? `edgeingest list`"),
        (("show", "wav.cbor"), "there is no sample 'wav.cbor': is it wave.01.cbor"),
        (("show", "structured_labels.labels"), "'structured_labels.labels' is not kept: label files become labels of"),
        (("show", "99"), "there is no sample '99'"),
        (("list", "--dir", "nowhere"), "there is no index.sqlite in nowhere: give the folder"),
        (("show", "1", "--dir", "nowhere"), "there is no index.sqlite in nowhere"),
    ],
)
def test_errors(directory, arguments, text):
    result = command(*arguments, *(() if "--dir" in arguments else ("--dir", directory)))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"edgeingest: {text}")


def test_name_of_several_samples():
    rows = [{"id": 1, "stored_name": "a", "sent_name": "x"}, {"id": 2, "stored_name": "b", "sent_name": "x"}]
    with pytest.raises(StoreError, match="'x' is the name of several samples: give one of the ids 1, 2"):
        show.find(rows, "x")
    assert show.find(rows, "b")["id"] == 2


def test_empty_folder(tmp_path):
    with running(tmp_path):
        result = command("list", "--dir", tmp_path)
    assert (result.returncode, result.stdout) == (0, f"Nothing is stored in {tmp_path} yet.\n")


def test_file_that_is_gone_or_changed(tmp_path):
    with running(tmp_path) as service:
        service.data(numbered(1))
    (tmp_path / "training" / "wave.01.cbor").write_bytes(b"\xff")
    result = command("show", "1", "--dir", tmp_path)
    assert (result.returncode, "was changed since it was stored" in result.stderr) == (1, True)
    (tmp_path / "training" / "wave.01.cbor").unlink()
    assert "is in the index but not on disk" in _show(tmp_path, "1")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([5, 5, 5], "▁▁▁"),
        ([1, float("nan"), 2, float("inf")], "▁ █ "),
        ([float("nan")], " "),
    ],
)
def test_chart(values, expected):
    assert show.bars(values) == expected


def test_axis_without_a_number(tmp_path):
    with running(tmp_path) as service:
        service.data(cbor2.dumps(changed("payload.values", [[float("nan"), 2.0]])))
    text = _show(tmp_path, "1")
    assert re.search(r"^accX +1 NaN$", text, re.MULTILINE)
    assert re.search(r"^accY +▁  2 \.\. 2$", text, re.MULTILINE)
