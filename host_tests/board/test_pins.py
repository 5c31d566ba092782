"""Pins: every board file and every example uses pins that its chip has and that have no other task, by chips.toml."""

import ast
import types

import pytest
from edgeingest_tools.board import catalogue
from edgeingest_tools.board.pins import chips
from support.interpreters import FIRMWARE

BOARDS = [name for name in catalogue.names() if catalogue.load(name).pins]
EXAMPLES = sorted((FIRMWARE / "examples").glob("*.py"))
USES = {"SDA": "sda", "SCL": "scl", "SCK": "sck", "WS": "ws", "SD": "sd", "BUTTON": "button"}
TAKE_PINS = ("Pin", "I2C", "Microphone", "Adc")


@pytest.mark.parametrize("chip", chips())
def test_a_table_is_consistent(chip):
    """Pins of another task are pins; a free pin and an analog input are left; the source says where it comes from."""
    found = chips()[chip]
    assert "MicroPython 1." in found.source
    for task in ("adc", "input_only", "strapping", "flash", "console", "board"):
        assert set(getattr(found, task)) <= set(found.usable), task
    assert any(found.objection(pin, "adc") is None for pin in found.usable)
    assert [pin for pin in found.usable if found.objection(pin, "button") is None]


@pytest.mark.parametrize(
    ("chip", "pin", "use", "why"),
    [
        ("ESP32C3", 18, "sda", "does not exist in MicroPython: it is the USB's"),  # what I2C(0) has until 1.25
        ("ESP32C3", 8, "sda", "another task: strapping"),  # what it has from 1.26 on
        ("ESP32C3", 15, "button", "does not exist"),
        ("ESP32C3", 32, "sck", "does not exist"),
        ("ESP32S3", 32, "sck", "does not exist"),
        ("ESP32S3", 25, "ws", "does not exist"),
        ("ESP32S3", 33, "sd", "another task: flash"),
        ("ESP32", 15, "button", "another task: strapping"),
        ("ESP32", 34, "button", "an input without a pull-up"),
        ("ESP32", 25, "adc", "no analog input that works while Wi-Fi is on"),
        ("RP2040", 25, "button", "another task: board"),
    ],
)
def test_pins_that_did_not_work(chip, pin, use, why):
    assert why in chips()[chip].objection(pin, use)


@pytest.mark.parametrize("name", BOARDS)
def test_the_pins_of_a_board(name):
    board = catalogue.load(name)
    assert board.pins.objections(chips()[board.chip], board.port) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("sda = 4", "sda = 6", r"sda: pin 6 is none of I2C\(0\)"),
        ("ws = 17", "ws = 19", r"ws: has to be sck \+ 1"),
        ("button = 15", "button = 25", "button: pin 25 has another task: board"),
        ("button = 15", "button = 16", "a pin has two uses"),
        ('chip = "RP2040"', 'chip = "RP2"', "chip has to be one of ESP32, "),
    ],
)
def test_a_board_file_with_wrong_pins_is_refused(tmp_path, monkeypatch, old, new, why):
    text = (catalogue.BOARDS / "RPI_PICO_W" / "board.toml").read_text()
    assert text.count(old) == 1
    monkeypatch.setattr(catalogue, "BOARDS", tmp_path)
    (tmp_path / "RPI_PICO_W").mkdir()
    (tmp_path / "RPI_PICO_W" / "board.toml").write_text(text.replace(old, new))
    with pytest.raises(catalogue.CatalogueError, match=why):
        catalogue.load("RPI_PICO_W")


def pins_of(tree, banner):
    """Returns {use: pin} that an example takes on a board: its assignments of pins, executed."""
    found = {"sys": types.SimpleNamespace(implementation=types.SimpleNamespace(_machine=banner))}
    for node in tree.body:
        targets = ast.walk(node.targets[0]) if isinstance(node, ast.Assign) else ()
        if {target.id for target in targets if isinstance(target, ast.Name)} & {*USES, "PINS", "PICO"}:
            exec(compile(ast.Module([node], []), "example", "exec"), found)
    return {USES[name]: found[name] for name in USES if name in found}


def calls(tree):
    """Yields (name of the function, its arguments) of the calls that take pins."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in TAKE_PINS:
                yield name, node


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_names_its_pins(path):
    """No literal number is a pin, and no peripheral is left with the pins that a firmware gives it."""
    tree = ast.parse(path.read_text())
    for name, node in calls(tree):
        if name == "Pin":
            assert node.args[0].id in USES
        elif name == "I2C":
            assert {keyword.arg for keyword in node.keywords} >= {"sda", "scl"}
        else:
            assert all(isinstance(argument, ast.Name) and argument.id in USES for argument in node.args)


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_the_pins_of_the_board(path, name):
    tree, board = ast.parse(path.read_text()), catalogue.load(name)
    if not list(calls(tree)):
        return
    for variant in ("", "-UNICORE"):  # board names of MicroPython end in the name of the chip, and this for variants
        pins = pins_of(tree, board.firmware[0].machine + variant)
        assert pins and pins == {use: pin for use, pin in board.pins.uses().items() if use in pins}


@pytest.mark.parametrize("name", BOARDS)
def test_main_reads_the_analog_input_of_the_board(name):
    board = catalogue.load(name)
    [(_, node)] = calls(ast.parse((board.folder / "main.py").read_text()))
    assert ast.literal_eval(node.args[0]) == (("input", board.pins.adc),)
