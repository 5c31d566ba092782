"""firmware/README.md: its tables agree with boards/*/board.toml; its commands and files exist; images are made."""

import contextlib
import re
import shlex

import device
import footprint
import package
import pytest
import trustme
import typer
from device import Device
from edgeingest_tools import cli
from edgeingest_tools.board import catalogue, contents
from edgeingest_tools.board.simulated import Kind, Simulated
from support.images import compiled_once
from support.interpreters import FIRMWARE, ROOT
from typer.testing import CliRunner

TEXT = (FIRMWARE / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
LINES = [line.strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
COMMANDS = typer.main.get_command(cli.app).commands
TARGETS = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
IMAGES = [line for line in LINES if line.startswith(".venv/bin/edgeingest image ")]


def table(title):
    """Returns the cells of the table whose head begins with this column, without the head."""
    rows = re.search(rf"(?m)^\| {title} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT).group(1)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]


PACKAGE = FIRMWARE / "edgeingest"
MODULES = table("module in `edgeingest/`")


def words(layout):
    """Returns where a layout has the files, and of which releases, if not of all."""
    size = f"{layout.size // 1024} KB" if layout.size else "to the end"
    return f"{size} at {layout.offset:#x}" + (f" ({layout})" if layout.until else "")


def row(board):
    files = "; ".join(dict.fromkeys(map(words, board.firmware[0].layouts)))
    run = board.measured.date.isoformat() if board.measured.date else "not yet"
    return [board.name, f"`{board.mpy_arch}`", files, "yes" if board.network else "no", run]


def test_the_boards_are_those_of_the_catalogue():
    assert table("board") == [row(catalogue.load(name)) for name in catalogue.names()]


def test_the_packages_are_those_of_make_package():
    assert [cells[0].strip("`") for cells in table("package")] == list(package.packages())


def test_the_modules_are_those_of_the_library():
    """Each file below edgeingest/ is in the table once; a package is one entry, with its modules in the text or not."""
    named = [name for cells in MODULES for name in re.findall(r"`([^`]+)`", cells[0])]
    files = {path.stem for path in PACKAGE.glob("*.py")}
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert sorted(named) == sorted(files | packages)
    for name in re.findall(r"`(\w+)`", next(text for cell, text in MODULES if "spool/" in cell)):
        assert name == "Spool" or (PACKAGE / "spool" / f"{name}.py").is_file()


def test_the_bold_modules_are_those_that_an_upload_loads(tmp_path):
    """A signed Sample, over HTTPS, on the interpreter: the kernels for its words are loaded where it has an emitter."""
    place = Device(tmp_path)
    place.compile([footprint.SCRIPT])
    with device.service(tmp_path) as service:
        loaded = place.printed(footprint.SCRIPT, ["upload", service.url("tls"), "ca.der"]).split()
    bold = [name for cells in MODULES for name in re.findall(r"\*\*`([^`]+)`\*\*", cells[0])]
    loaded.remove("url")  # the public address needs no parsing
    assert sorted(bold) == sorted(["__init__", *loaded])


def test_the_functions_on_the_way_of_a_sample_exist():
    """`module.Class.method`, and `_method` of a class that the same step names before it."""
    way = re.search(r"(?s)The way of one Sample.*?\n\n(.*?)\n\n", TEXT).group(1)
    sources = "".join(path.read_text() for path in PACKAGE.glob("*.py"))
    for name in re.findall(r"`([\w.]+)`", way):
        assert re.search(rf"(?m)^\s*(class|def|async def) {name.split('.')[-1]}\b", sources) or name in (
            "service_errors",
            "Stored",
        ), name


def test_the_pins_are_those_of_the_boards():
    expected = {"ESP32_GENERIC": "GPIO 34", "ESP32_GENERIC_S3": "GPIO 1 on an S3", "ESP32_GENERIC_C3": "0 on a C3"}
    expected |= dict.fromkeys(["RPI_PICO_W", "RPI_PICO2_W"], "reads GPIO 26")
    for name, words in expected.items():
        assert words in TEXT
        assert str(catalogue.load(name).pins.adc) in re.findall(r"\d+", words)


def test_the_size_of_the_library_in_flash(once):
    """Bytes, and littlefs's blocks of 4 KB."""
    bytes_, blocks = re.search(
        r"the library is about (\d+) KB of \.mpy .* about (\d+) KB of the board's 4 KB", TEXT
    ).groups()
    sizes = [len(data) for data in contents.compiled("armv6m").values()]
    assert int(bytes_) == pytest.approx(sum(sizes) / 1024, rel=0.1)
    assert int(blocks) == pytest.approx(sum(4 * -(-size // 4096) for size in sizes), rel=0.1)


@pytest.mark.parametrize("line", LINES)
def test_a_command_exists(line):
    """Targets of make, subcommands of edgeingest with their options, and the files in their arguments."""
    program, *words = shlex.split(line)
    if program == "make" and "-C" not in words:
        assert words[0] in TARGETS
    elif program == ".venv/bin/edgeingest":
        options = {option for each in COMMANDS[words[0]].params for option in each.opts}
        assert {word for word in words[1:] if word.startswith("-")} <= options
    for word in words:
        found = re.search(r"(?:^|=\$PWD/)((?:boards|firmware)/.*)", word)
        assert found is None or (ROOT / found.group(1)).is_file()


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https:)([^)#]*)", TEXT))
def test_a_link_leads_to_a_file(target):
    assert target == "" or (FIRMWARE / target).is_file()


@pytest.fixture(scope="module")
def once():
    with compiled_once():
        yield


@pytest.mark.parametrize("line", IMAGES)
def test_an_image_is_made(once, tmp_path, monkeypatch, line):
    monkeypatch.chdir(tmp_path)
    [written] = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "settings.toml").write_text(written)
    trustme.CA().cert_pem.write_to_path("ca.der")
    words = shlex.split(line)[1:]
    with contextlib.ExitStack() as stack:
        if "--port" in words:
            kind = catalogue.load(words[words.index("--board") + 1])
            board = Simulated(tmp_path, kind=Kind(kind.port, kind.firmware[0].machine, (0x200000, 2 << 20, "vfs")))
            words[words.index("--port") + 1] = stack.enter_context(board).port
        done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.output
    assert (tmp_path / words[words.index("--out") + 1]).stat().st_size > 50_000


def test_there_are_images_to_make():
    assert len(IMAGES) == 4
