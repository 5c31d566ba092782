"""`make demo` can fail: it passes on the files that arrived, and on no damaged copy of them."""

import contextlib
import json
import re
import shutil
import sqlite3
import struct

import demo
import pytest
from edgeingest_tools.service import store


@pytest.fixture(autouse=True)
def plain_output(monkeypatch):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def arrived(tmp_path_factory):
    """The folder of both services with the files that MicroPython has sent."""
    build = tmp_path_factory.mktemp("demo")
    assert demo.send(build) == 0
    return build


@pytest.fixture
def compared(arrived, tmp_path, monkeypatch, capsys):
    """Returns compared(damage), which runs the demo on a copy of the files after damage(copy): (status, verdicts)."""

    def compare(damage):
        def send(build):
            for service in demo.EXPECTED:
                shutil.copytree(arrived / service, build / service)
            damage(build)
            return 0

        monkeypatch.setattr(demo, "send", send)
        return demo.main(tmp_path / "demo"), verdicts(capsys)

    return compare


def verdicts(capsys):
    """Returns the last column of the table, without continuation lines."""
    head, *lines = capsys.readouterr().out.partition("Look closer")[0].splitlines()
    at = head.index("against recording")
    return [line[at:].strip() for line in lines if line[:at].strip() or line[at:].startswith("expected")]


def file(name, change):
    """Returns damage to a stored file: change(content) is its new content."""

    def damage(build):
        [path] = build.glob(f"*/*/{name}")
        content = path.read_bytes()
        assert change(content) != content
        path.write_bytes(change(content))

    return damage


def index(service, statement):
    """Returns damage to the index of a service."""

    def damage(build):
        with contextlib.closing(sqlite3.connect(build / service / "index.sqlite")) as database, database:
            assert database.execute(statement).rowcount == 1

    return damage


def one_value(content):
    """Changes the last recorded value by the smallest possible difference."""
    value = struct.pack(">f", demo.recorded("walking.01")["values"][-1][-1])
    at = content.rindex(b"\xfa" + value) + 4
    return content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]


def rows(change):
    """Returns change(content) for the rows of a JSON message."""

    def changed(content):
        message = json.loads(content)
        change(message["payload"]["values"])
        return json.dumps(message).encode()

    return changed


def one_float(values):
    """Changes one value in JSON, from one float32 to the next."""
    values[50][3] *= 1 + 2**-22


def last_bit(content):
    return content[:-1] + bytes((content[-1] ^ 1,))


def signature(content):
    """Changes one character of the 64."""
    at = content.rindex(b"signature") + 20
    return content[:at] + (b"0" if content[at : at + 1] != b"0" else b"1") + content[at + 1 :]


