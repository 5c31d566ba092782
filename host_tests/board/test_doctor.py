"""`edgeingest doctor`: all steps succeed on a board that is set up; a step that fails is named with advice."""

import pytest
from edgeingest_tools.board import doctor
from edgeingest_tools.board.link import Link
from edgeingest_tools.board.simulated import Kind, Simulated
from edgeingest_tools.service import certificates
from support.boards import edgeingest, run
from support.peer import answering, peer, reply
from support.service import KEY, running

STEPS = list(doctor.ADVICE)
WRONG_CLOCK = """
from utime import *
import utime

def gmtime(seconds=None):
    return (2000, 1, 1, 0, 0, 0, 5, 1) if seconds is None else utime.gmtime(seconds)

def time():
    return 946684800
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    with Simulated(tmp_path_factory.mktemp("board")) as board:
        edgeingest(board, "deploy")
        yield board


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with running(folder, tls=certificates.server_context(folder, ["localhost"]), api_keys=(KEY,)) as service:
        service.url = service.url.replace("127.0.0.1", "localhost")
        yield service


def provision(board, folder, **values):
    """Writes this configuration to the board."""
    (folder / "x.toml").write_text("\n".join(f'{name} = "{value}"' for name, value in values.items()))
    edgeingest(board, "provision", "--file", str(folder / "x.toml"))


def valid(service):
    return {"api_key": KEY, "url": service.url, "ca": service.directory / "ca.pem", "wifi_ssid": "net"}


def fails(board, step, reason):
    """Asserts that the steps before this one succeed, and that it fails for this reason, with its advice."""
    with pytest.raises(AssertionError) as caught:
        edgeingest(board, "doctor")
    lines = str(caught.value).splitlines()
    steps = [line.split() for line in lines if line.startswith(("ok", "FAILED"))]
    assert [words[1] for words in steps] == STEPS[: STEPS.index(step) + 1], lines
    assert [words[0] for words in steps] == ["ok"] * (len(steps) - 1) + ["FAILED"]
    assert reason in lines[len(steps) - 1]
    assert f"edgeingest: {step} failed: {doctor.ADVICE[step]}" in lines
    assert KEY not in str(caught.value)


def test_all_steps_succeed(board, service, tmp_path):
    provision(board, tmp_path, **valid(service))
    for expected in ("upload        doctor", ", a duplicate as expected"):
        output = edgeingest(board, "doctor")
        assert [line.split()[:2] for line in output.splitlines()] == [["ok", step] for step in STEPS]
        assert expected in output and "net, address 127.0.0.1" in output
        assert KEY not in output
    row = service.row()
    assert (row["category"], row["label"], row["rows"]) == ("testing", "doctor", 2)
    assert "not tried" in edgeingest(board, "doctor", "--no-upload")


ODD_NAMES = """
from edgeingest import File
from edgeingest.spool import Spool
spool = Spool("/spool")
for name in ("T\\u00fcr.01.csv", ".hidden.csv", "wave.01.csv", "[x].csv", "a+b.csv"):
    spool.put("training", File(b"1", name=name))
spool.put("training", File(b"1", name="\\u00f6.csv"), label="door")
spool.put("training", File(b"1", name="\\u00fc.csv"), no_label=True)
with open("/spool/00000099.ent", "w") as file:
    file.write("no entry")
