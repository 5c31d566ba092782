"""The page about sources: its code runs, and its example of a source returns the values of the data sheet."""

import re

import pytest
from support.bodies import refused
from support.interpreters import FIRMWARE, ROOT

FAKES = str(ROOT / "host_tests" / "fakes")
SOURCES = FIRMWARE / "edgeingest" / "sources"
PAGE = (SOURCES / "README.md").read_text()
FIRST, FIFO, FUNCTION, OWN = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

# Analog Devices ADXL345 data sheet: DEVID, POWER_CTL, DATA_FORMAT, data as low byte and high byte, 256 LSB for each g
CHIP = """
import chips, machine
from array import array

class Adxl345(chips.Chip):
    reset_values = {0x00: 0xE5, 0x2C: 0x0A}
    read_only = (0x00, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37)
    def rate(self):
        return 100 if self.registers[0x2D] & 8 else 0
    def take(self, motion):
        if self.registers[0x31] & 0x0B != 0x0B:
            raise ValueError("only 16 g at full resolution is simulated")
        self.registers[0x32:0x38] = chips.little([round(value * 256) for value in motion[:3]])

state = [0]
def clock():
    state[0] += 10000
    return state[0]
"""


@pytest.fixture(scope="module")
def run(workers):
    # a separate interpreter, because other tests shorten the waits of the drivers in theirs
    return workers("py", paths=[FAKES], heapsize="4M").run


def test_the_example_of_a_source(run):
    code = (
        CHIP
        + OWN.replace("Adxl345", "Own")
        + """
machine.buses[0] = {0x53: Adxl345(lambda n: (1, -0.5, 15.75, 0, 0, 0), clock)}
buffer = array("f", bytes(12))
Own(machine.I2C(0)).read(buffer, 0)
result = list(buffer)
"""
    )
    assert run(code) == pytest.approx([9.80665, -9.80665 / 2, 9.80665 * 15.75])
    wrong = CHIP + OWN.replace("Adxl345", "Own") + "machine.buses[0] = {0x53: chips.Mpu6050()}\nOwn(machine.I2C(0))"
    refused(lambda: run(wrong), "ADXL345 at 0x53", "another chip", kind="SourceError")


def test_the_example_has_at_most_30_lines():
    code = [line for line in OWN.splitlines() if line.strip()]
    assert len(code) <= 30


def test_the_other_pieces_of_code(run):
    code = f"""
import chips, machine
machine.buses[0] = {{0x68: chips.Mpu6050()}}
class thermometer:
    read = lambda: 21.5
{FIRST.replace("10_000", "1000").replace(", name=", ", tolerance=None, name=")}
first = sample.values[2]
{FIFO.replace("rows=500", "rows=3")}
size = sample.body().size
{FUNCTION.replace("1_000_000", "1_000").replace(", tuples", ", tolerance=None, tuples")}
result = (first, size, list(sample.values[:2]))
"""
    first, size, air = run(code)
    assert first == pytest.approx(9.80665)
    assert size > 3 * 6 * 5
    assert air == [21.5, 21.5]


def test_every_source_is_in_the_table():
    named = set(re.findall(r"`(\w+)`", "".join(line for line in PAGE.splitlines() if line.startswith("| `"))))
    helpers = {"__init__", "registers", "scaling", "scale_kernels", "imu", "fifo"}
    modules = {path.stem for path in SOURCES.glob("*.py")} - helpers
    assert modules <= named
    for module in modules:
        [kind] = re.findall(r"^class ([A-Z]\w+)", (SOURCES / f"{module}.py").read_text(), re.MULTILINE)
        assert kind in named


def test_every_source_is_small():
    for path in SOURCES.glob("*.py"):
        assert len(path.read_text().splitlines()) <= 180, path.name
