"""Hostile file names, and links in the folder of the local service: nothing is written outside of the folder."""

import re
import unicodedata
from pathlib import Path

import pytest
from support.service import form, numbered, part, running

# aiohttp warns of odd part headers; the service parses them itself.
pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")

NAMES = [
    "../../etc/passwd.cbor", "..\\..\\boot.cbor", "/abs.cbor", "C:abs.cbor", "~root.cbor", "a/b/c.cbor",
    "....//a.cbor", "$HOME.cbor", "%2e%2e%2fa.cbor", "a\0.cbor", "a\x1b[2J.cbor", "CON.cbor", "com1.cbor",
    "COM\N{SUPERSCRIPT ONE}.cbor", "lpt9 .cbor", "aux..cbor", "CONIN$.cbor", "prn.tar.cbor", "nul:.cbor",
    "a.cbor::$DATA.cbor", "a. .cbor", "desktop.ini.cbor", ".htaccess.cbor", "\N{RIGHT-TO-LEFT OVERRIDE}robc.exe.cbor",
    "\N{ZERO WIDTH SPACE}.cbor", "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}.cbor", "\N{DIVISION SLASH}a.cbor",
    "\N{LATIN SMALL LETTER A}\N{COMBINING DIAERESIS}.cbor", "\N{KELVIN SIGN}.cbor", "\N{PILE OF POO}.cbor",
    unicodedata.normalize("NFC", "Käse.cbor"), unicodedata.normalize("NFD", "Käse.cbor"), "KÄSE.cbor", "käse.cbor",
    "A.cbor", "a.cbor", "index.sqlite.cbor", "serve.lock.cbor", "a" * 300 + ".cbor",
    "\N{PILE OF POO}" * 300 + ".cbor", "'; DROP TABLE samples;--.cbor",
]  # fmt: skip


def test_hostile_names(tmp_path, counted):
    outside = tmp_path / "outside"
    outside.mkdir()
    with running(tmp_path / "data") as service:
        for number, name in enumerate(NAMES):
            encoded = "".join(f"%{byte:02X}" for byte in name.encode())
            replies = [service.data(numbered(f"d{number}"), x_file_name=encoded).text]
            if name.isprintable() or name[0] > "\x7f":  # control characters cannot be in a part's head
                body = form(part("NAME", numbered(f"f{number}"))).replace(b"NAME", name.encode())
                reply = service.files(body=body)
                assert reply.status == 200, (name, reply)
                replies.append(reply.json["files"][0]["fileName"])
            for stored in replies:
                assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}\.cbor", stored), name
                assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)\.", stored), name
                assert service.row(stored_name=stored)["sent_name"] == name
        names = [Path(path).name for path in service.on_disk()]
        assert len({name.lower() for name in names}) == len(names) == len(service.rows())  # whatever the case
    assert list(outside.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "outside"]
    counted(len(names))


@pytest.mark.parametrize("raw", ["%C0%AF", "%C1%9C", "%E0%80%AF", "%ED%A0%80", "%F4%90%80%80", "%FF", "a%00%80"])
def test_names_that_are_no_utf8_are_refused(tmp_path, raw):
    with running(tmp_path) as service:
        reply = service.data(numbered(1), x_file_name=raw + ".cbor")
        assert (reply.status, "is not UTF-8" in reply.text) == (400, True)
        assert service.on_disk() == []


def test_links_are_not_followed(tmp_path):
    """Where the service would write or remove a file, there is a link to a file of another user."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"mine")
    data = tmp_path / "data"
    for folder in ("training", "incoming"):
        (data / folder).mkdir(parents=True)
    (data / "training" / "wave.01.cbor").symlink_to(secret)
    (data / "training" / "wave.02.cbor").symlink_to(tmp_path / "nowhere")
    (data / "incoming" / "0.part").symlink_to(secret)
    with running(data) as service:
        for number in (1, 2):
            reply = service.data(numbered(number), x_file_name=f"wave.0{number}.cbor", x_disallow_duplicates="1")
            assert reply.status == 200
            assert not (data / "training" / reply.text).is_symlink()
            assert (data / "training" / reply.text).read_bytes() == numbered(number)
    assert secret.read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()