"""


def test_names_whose_labels_are_not_what_they_seem(board, service, tmp_path):
    provision(board, tmp_path, **valid(service))
    try:
        run(board, ODD_NAMES)
        output = edgeingest(board, "doctor", "--no-upload")
    finally:
        with Link(board.port, restart=False) as link:
            link.load("files")
            link.run("remove('/spool')")
    [line] = [line for line in output.splitlines() if line.split()[1] == "names"]
    assert line.startswith("look"), output
    labels = "Tür.01.csv -> T, .hidden.csv -> none, [x].csv -> none and 1 more"
    assert f"labels of names in /spool: {labels} (give label= if another is meant)" in line
    assert [each.split()[0] for each in output.splitlines()].count("ok") == len(STEPS) - 1
    assert "names         none wait in /spool" in edgeingest(board, "doctor", "--no-upload")


@pytest.mark.parametrize(
    "step, wrong, reason",
    [
        ("wifi", {"wifi_ssid": "nowhere"}, "no network of this name is in reach"),
        ("wifi", {"wifi_password": "wrong password"}, "password"),
        ("dns", {"url": "https://nothing.invalid"}, "OSError"),
        ("tcp", {"url": "https://localhost:1"}, "OSError"),
        ("tls", {"ca": None}, "CA"),
        ("key", {"api_key": "ei_another"}, "401"),
    ],
)
def test_a_setting_is_wrong(board, service, tmp_path, step, wrong, reason):
    if "ca" in wrong:
        certificates.server_context(tmp_path / "other", ["localhost"])
        wrong = {"ca": tmp_path / "other" / "ca.pem"}
    provision(board, tmp_path, **{**valid(service), **wrong})
    fails(board, step, reason)


def test_the_service_is_busy(board, tmp_path):
    with peer(answering(reply("come back later", 503))) as made:
        provision(board, tmp_path, api_key=KEY, url=made.url)
        fails(board, "upload", "503")


def test_a_server_without_tls(board, service, tmp_path):
    """It answers with plain HTTP where TLS is expected."""
    with peer(answering(reply("hello", 400))) as made:
        provision(board, tmp_path, **{**valid(service), "url": made.url.replace("http:", "https:")})
        fails(board, "tls", "Error")


@pytest.mark.parametrize("config", [None, "{", '{"api_key": 5}', '{"url": "http://h"}'])
def test_no_configuration(board, config):
    edgeingest(board, "provision", "--erase")
    if config:
        run(board, f"f = open('/edgeingest.json', 'w')\nf.write({config!r})\nf.close()")
    fails(board, "configuration", "edgeingest.json")


def test_no_certificate_on_the_board(board, service, tmp_path):
    provision(board, tmp_path, **valid(service))
    run(board, "import os\nos.remove('/edgeingest.der')")
    fails(board, "configuration", "ENOENT")


FILL = """
import os
f = open('/filler', 'wb')
for _ in range(os.statvfs('/')[3] - 3):
    f.write(bytes(4096))
f.close()
"""


def test_a_full_flash(board):
    run(board, FILL)
    fails(board, "flash", "KB free, 16 are needed")
    run(board, "import os\nos.remove('/filler')")


def test_a_board_without_library_version_or_heap(tmp_path, monkeypatch):
    with Simulated(tmp_path, heap="96K") as board:
        fails(board, "library", "no module named 'edgeingest'")
        with monkeypatch.context() as patch:
            patch.setattr(doctor, "OLDEST", (9, 0))
            fails(board, "version", "MicroPython 1.")
        edgeingest(board, "deploy")
        with monkeypatch.context() as patch:
            patch.setattr(doctor, "HEAP", 90 * 1024)
            fails(board, "heap", "KB free, 90 are needed")


@pytest.mark.parametrize(("platform", "adds"), [("esp32", True), ("rp2", False)])
def test_the_heap_of_an_esp32(tmp_path, platform, adds):
    """It contains what ESP-IDF has left (gc_get_max_new_split), of which Wi-Fi and TLS take theirs."""
    with Simulated(tmp_path, kind=Kind(platform, "a board", (0, 1 << 20, "vfs"))) as board:
        edgeingest(board, "deploy")
        with pytest.raises(AssertionError) as caught:
            edgeingest(board, "doctor")
    [heap] = [line for line in str(caught.value).splitlines() if line.startswith("ok     heap")]
    assert heap.endswith(" KB free" + ", of which Wi-Fi and TLS will take a part" * adds)


def test_a_board_without_network(tmp_path):
    machine = next(path for path in Simulated.MODULES if path.stem == "machine")
    with Simulated(tmp_path, modules=[machine]) as board:
        edgeingest(board, "deploy")
        fails(board, "network", "this board has none")


def test_the_clock(tmp_path, service):
    """It is in the year 2000, and the name of the time server cannot be resolved here."""
    (tmp_path / "time.py").write_text(WRONG_CLOCK)
    (tmp_path / "board").mkdir()
    network = next(path for path in Simulated.MODULES if path.stem == "network")
    with Simulated(tmp_path / "board", modules=[tmp_path / "time.py", network]) as board:
        edgeingest(board, "deploy")
        provision(board, tmp_path, **valid(service))
        fails(board, "clock", "clock:")
