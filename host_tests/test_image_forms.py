"""`edgeingest image`: UF2 by its specification, and what is refused."""

import json
import struct

import pytest
import trustme
from edgeingest_tools import firmware
from edgeingest_tools.board import catalogue, contents, littlefs, rom, settings, uf2, volumes
from image_support import compiled_once, invoke, maker

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
    """The blocks of a UF2 file, as github.com/microsoft/uf2 lays them out."""
    assert len(data) % 512 == 0
    for at in range(0, len(data), 512):
        block = data[at : at + 512]
        head = struct.unpack("<8I", block[:32])
        assert (head[0], head[1], block[508:]) == (0x0A324655, 0x9E5D5157, (0x0AB16F30).to_bytes(4, "little"))
        yield head[2:], block[32:508]


@pytest.mark.parametrize("name", FLASHED)
def test_uf2_puts_the_image_where_the_firmware_looks_for_it(make, name):
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


def test_uf2_takes_whole_pages_only():
    for data, address in ((b"x", 0), (bytes(256), 1)):
        with pytest.raises(ValueError, match="whole pages of 256 bytes"):
            uf2.encode(data, address, 1)


# -- what is refused
SMALL = catalogue.Filesystem(offset=0, size=64 * 1024, block_size=4096, kind="littlefs2")


def test_what_does_not_fit_is_refused_with_both_sizes():
    with pytest.raises(volumes.VolumeError, match=r"70000 bytes in 1 files do not fit the board's 65536 bytes"):
        littlefs.build(SMALL, {"large": bytes(70000)})


def test_fat_is_refused():
    with pytest.raises(volumes.VolumeError, match="the file system of this board is fat"):
        littlefs.build(SMALL.model_copy(update={"kind": "fat"}), {})


@pytest.mark.parametrize("module, build", [(littlefs, lambda files: littlefs.build(SMALL, files)), (rom, rom.build)])
def test_an_image_that_reads_back_otherwise_is_refused(monkeypatch, module, build):
    monkeypatch.setattr(module, "read", lambda *arguments: {"a": b"1", "b": b"other"})
    with pytest.raises(volumes.VolumeError, match="other files than were written: b, c$"):
        build({"a": b"1", "b": b"2", "c": b"3"})


REFUSED = [
    (["--board", "PICO", "--out", "x.bin"], "no board is called 'PICO': there are ESP32_GENERIC, "),
    (["--board", "UNIX", "--out", "x.uf2"], "an image for UNIX is a file that ends in .bin: give such a name"),
    (["--board", "RPI_PICO", "--out", "x"], "is a file that ends in .bin or .uf2"),
    (["--board", "RPI_PICO", "--out", "x.bin", "--romfs"], "a ROM file system is a file that ends in .romfs"),
    (["--board", "RPI_PICO", "--out", "x.romfs", "--romfs", "--example", "replay_motion"], "leave out --example"),
    (
        ["--board", "RPI_PICO", "--out", "x.bin", "--example", "none"],
        "no example 'none': take one of main, ",
    ),
    (["--board", "RPI_PICO", "--out", "x.bin", "--config", "gone.json"], "gone.json cannot be read: No such file"),
    (["--board", "RPI_PICO", "--out", "x.bin", "--ca", "ca.der"], "--ca goes with the settings: give --config"),
    (["--board", "RPI_PICO", "--out", "gone/x.bin"], "cannot write gone/x.bin: No such file or directory; give"),
]


@pytest.mark.parametrize("arguments, said", REFUSED, ids=[said for _, said in REFUSED])
def test_the_command_refuses_in_one_line(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    status, _, complaint = invoke(*arguments)
    assert status == 1
    assert complaint.startswith("edgeingest: ") and said in complaint and complaint.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


# -- settings
def test_settings_from_toml_and_json_are_the_same(tmp_path):
    (tmp_path / "s.toml").write_text('api_key = "ei_1"\nwifi_ssid = "Café"\n')
    (tmp_path / "s.json").write_text('{"api_key": "ei_1", "wifi_ssid": "Café"}')
    found = [settings.read(tmp_path / name) for name in ("s.toml", "s.json")]
    assert found[0] == found[1]
    assert json.loads(found[0].encoded()) == {"api_key": "ei_1", "wifi_ssid": "Café"}


@pytest.mark.parametrize(
    "text, complaint",
    [
        ('wifi_ssid = "x"', "api_key: Field required"),
        ('api_key = ""', "api_key: String should have at least 1 character"),
        ("api_key = 5", "api_key: Input should be a valid string"),
        ('api_key = "ei_1"\nwifi = "x"', "wifi: Extra inputs are not permitted"),
        ("api_key =", "is no TOML: "),
    ],
)
def test_wrong_settings_are_refused_by_file_and_key(tmp_path, text, complaint):
    (tmp_path / "s.toml").write_text(text + '\nhmac_key = "5ec7e7"\n')
    status, _, said = invoke("--board", "UNIX", "--out", tmp_path / "x.bin", "--config", tmp_path / "s.toml")
    assert status == 1 and f"{tmp_path / 's.toml'}: " in said.replace(" is no", ": is no") and complaint in said
    assert "5ec7e7" not in said


def test_https_takes_its_root_certificate_along(tmp_path):
    pem, der = tmp_path / "ca.pem", tmp_path / "ca.der"
    trustme.CA().cert_pem.write_to_path(str(pem))
    der.write_bytes(contents.der(pem))
    board, found = catalogue.load("RPI_PICO_W"), settings.Settings(api_key="ei_1", ca="/own.der")
    for given in (pem, der):
        assert contents.configuration(board, found, given)["own.der"] == der.read_bytes()
    assert "edgeingest.der" in contents.configuration(board, settings.Settings(api_key="ei_1"), pem)
    with pytest.raises(contents.ContentsError, match=r"https://ingestion.edgeimpulse.com needs its root certificate"):
        contents.configuration(board, found, None)
    assert list(contents.configuration(catalogue.load("RPI_PICO"), found, None)) == ["edgeingest.json"]  # no network
    with pytest.raises(contents.ContentsError, match=r"is no certificate"):
        contents.der(firmware.FIRMWARE / "edgeingest" / "__init__.py")