SEGMENT = '[{"startIndex": 0, "endIndex": %d, "label": "%s"}]'
STANDING = "WHERE sent_name = 'standing.01.cbor'"
WALKING = "WHERE sent_name = 'walking.01.json'"
DAMAGES = {
    "a value in CBOR": (file("walking.01.cbor", one_value), "values wrong"),
    "a value in JSON": (file("walking.01.json", rows(one_float)), "values wrong"),
    "a row too few": (file("walking.01.json", rows(list.pop)), "values wrong"),
    "a row too many": (file("walking.01.json", rows(lambda values: values.append(values[-1]))), "values wrong"),
    "an axis": (file("running.01.cbor", lambda old: old.replace(b"accX", b"accY")), "sensors wrong"),
    "the interval": (
        file("running.01.cbor", lambda old: old.replace(b"interval_ms\x18\x64", b"interval_ms\x18\x65")),
        "interval wrong",
    ),
    "half a message": (file("running.01.cbor", lambda old: old[:1000]), "unreadable"),
    "the signature in CBOR": (file("running.01.cbor", signature), "signature wrong"),
    "the signature in JSON": (file("walking.01.json", signature), "signature wrong"),
    "what is signed": (file("running.01.cbor", lambda old: old.replace(b"board-1", b"board-2")), "signature wrong"),
    "a signature that the service refused": (
        index("http", f"UPDATE samples SET signature = 'invalid' {STANDING}"),
        "signature wrong",
    ),
    "a signature that was not checked": (
        index("http", f"UPDATE samples SET signature = 'unchecked' {WALKING}"),
        "signature wrong",
    ),
    "a sound": (file("front_center.01.wav", last_bit), "bytes differ"),
    "a picture": (file("flower.01.jpg", lambda old: old[:-1]), "bytes differ"),
    "another label": (index("http", f"UPDATE samples SET label = 'running' {WALKING}"), "label wrong"),
    "no label": (index("https", "UPDATE samples SET label = NULL WHERE kind = 'wav'"), "label wrong"),
    "another structured label": (
        index("http", f"UPDATE samples SET structured_labels = '{SEGMENT % (99, 'running')}' {STANDING}"),
        "label wrong",
    ),
    "a label for some rows only": (
        index("http", f"UPDATE samples SET structured_labels = '{SEGMENT % (98, 'standing')}' {STANDING}"),
        "label wrong",
    ),
    "no structured label": (index("http", f"UPDATE samples SET structured_labels = NULL {STANDING}"), "label wrong"),
    "a file that is gone": (lambda build: (build / "https" / "training" / "flower.01.jpg").unlink(), "file is missing"),
    "a file that never came": (index("http", f"DELETE FROM samples {STANDING}"), "expected badminton"),
    "another category": (index("http", f"UPDATE samples SET category = 'training' {WALKING}"), "not expected"),
    "another name": (
        index("https", "UPDATE samples SET sent_name = 'flower.02.jpg' WHERE kind = 'jpg'"),
        "not expected",
    ),
}


def test_the_demo_passes(compared):
    assert compared(lambda build: None) == (0, ["same"] * 7)


def test_the_table_fits_a_terminal(arrived, monkeypatch, capsys):
    for name, value in {"COLUMNS": "80", "TTY_COMPATIBLE": "1", "NO_COLOR": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    assert demo.compare(arrived) == 0
    head, *lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert head.split() == ["file", "label", "rows", "bytes", "signature", "against", "recording"]
    assert len(lines) == 7
    assert max(map(len, lines)) <= 80
    for line, (_, name) in zip(lines, sum(demo.EXPECTED.values(), []), strict=True):
        assert (line.split()[0], line.split()[-1]) == (name, "same")


def test_another_stored_name_is_shown(arrived, tmp_path, capsys):
    shutil.copytree(arrived, tmp_path / "demo")
    [old] = (tmp_path / "demo").glob("https/training/flower.01.jpg")
    old.rename(old.with_name("flower.01.x.jpg"))
    index("https", "UPDATE samples SET stored_name = 'flower.01.x.jpg' WHERE kind = 'jpg'")(tmp_path / "demo")
    assert demo.compare(tmp_path / "demo") == 0
    assert "flower.01.jpg as flower.01.x.jpg " in capsys.readouterr().out


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(compared, name):
    damage, verdict = DAMAGES[name]
    status, found = compared(damage)
    assert status == 1
    wrong = [each for each in found if each != "same"]
    assert wrong and wrong[0].startswith(verdict)


def test_a_board_with_another_hmac_key(tmp_path, monkeypatch, capsys):
    """The signatures are wrong when they arrive: the service must record that."""
    send = demo.send
    monkeypatch.setattr(demo, "send", lambda build: send(build, "another-key"))
    assert demo.main(tmp_path) == 1
    assert sorted(verdicts(capsys)) == ["same"] * 2 + ["signature wrong"] * 5
    assert {row["signature"] for row in store.samples(tmp_path / "http")} == {"invalid"}


def test_an_example_that_fails(tmp_path, monkeypatch, capsys):
    (tmp_path / "replay_motion.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr(demo, "EXAMPLES", tmp_path)
    assert demo.main(tmp_path / "demo") == 1
    assert "the example ended with status 3" in capsys.readouterr().err


def test_a_service_that_does_not_start(tmp_path, capfd):
    with contextlib.ExitStack() as stack, pytest.raises(SystemExit, match="did not start"):
        demo.start(stack, "--dir", str(tmp_path), "--port", "99999")
    assert "Usage: edgeingest serve" in capfd.readouterr().err
