"""Files on disk and the index: names that stay in their folder, duplicates, split, and use of the folder."""

import hashlib
import re
import unicodedata

import pytest
from edgeingest_tools.service.names import stored_name
from edgeingest_tools.service.store import INDEX, Store, StoreError
from support.service import command, numbered, part, running

# -- names

_HOSTILE = [
    "../../escape.cbor",
    "/etc/passwd.cbor",
    "C:\\windows\\system.cbor",
    "..\\..\\escape.cbor",
    "a/../../b.cbor",
    "..",
    ".",
    "...cbor",
    ".hidden.cbor",
    "-rf.cbor",
    "a\0b.cbor",
    "a\r\nb.cbor",
    "con.cbor",
    "LPT1",
    "nul.x.cbor",
    "a" * 5000 + ".cbor",
    "\N{RIGHT-TO-LEFT OVERRIDE}robc.cbor",
    "\N{FULLWIDTH SOLIDUS}etc\N{FULLWIDTH SOLIDUS}x.cbor",
    "\N{TWO DOT LEADER}/x.cbor",
    "\N{COMBINING ACUTE ACCENT}.cbor",
    unicodedata.normalize("NFD", "käse.cbor"),
    "index.sqlite",
    "a:stream.cbor",
    "trailing. . .cbor",
    " ",
]


@pytest.mark.parametrize("sent", _HOSTILE)
def test_stored_names_are_safe_everywhere(sent):
    for unique in ("", "0123abcd"):
        name = stored_name(sent, "cbor", unique)
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.cbor", name)
        assert ".." not in name.replace("...", "") or "/" not in name
        assert len(name) <= 120
        assert name.split(".")[0].upper() not in ("CON", "PRN", "AUX", "NUL", "COM1", "LPT1")
        assert unique in name


def test_hostile_names_stay_in_their_folder_and_are_kept_in_the_index(tmp_path):
    with running(tmp_path / "inside") as service:
        for number, sent in enumerate(_HOSTILE):
            encoded = "".join(f"%{byte:02X}" for byte in sent[:500].encode())
            reply = service.data(numbered(number), x_file_name=encoded)
            assert reply.status == 200, sent
            row = service.row(sent_name=sent[:500])
            assert row["stored_name"] == reply.text
            assert (service.directory / "training" / reply.text).read_bytes() == numbered(number)
        assert len(service.on_disk()) == len(_HOSTILE)
        assert all(re.fullmatch(r"training/[^/]+", path) for path in service.on_disk())
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_same_name_again_gets_an_id(tmp_path):
    with running(tmp_path) as service:
        names = [service.data(numbered(number), x_file_name="wave.01.cbor").text for number in range(3)]
        names.append(service.data(numbered(3), x_file_name="WAVE.01.CBOR").text)
        assert names[0] == "wave.01.cbor"
        for name in names[1:]:
            assert re.fullmatch(r"wave\.01\.[0-9a-z]{8}\.cbor", name, re.IGNORECASE)
        assert len({name.lower() for name in names}) == 4
        assert [row["sent_name"] for row in service.rows()] == ["wave.01.cbor"] * 3 + ["WAVE.01.CBOR"]
        reply = service.files(*[part("wave.01.cbor", numbered(number)) for number in (5, 6)])
        assert len({entry["fileName"] for entry in reply.json["files"]} | set(names)) == 6


def test_add_date_id(tmp_path):
    with running(tmp_path) as service:
        assert re.fullmatch(r"wave\.01\.[0-9a-z]{8}\.cbor", service.data(numbered(1), x_add_date_id="1").text)
        [entry] = service.files(part("a.b.cbor", numbered(2)), x_add_date_id="1").json["files"]
        assert re.fullmatch(r"a\.b\.[0-9a-z]{8}\.cbor", entry["fileName"])


def test_suffix_follows_the_content(tmp_path):
    with running(tmp_path) as service:
        assert service.data(numbered(1), x_file_name="wave.0").text == "wave.0.cbor"
        assert service.data(numbered(2), x_file_name="wave.json").text == "wave.json.cbor"


def test_files_of_the_user_are_not_overwritten(tmp_path):
    (tmp_path / "training").mkdir()
    mine = tmp_path / "training" / "wave.01.cbor"
    mine.write_text("mine")
    for number in range(2):
        with running(tmp_path) as service:
            assert service.data(numbered(number)).text != mine.name
            assert mine.read_text() == "mine"


# -- duplicates


def test_duplicates_on_data(tmp_path):
    with running(tmp_path) as service:
        assert service.data(numbered(1), x_disallow_duplicates="1").status == 200
        for value in ("1", "0", ""):
            reply = service.data(numbered(1), category="testing", x_file_name="b.cbor", x_disallow_duplicates=value)
            assert (reply.status, reply.text) == (400, "An item with this hash already exists (ids: 1)")
        assert service.data(numbered(2), x_disallow_duplicates="1").status == 200
        assert service.data(numbered(1)).status == 200
        assert len(service.rows()) == 3
        assert service.data(numbered(1), x_disallow_duplicates="1").text.endswith("(ids: 1, 3)")
        assert len(service.on_disk()) == 3


def test_duplicates_on_files(tmp_path):
    with running(tmp_path) as service:
        parts = [part(f"{number}.cbor", numbered(number)) for number in (1, 2, 1)]
        reply = service.files(*parts, x_disallow_duplicates="1")
        assert (reply.status, reply.json["success"]) == (200, True)
        first, second, third = reply.json["files"]
        assert (first["fileName"], second["fileName"]) == ("1.cbor", "2.cbor")
        assert third == {"success": False, "error": "An item with this hash already exists (ids: 1)"}
        assert service.on_disk() == ["training/1.cbor", "training/2.cbor"]
        reply = service.files(*parts)
        assert [entry["success"] for entry in reply.json["files"]] == [True] * 3


def test_duplicates_are_known_after_a_restart(tmp_path):
    for status in (200, 400):
        with running(tmp_path) as service:
            assert service.data(numbered(1), x_disallow_duplicates="1").status == status


# -- split


def test_split_follows_the_md5_of_the_file(tmp_path):
    with running(tmp_path) as service:
        expected = []
        for number in range(60):
            digit = hashlib.md5(numbered(number)).hexdigest().lstrip("f")[0]
            expected.append("training" if digit in "0123456789ab" else "testing")
        for number in range(30):
            assert service.data(numbered(number), category="split").status == 200
        parts = [part(f"{number}.cbor", numbered(number)) for number in range(30, 60)]
        assert service.files(*parts, category="split").status == 200
        assert [row["category"] for row in service.rows()] == expected
        assert {"training", "testing"} == set(expected)
        for row in service.rows():
            assert (service.directory / row["category"] / row["stored_name"]).exists()


# -- the folder


def test_two_services_cannot_share_a_folder(tmp_path):
    with running(tmp_path):
        with pytest.raises(StoreError, match="is in use by another `edgeingest serve`: give another folder with --dir"):
            Store(tmp_path)
        result = command("serve", "--port", "0", "--dir", tmp_path)
        assert (result.returncode, "is in use by another" in result.stderr) == (1, True)
    Store(tmp_path).close()


def test_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="give another folder with --dir"):
        Store(tmp_path / "file")
    (tmp_path / INDEX).write_text("this is not an index " * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        Store(tmp_path)
