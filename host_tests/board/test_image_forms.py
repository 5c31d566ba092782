"""`edgeingest image`: UF2 as its specification defines it, and errors."""

import json
import struct

import pytest
import trustme
from edgeingest_tools.board import catalogue, contents, layouts, littlefs, rom, uf2
from edgeingest_tools.board.link import BoardError
from support.images import compiled_once, invoke, maker

FLASHED = [name for name in catalogue.names() if catalogue.load(name).uf2]


@pytest.fixture(autouse=True, scope="module")
def once():
    with compiled_once():
        yield


@pytest.fixture
def make(tmp_path):
    return maker(tmp_path)


# -- UF2
def blocks(data):
    """Yields the blocks of a UF2 file in the layout of github.com/microsoft/uf2."""
    assert len(data) % 512 == 0
    for at in range(0, len(data), 512):
        block = data[at : at + 512]
        head = struct.unpack("<8I", block[:32])
        assert (head[0], head[1], block[508:]) == (0x0A324655, 0x9E5D5157, (0x0AB16F30).to_bytes(4, "little"))
        yield head[2:], block[32:508]


@pytest.mark.parametrize("name", FLASHED)
def test_uf2_has_the_image_at_the_end_of_the_flash(make, name):
    board = catalogue.load(name)
    image = make(name, "flash.bin").read_bytes()
    found = list(blocks(make(name, "flash.uf2").read_bytes()))
    family = {"armv6m": 0xE48BFF56, "armv7emsp": 0xE48BFF59}[board.mpy_arch]  # RP2040 and RP2350's Arm, boot/uf2.h
    flash_bytes = {"armv6m": 2 << 20, "armv7emsp": 4 << 20}[board.mpy_arch]
    start = 0x10000000 + flash_bytes - len(image)  # the last part of the flash
    for number, (head, _) in enumerate(found):
        assert head == (0x2000, start + 256 * number, 256, number, len(found), family)
    assert b"".join(payload[:256] for _, payload in found) == image
    assert all(payload[256:] == bytes(220) for _, payload in found)


def test_uf2_takes_complete_pages_only():
    for data, address in ((b"x", 0), (bytes(256), 1)):
        with pytest.raises(ValueError, match="whole pages of 256 bytes"):
            uf2.encode(data, address, 1)


# -- errors
SMALL = layouts.Filesystem(offset=0, size=64 * 1024, block_size=4096, kind="littlefs2")


def test_files_that_do_not_fit_are_refused_with_both_sizes():
    with pytest.raises(BoardError, match=r"70000 bytes in 1 files do not fit the board's 65536 bytes"):
        littlefs.build(SMALL, {"large": bytes(70000)})


def test_fat_is_refused():
    with pytest.raises(BoardError, match="the file system of this board is fat"):
        littlefs.build(SMALL.model_copy(update={"kind": "fat"}), {})


@pytest.mark.parametrize("module, build", [(littlefs, lambda files: littlefs.build(SMALL, files)), (rom, rom.build)])
def test_an_image_that_reads_back_otherwise_is_refused(monkeypatch, module, build):
    monkeypatch.setattr(module, "read", lambda *arguments: {"a": b"1", "b": b"other"})
    with pytest.raises(BoardError, match="other files than were written: b, c$"):
        build({"a": b"1", "b": b"2", "c": b"3"})


REFUSED = [
    (["--board", "PICO", "--out", "x.bin"], "no board is called 'PICO': there are ESP32_GENERIC, "),
    (["--board", "UNIX", "--out", "x.uf2"], "an image for UNIX is a file that ends in .bin: give such a name"),
    (["--board", "RPI_PICO", "--out", "x"], "is a file that ends in .bin or .uf2"),
    (["--board", "RPI_PICO", "--out", "x.bin", "--romfs"], "a ROM file system is a file that ends in .romfs"),
    (["--board", "RPI_PICO", "--out", "x.romfs", "--romfs", "--example", "replay_motion"], "leave out --example"),
    (
        ["--board", "RPI_PICO", "--out", "x.bin", "--example", "none"],
        "no example is called 'none': there are main, ",
    ),
    (["--board", "RPI_PICO", "--out", "x.bin", "--config", "gone.toml"], "cannot read gone.toml: "),
    (["--board", "RPI_PICO", "--out", "gone/x.bin"], "cannot write gone/x.bin: No such file or directory; give"),
]


@pytest.mark.parametrize("arguments, message", REFUSED, ids=[message for _, message in REFUSED])
def test_errors_of_the_command_are_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    status, _, complaint = invoke(*arguments)
    assert status == 1
    assert complaint.startswith("edgeingest: ") and message in complaint and complaint.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


# -- settings
SETTINGS = 'api_key = "ei_1"\nhmac_key = "5ec7e7"\nwifi_ssid = "Café"\n'


def test_paths_of_settings_and_root_certificate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trustme.CA().cert_pem.write_to_path("ca.pem")
    (tmp_path / "ca.der").write_bytes(contents.der(tmp_path / "ca.pem"))
    path, board = tmp_path / "s.toml", catalogue.load("RPI_PICO_W")
    for given in ("ca.pem", "ca.der"):
        path.write_text(SETTINGS + f'ca = "{given}"\n')
        found = contents.configuration(board, path)
        assert found.keys() == {"edgeingest.json", "edgeingest.der"}
        assert found["edgeingest.der"] == (tmp_path / "ca.der").read_bytes()
        on_board = json.loads(found["edgeingest.json"])
        assert on_board["ca"] == "/edgeingest.der" and on_board["wifi_ssid"] == "Café"
    path.write_text(SETTINGS + 'url = "http://192.168.1.10:4810"\n')
    assert contents.configuration(board, path).keys() == {"edgeingest.json"}
    path.write_text(SETTINGS)
    assert contents.configuration(catalogue.load("RPI_PICO"), path).keys() == {"edgeingest.json"}  # no network


def test_an_image_with_keys_is_readable_by_its_owner_only(tmp_path, make):
    (tmp_path / "s.toml").write_text('api_key = "ei_1"\nurl = "http://h"\n')
    for _ in range(2):  # the second replaces one that everybody may read
        image = make("RPI_PICO_W", "flash.bin", "--config", tmp_path / "s.toml")
        assert image.stat().st_mode & 0o777 == 0o600
        image.chmod(0o644)


@pytest.mark.parametrize(
    "text, complaint",
    [
        ('wifi_ssid = "x"', "api_key: it is missing"),
        ('api_key = "ei_1"\nwifi = "x"', "wifi: there is no such key"),
        ("api_key =", "s.toml is no TOML: "),
        ('api_key = "ei_1"', "https://ingestion.edgeimpulse.com needs its root certificate"),
        ('api_key = "ei_1"\nca = "gone.der"', "ca: cannot read gone.der: No such file or directory"),
        ('api_key = "ei_1"\nca = "s.toml"', "s.toml is no certificate, neither PEM nor DER"),
    ],
)
def test_wrong_settings_are_refused_by_file_and_key(tmp_path, monkeypatch, text, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(text + '\nhmac_key = "5ec7e7"\n')
    status, _, message = invoke("--board", "RPI_PICO_W", "--out", "x.bin", "--config", "s.toml")
    assert status == 1 and complaint in message and message.count("\n") == 1
    assert "5ec7e7" not in message and not (tmp_path / "x.bin").exists()
