"""Where firmware keeps its files: the layouts in board.toml, a board that is asked, and what MicroPython does."""

import contextlib

import pytest
from edgeingest_tools.board import catalogue, image, littlefs
from edgeingest_tools.board.link import BoardError
from edgeingest_tools.board.simulated import Kind, Simulated
from support.device_source import device_source
from support.images import compiled_once, invoke
from support.scripts import run_script

MB = 1 << 20
EXAMPLE = {"main.py": b"print(1)\n", "lib/x.mpy": bytes(9000)}


@pytest.fixture(autouse=True, scope="module")
def once():
    with compiled_once():
        yield


@pytest.mark.parametrize(
    ("board", "version", "variant", "flash", "offset", "size"),
    [
        ("ESP32_GENERIC", "1.25.0", "", None, 0x200000, 2 * MB),
        ("ESP32_GENERIC", "1.25.0", "SPIRAM", 16 * MB, 0x200000, 2 * MB),
        ("ESP32_GENERIC", "1.26.1", "", 4 * MB, 0x200000, 2 * MB),
        ("ESP32_GENERIC", "v1.26.0", "", 16 * MB, 0x200000, 14 * MB),  # the physical flash, not what the header says
        ("ESP32_GENERIC", "1.25.0", "OTA", 4 * MB, 0x310000, 0xF0000),
        ("ESP32_GENERIC", "1.26.1", "OTA", 8 * MB, 0x310000, 0x4F0000),
        ("ESP32_GENERIC", "1.26.1", "D2WD", 2 * MB, 0x170000, 0x90000),
        ("ESP32_GENERIC_C3", "1.26.1", "", 4 * MB, 0x200000, 2 * MB),
        ("ESP32_GENERIC_S3", "1.23.0", "", None, 0x200000, 6 * MB),
        ("ESP32_GENERIC_S3", "1.23.0", "FLASH_4M", None, 0x200000, 2 * MB),
        ("ESP32_GENERIC_S3", "1.26.1", "SPIRAM_OCT", 16 * MB, 0x200000, 14 * MB),
        ("RPI_PICO", None, "", None, 0xA0000, 0x160000),
        ("RPI_PICO_W", "1.28.0", "", None, 0x12C000, 0xD4000),
        ("RPI_PICO2_W", None, "", None, 0x180000, 0x280000),
    ],
)
def test_where_a_firmware_keeps_its_files(board, version, variant, flash, offset, size):
    place = catalogue.load(board).place(version, variant, flash)
    assert (place.offset, place.size) == (offset, size)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "ESP32_GENERIC: where this firmware keeps its files depends on its release: say which, --firmware"),
        (
            ["--firmware", "1.26.1"],
            "depends on the flash, to whose end it reaches: give its size, such as --flash-size 4MB",
        ),
        (["--firmware", "1.99"], "is not known for MicroPython 1.99, only for 1.23 to 1.25 and 1.26: ask a board"),
        (["--firmware", "1.22.2"], "is not known for MicroPython 1.22.2, only for"),
        (
            ["--firmware", "1.25.0", "--variant", "D2WD"],
            "ESP32_GENERIC-D2WD: where this firmware keeps its files",
        ),
        (
            ["--firmware", "1.26.1", "--variant", "ota"],
            "no firmware with --variant 'ota': there are 'SPIRAM',",
        ),
        (["--firmware", "1.26.1", "--flash-size", "2MB"], "is at 0x200000, and a flash of 2097152 bytes is too small"),
        (["--firmware", "1.25.0", "--flash-size", "2MB"], "and a flash of 2097152 bytes is too small"),
        (["--firmware", "1.26.1", "--flash-size", "4096"], "--flash-size: '4096' is no size of a flash, such as 4MB"),
        (["--firmware", "newest"], "--firmware: 'newest' is no version of MicroPython"),
        (["--port", "/dev/x", "--firmware", "1.26.1"], "a board tells all of it: leave out"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    status, _, complaint = invoke("--board", "ESP32_GENERIC", "--out", "esp32.bin", *options)
    assert status == 1 and words in complaint and complaint.count("\n") == 1
    assert "--port" in complaint
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_where_the_image_goes_and_what_to_mind(tmp_path):
    out = tmp_path / "ota.bin"
    options = ["--firmware", "1.26.1", "--variant", "OTA", "--flash-size", "4MB"]
    status, output, _ = invoke("--board", "ESP32_GENERIC", "--out", out, *options)
    assert status == 0 and out.stat().st_size == 0xF0000
    assert f"esptool write_flash 0x310000 {out}" in output and "960 KB of littlefs2 at 0x310000" in output
    assert "Note: Since MicroPython 1.26 the file system reaches to the end" in output


def test_a_firmware_is_told_by_its_whole_name():
    """A prefix would take the OTA and D2WD firmware for the other, and RISC-V for Arm."""
    for name in catalogue.names():
        for firmware in catalogue.load(name).firmware:
            if name != "UNIX":
                assert catalogue.find(firmware.machine).name == name
                assert catalogue.find(firmware.machine + "-RISCV") is None


# -- a board that is asked
@pytest.fixture
def simulated(tmp_path):
    """Returns simulated(platform, machine, place), which starts a board of that kind."""
    with contextlib.ExitStack() as boards:
        yield lambda *kind: boards.enter_context(Simulated(tmp_path, kind=Kind(*kind)))


@pytest.mark.parametrize(("offset", "size"), [(0x200000, 14 * MB), (0x310000, 0xF0000), (0x220000, 0x1E0000)])
def test_an_esp32_tells_where_its_files_are(simulated, tmp_path, offset, size):
    """Also of a firmware that nobody has looked up."""
    board = simulated("esp32", "Generic ESP32 module with OTA with ESP32", (offset, size, "vfs"))
    out = tmp_path / "x.bin"
    status, output, errors = invoke("--board", "ESP32_GENERIC", "--port", board.port, "--out", out)
    assert (status, errors) == (0, "")
    assert out.stat().st_size == size and f"esptool write_flash {offset:#x} " in output


@pytest.mark.parametrize(
    ("machine", "place", "words"),
    [
        (
            "Generic ESP32S3 module with ESP32S3",
            (0x200000, 2 * MB, "vfs"),
            "is no ESP32_GENERIC: its MicroPython is for 'Gen",
        ),
        ("Generic ESP32 module with ESP32", None, "has no littlefs in its flash"),
        ("Generic ESP32 module with ESP32", (0x200000, 2 * MB, "ffat"), "has no littlefs in its flash"),
    ],
)
def test_an_esp32_that_gets_no_image(simulated, tmp_path, machine, place, words):
    board = simulated("esp32", machine, place)
    status, _, complaint = invoke("--board", "ESP32_GENERIC", "--port", board.port, "--out", tmp_path / "x.bin")
    assert status == 1 and words in complaint and not (tmp_path / "x.bin").exists()


def test_an_rp2_tells_the_size(simulated, tmp_path):
    board = simulated("rp2", "Raspberry Pi Pico W with RP2040", (0, 0xD4000, ""))
    place = image.ask(catalogue.load("RPI_PICO_W"), board.port)
    assert (place.offset, place.size) == (0x12C000, 0xD4000)


def test_an_rp2_with_another_firmware_gets_no_image(simulated):
    board = simulated("rp2", "Raspberry Pi Pico W with RP2040", (0, 0x100000, ""))
    with pytest.raises(BoardError, match="1048576 bytes, the firmware of RPI_PICO_W one of 868352: it is"):
        image.ask(catalogue.load("RPI_PICO_W"), board.port)


def test_risc_v_is_no_arm(simulated):
    board = simulated("rp2", "Raspberry Pi Pico 2 W with RP2350-RISCV", (0, 0x280000, ""))
    with pytest.raises(BoardError, match="is no RPI_PICO2_W: its MicroPython is for .*RISCV"):
        image.ask(catalogue.load("RPI_PICO2_W"), board.port)


# -- what MicroPython does with an image
MOUNT = (
    device_source("board/image_mount_device")
    + """
image = read(sys.argv[1])
disk = Ram(b"\\xff" * int(sys.argv[3]), int(sys.argv[2]))
disk.image[: len(image)] = image
try:
    vfs.mount(vfs.VfsLfs2(disk), "/flash")
    print(sorted(os.listdir("/flash")))
except OSError as e:
    print("errno", e.errno)
"""
)


@pytest.mark.parametrize(
    ("made", "real", "said"),
    [
        (14 * MB, 14 * MB, "['lib', 'main.py']"),
        (2 * MB, 14 * MB, "errno 22"),  # what was made for every ESP32 before, on one with 16 MB and MicroPython 1.26
        (2 * MB, 0xF0000, "errno 22"),
    ],
)
def test_littlefs_mounts_only_the_size_that_it_was_made_for(tmp_path, made, real, said):
    place = catalogue.load("ESP32_GENERIC").place("1.26.1", "", 0x200000 + made)
    (tmp_path / "flash.bin").write_bytes(littlefs.build(place, EXAMPLE)[:real])
    (tmp_path / "mount.py").write_text(MOUNT)
    done = run_script(tmp_path / "mount.py", heapsize="48M", args=(str(tmp_path / "flash.bin"), "4096", str(real)))
    assert done.stdout.strip() == said, done.stderr
