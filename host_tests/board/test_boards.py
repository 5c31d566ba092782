"""boards/<NAME>/board.toml: all fit the schema; a file that does not is refused with its path and the field."""

import compile_mpy
import pytest
from edgeingest_tools.board import catalogue

GOOD = (catalogue.BOARDS / "RPI_PICO_W" / "board.toml").read_text()


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Returns write(text), which makes a catalogue of one board, RPI_PICO_W."""
    monkeypatch.setattr(catalogue, "BOARDS", tmp_path)

    def write(text):
        (tmp_path / "RPI_PICO_W").mkdir(exist_ok=True)
        (tmp_path / "RPI_PICO_W" / "board.toml").write_text(text)

    return write


def test_names_of_all_boards():
    assert catalogue.names() == [
        "ESP32_GENERIC",
        "ESP32_GENERIC_C3",
        "ESP32_GENERIC_S3",
        "RPI_PICO",
        "RPI_PICO2_W",
        "RPI_PICO_W",
        "UNIX",
    ]
    assert sorted(path.name for path in catalogue.BOARDS.iterdir()) == catalogue.names()


@pytest.mark.parametrize("name", catalogue.names())
def test_a_board_is_complete(name):
    board = catalogue.load(name)
    assert board.mpy_arch in compile_mpy.ARCHITECTURES
    assert sorted(path.name for path in board.folder.iterdir()) == ["board.toml", "main.py", "manifest.py"]
    if board.uf2:  # the flash of a Pico ends where its file system ends: 2 or 4 MiB
        assert board.place().offset + board.place().size in (2 << 20, 4 << 20)


@pytest.mark.parametrize(
    "machine, name",
    [
        # board name and chip of mpconfigboard.h, mpconfigvariant_*.cmake and ports/rp2/mpconfigport.h:39-43, 1.26.1
        ("Raspberry Pi Pico with RP2040", "RPI_PICO"),
        ("Raspberry Pi Pico W with RP2040", "RPI_PICO_W"),
        ("Raspberry Pi Pico 2 W with RP2350", "RPI_PICO2_W"),
        ("Raspberry Pi Pico 2 W with RP2350-RISCV", None),  # no .mpy for Arm, and another family of .uf2
        ("Raspberry Pi Pico2 with RP2350", None),  # not in the catalogue, and not a Pico
        ("Generic ESP32 module with ESP32", "ESP32_GENERIC"),
        ("Generic ESP32 module with SPIRAM with ESP32", "ESP32_GENERIC"),
        ("Generic ESP32 module with OTA with ESP32", "ESP32_GENERIC"),
        ("Generic ESP32 module with ESP32-D2WD", "ESP32_GENERIC"),
        ("Generic ESP32 module with ESP32-UNICORE", "ESP32_GENERIC"),
        ("Generic ESP32 module with something of mine", None),
        ("Generic ESP32S3 module with Octal-SPIRAM with ESP32S3", "ESP32_GENERIC_S3"),
        ("Generic ESP32S3 module with ESP32S3", "ESP32_GENERIC_S3"),
        ("ESP32C3 module with ESP32C3", "ESP32_GENERIC_C3"),
        ("linux [GCC 14.2.1] version", "UNIX"),
        ("PYBv1.1 with STM32F405RG", None),
    ],
)
def test_a_board_is_found_by_the_banner_of_its_firmware(machine, name):
    found = catalogue.find(machine)
    assert (found and found.name) == name


@pytest.mark.modes("py")
def test_the_interpreter_of_the_tests_is_found(worker):
    machine = worker.run("import sys\nresult = sys.implementation._machine")
    assert catalogue.find(machine).name == "UNIX"


WRONG = [
    ('port = "rp2"', 'port = "rp3"', r"port: Input should be 'esp32', 'rp2' or 'unix'"),
    ('mpy_arch = "armv6m"', 'mpy_arch = "armv5"', r"mpy_arch: .*has to be one of armv6m, "),
    ("network = true", 'network = "yes"', r"network: Input should be a valid boolean"),
    ("float_bits = 32", "float_bits = 16", r"float_bits: Input should be 32 or 64"),
    ("size = 0xd4000", "size = -1", r"firmware.0.layouts.0.size: Input should be greater than 0"),
    ("size = 0xd4000", "size = 0xd4001", r"firmware.0.layouts.0: .*multiples of a block, 4096"),
    ('since = "1.23"', 'since = "1.23.0"', r"firmware.0.layouts.0.since: String should match"),
    ("sda = 4", "sda = 400", r"pins.i2c.sda: Input should be less than or equal to 63"),
    ("adc = 26", "adcs = 26", r"(?s)pins.adc: Field required.*pins.adcs: Extra inputs are not permitted"),
    ('notes = "', 'note = "', r"(?s)notes: Field required.*note: Extra inputs"),
    ("[uf2]\nfamily_id = 0xe48bff56\nflash_start = 0x10000000", "", r"\[uf2\] is for boards of port rp2"),
    ("[pins]", "[pins", r"board.toml is no TOML: .*line"),
    ('name = "RPI_PICO_W"', 'name = "PICO"', r"name is 'PICO', its folder 'RPI_PICO_W'"),
]


@pytest.mark.parametrize("old, new, complaint", WRONG, ids=[complaint for _, _, complaint in WRONG])
def test_a_wrong_file_is_refused_by_file_and_field(write, old, new, complaint):
    assert GOOD.count(old) == 1
    write(GOOD.replace(old, new))
    with pytest.raises(catalogue.CatalogueError, match=complaint) as caught:
        catalogue.load("RPI_PICO_W")
    assert all("RPI_PICO_W/board.toml" in line for line in str(caught.value).splitlines())


def test_the_error_for_an_unknown_board_names_the_others(write):
    write(GOOD)
    assert catalogue.load("RPI_PICO_W").mpy_arch == "armv6m"
    with pytest.raises(catalogue.CatalogueError, match="no board is called 'PICO': there are RPI_PICO_W in "):
        catalogue.load("PICO")
