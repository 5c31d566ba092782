"""`edgeingest pull`: sends a board's spool to the service, each entry exactly once, wherever it is interrupted."""

import json

import pytest
from edgeingest_tools.board import mirror, pull
from edgeingest_tools.board.link import Link
from edgeingest_tools.board.simulated import Simulated
from support.boards import edgeingest, run
from support.peer import answering, peer, reply
from support.service import KEY, running

FILL = """
from array import array
from edgeingest import Sample
from edgeingest.spool import Spool
spool = Spool("/spool")
for number in range(%d, %d):
    values = array("h", range(number, number + 30))
    sample = Sample((("x", "N/A"),), 10, values, "PICO", name="wave.%%d" %% number, iat=1)
    spool.put("training", sample, label="wave", disallow_duplicates=%s)
print(spool.entries)
"""
LEFT = "import os\nprint(sorted(sum([os.listdir('/spool/' + name) for name in os.listdir('/spool')], [])))"


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    with Simulated(tmp_path_factory.mktemp("board")) as board:
        edgeingest(board, "deploy")
        yield board


@pytest.fixture(autouse=True)
def empty(board):
    with Link(board.port, restart=False) as link:
        link.load("files")
        link.run("remove('/spool')")


@pytest.fixture
def service(tmp_path):
    with running(tmp_path / "service", api_keys=(KEY,)) as service:
        yield service


@pytest.fixture
def account(tmp_path, service):
    """Returns the options of pull."""
    (tmp_path / "x.toml").write_text(f'api_key = "{KEY}"\nurl = "{service.url}"\n')
    return ["--file", str(tmp_path / "x.toml"), "--dir", str(tmp_path / "pull")]


def fill(board, first, last, disallow=True):
    assert run(board, FILL % (first, last, disallow)).split() == [str(last - first)]


def names(service):
    return sorted(row["sent_name"] for row in service.rows())


def test_fifty_entries_with_the_cable_cut_twice(board, service, account, monkeypatch):
    """The service does not refuse duplicates here, so an entry that is sent twice is found."""
    fill(board, 0, 50, disallow=False)
    monkeypatch.setattr(pull, "_ROUND_BYTES", 2500)  # about twelve entries
    for cut in (6000, 7000):
        board.unplug_after(cut)
        assert "stopped answering" in edgeingest(board, "pull", *account, good=False)
        board.plug()
        assert 0 < len(names(service)) < 50
    edgeingest(board, "pull", *account)
    assert names(service) == sorted(f"wave.{number}.cbor" for number in range(50))
    assert run(board, LEFT) == "[]\n"
    assert "0 stored" in edgeingest(board, "pull", *account)


def test_interrupted_before_the_board_removes_its_entries(board, service, account, monkeypatch):
    """The service and the board have them: they are not sent again, even where duplicates are not refused."""
    fill(board, 0, 3, disallow=False)
    with monkeypatch.context() as patch:
        patch.setattr(mirror.Mirror, "flush", flush_then(board, mirror.Mirror.flush))
        assert "stopped answering" in edgeingest(board, "pull", *account, good=False)
    board.plug()
    assert len(names(service)) == 3 and run(board, LEFT).count(".ent") == 3
    assert "0 stored" in edgeingest(board, "pull", *account)
    assert len(names(service)) == 3 and run(board, LEFT) == "[]\n"
    fill(board, 10, 12, disallow=False)  # the same numbers again, other entries
    edgeingest(board, "pull", *account)
    assert len(names(service)) == 5


def flush_then(board, flush):
    def flushed(self, account):
        done = flush(self, account)
        board.unplug()
        return done

    return flushed


def test_the_service_is_busy_and_then_is_not(board, service, account, tmp_path, monkeypatch):
    fill(board, 0, 2)
    monkeypatch.setattr(mirror.Account.__init__, "__defaults__", (1,))  # attempts
    with peer(answering(reply("come back later", 503))) as made:
        (tmp_path / "y.toml").write_text(f'api_key = "{KEY}"\nurl = "{made.url}"\n')
        error = edgeingest(board, "pull", "--file", str(tmp_path / "y.toml"), *account[2:], good=False)
    assert "503" in error and "still on the board" in error and KEY not in error
    assert run(board, LEFT).count(".ent") == 2
    edgeingest(board, "pull", *account)
    assert names(service) == ["wave.0.cbor", "wave.1.cbor"]
    assert run(board, LEFT) == "[]\n"


def test_with_a_wrong_key_everything_stays_on_the_board(board, service, account, tmp_path):
    fill(board, 0, 2)
    (tmp_path / "x.toml").write_text(f'api_key = "ei_another"\nurl = "{service.url}"\n')
    error = edgeingest(board, "pull", *account, good=False)
    assert "401" in error and "ei_another" not in error
    assert names(service) == [] and run(board, LEFT).count(".ent") == 2


def test_a_damaged_entry_is_set_aside_on_the_board(board, service, account):
    fill(board, 0, 2)
    run(board, "f = open('/spool/000000/00000001.ent', 'r+b')\nf.seek(60)\nf.write(b'!')\nf.close()")
    error = edgeingest(board, "pull", *account, good=False)
    assert "set aside on the board" in error
    assert names(service) == ["wave.1.cbor"]
    assert run(board, LEFT) == "['000000']\n"  # in damaged/
    assert (
        run(board, "import os\nprint(sorted(os.listdir('/spool/damaged/000000')))")
        == "['00000001.ent', '00000001.txt']\n"
    )


def test_with_the_configuration_of_the_board(board, service, tmp_path):
    (tmp_path / "x.toml").write_text(f'api_key = "{KEY}"\nurl = "{service.url}"\n')
    edgeingest(board, "provision", "--file", str(tmp_path / "x.toml"))
    fill(board, 0, 1)
    assert "1 stored" in edgeingest(board, "pull", "--dir", str(tmp_path / "pull"))
    [place] = (tmp_path / "pull").iterdir()
    assert place.name == "28cdc1000001" and json.loads((place / "copied.json").read_text()) == {}
    assert KEY not in "".join(path.read_text(errors="replace") for path in place.rglob("*") if path.is_file())


def test_errors(board, tmp_path):
    edgeingest(board, "provision", "--erase")
    assert "no configuration" in edgeingest(board, "pull", "--dir", str(tmp_path), good=False)
    error = edgeingest(board, "pull", "--dir", "/dev/null", good=False)
    assert error.startswith("edgeingest: cannot use /dev/null/") and error.count("\n") == 1
    [place] = [path.parent for path in tmp_path.rglob("spool") if path.is_dir()]
    (place / "copied.json").write_text("{")
    assert "copied.json is damaged: remove it" in edgeingest(board, "pull", "--dir", str(tmp_path), good=False)
    assert "is no absolute path" in edgeingest(board, "pull", "--spool", "spool'", "--dir", str(tmp_path), good=False)
