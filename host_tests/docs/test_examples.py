"""Every example runs unchanged on a simulated board with the local service, which stores what was measured."""

import array
import csv
import io
import re
import time
import wave
from pathlib import Path

import cbor2
import pytest
from support.interpreters import ROOT
from support.service import HMAC_KEY, running
from support.simulated import EXAMPLES, Board, time_server

DATA = EXAMPLES / "data"
G = 9.80665
RAD = 0.017453292519943295
RECORDED = "running.01"

# Recorded motion, a row for every 10 ms of the capture's clock; chips measure up to 1000 times a second.
MOTION = """
import machine, chips, network
network.reset("rp2")
def motion(n):
    return data[Ideal.now // 10000 % len(data)]
machine.buses[0] = {ADDRESS: chips.CHIP(motion, lambda: Ideal.now)}
"""


def moving(chip, address):
    return MOTION.replace("ADDRESS", str(address)).replace("CHIP", chip)


def recording():
    """Returns rows of three accelerations and three rotations, within the range of every chip."""
    with (DATA / f"{RECORDED}.csv").open() as file:
        rows = [[float(value) for value in row[1:]] for row in list(csv.reader(file))[1:]]
    largest = max(abs(value) for row in rows for value in row)
    return [[value / largest * 1.9 for value in row[:3]] + [value / largest * 200 for value in row[3:]] for row in rows]


@pytest.fixture
def service(tmp_path):
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        yield service


# The pins of the other boards are checked in board/test_pins.py.
BOTH_PORTS = pytest.mark.parametrize("board", ["RPI_PICO_W", "ESP32_GENERIC_C3"], indirect=True)


@pytest.fixture
def board(tmp_path, service, request):
    with time_server() as ntp:
        yield Board(tmp_path, service.url, ntp, getattr(request, "param", "RPI_PICO_W"))


def stored(service, row):
    return (service.directory / row["category"] / row["stored_name"]).read_bytes()


def messages(service, category="training"):
    """Returns (row of the index, message) of the stored messages, in the order of their arrival."""
    rows = [row for row in service.rows() if row["category"] == category]
    return [(row, cbor2.loads(stored(service, row))) for row in rows]


def compare(values, axes):
    """Asserts that the rows are those of the recording, one after the other."""
    wanted = [[v * G for v in row[:3]] + [v * RAD for v in row[3:]] for row in recording()]
    wanted = [row[:axes] for row in wanted]
    places = []
    for row in values:
        distance = [sum((a - b) ** 2 for a, b in zip(row, other, strict=True)) for other in wanted]
        places.append(distance.index(min(distance)))
        assert row == pytest.approx(wanted[places[-1]], abs=0.02)
    steps = [(after - before) % len(wanted) for before, after in zip(places, places[1:], strict=False)]
    assert max(steps) <= 2 and sum(steps) == pytest.approx(len(values), abs=2)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short_and_has_a_docstring(path):
    text = path.read_text()
    assert len(text.splitlines()) < 65
    assert text.startswith('"""')


def test_imu_training(board, service):
    board.run("imu_training", moving("Mpu6050", 0x68), data=recording())
    found = messages(service)
    assert len(found) == 10
    for number, (row, message) in enumerate(found):
        payload = message["payload"]
        assert (row["sent_name"], row["label"], row["signature"]) == (f"wave.{number:02d}.cbor", "wave", "valid")
        assert (payload["interval_ms"], payload["device_type"]) == (10, board.kind.name)
        assert payload["device_name"] == "28:cd:c1:00:00:01"
        assert len(payload["values"]) == 200
        compare(payload["values"], 6)
    assert board.said.count("stored wave.") == 10


def test_a_missing_sensor(board, service):
    """The program ends with an error that has advice, and no key."""
    with pytest.raises(AssertionError) as caught:
        board.run("imu_training", "import machine, chips\nmachine.buses[0] = {0x3C: chips.Mpu6050()}")
    output = str(caught.value)
    assert "MPU6050 at 0x68: nothing answers" in output and "finds 0x3c" in output
    assert board.settings["api_key"] not in output and "password1" not in output
    assert service.rows() == []


@BOTH_PORTS
def test_microphone_pieces(board, service):
    with wave.open(str(DATA / "front_center.01.wav")) as sound:
        spoken = list(array.array("h", sound.readframes(sound.getnframes())))
    attach = """
import machine
machine.I2S.waits = False
def sound(start, count):
    return [data[(start + i) % len(data)] << 8 for i in range(count)]
machine.sounds[0] = sound
"""
    board.run("microphone_pieces", attach, data=spoken)
    rows = service.rows()
    assert [row["sent_name"] for row in rows] == [f"wave.{n:02d}.wav" for n in range(10)]
    heard = array.array("h")
    for row in rows:
        with wave.open(io.BytesIO(stored(service, row))) as sound:
            assert (sound.getframerate(), sound.getnframes()) == (16000, 16000)
            heard.frombytes(sound.readframes(16000))
    start = 16000 * 300 // 1000
    assert heard.tolist() == [spoken[(start + i) % len(spoken)] for i in range(160000)]


def test_camera_testing(board, service):
    attach = """
import sys
class Camera:
    # the newer camera module; each picture differs in a comment
    class PixelFormat:
        JPEG = 3
    def __init__(self, **options):
        self.taken = 0
    def __call__(self, **options):
        if options != {"pixel_format": 3}:
            raise ValueError(options)
        return self
    def capture(self):
        self.taken += 1
        with open("/host" + data, "rb") as file:
            picture = file.read()
        return picture[:-2] + b"\\xff\\xfe\\x00\\x03" + bytes((self.taken,)) + picture[-2:]  # a comment in it
    def deinit(self):
        pass
module = Camera()
module.Camera = module
sys.modules["camera"] = module
"""
    photo = DATA / "flower.01.jpg"
    board.run("camera_testing", attach, data=str(photo))
    rows = service.rows()
    assert [(row["category"], row["sent_name"]) for row in rows] == [("testing", f"wave.{n:02d}.jpg") for n in range(6)]
    original = photo.read_bytes()
    for number, row in enumerate(rows, 1):
        assert stored(service, row) == original[:-2] + b"\xff\xfe\x00\x03" + bytes([number]) + original[-2:]


LOGGED = moving("Lis3dh", 0x18) + "Ideal.now += 123456 * WAKE\n"
ESP32 = pytest.mark.parametrize("board", ["ESP32_GENERIC"], indirect=True)


def check_logged(service, count):
    found = messages(service)
    assert len(found) == count
    for row, message in found:
        assert re.fullmatch(r"wave\.\d+\.cbor", row["sent_name"]), row
        assert (row["label"], row["signature"]) == ("wave", "valid")
        assert len(message["payload"]["values"]) == 100
        compare(message["payload"]["values"], 3)
    return [int(row["sent_name"].split(".")[1]) for row, _ in found]


@ESP32
def test_battery_logger(board, service):
    """Wakes, measures, sleeps; every sixth time it sends, or the next time if it cannot send then."""
    attach = LOGGED.replace('"rp2"', '"esp32"')
    for wake in range(5):
        assert "deepsleep 600000" in board.run("battery_logger", attach.replace("WAKE", str(wake)), data=recording())
    assert service.rows() == []
    output = board.run("battery_logger", attach.replace("WAKE", "5") + "network.air.clear()", data=recording())
    assert "next time: Wi-Fi 'home': no network of this name is in reach" in output and "deepsleep" in output
    assert service.rows() == []
    output = board.run("battery_logger", attach.replace("WAKE", "6"), data=recording())
    assert "deepsleep" in output
    check_logged(service, 7)
    board.run("battery_logger", attach.replace("WAKE", "7"), data=recording())
    assert len(service.rows()) == 7  # the next six are not complete


# An RP2 believes after each start that it is 2021-01-01 (ports/rp2/main.c:127 of MicroPython 1.26.1).
LOST_CLOCK = "import time\ntime.behind = 0\ntime.behind = time.time() - 1609459200\n"


def test_a_logger_on_a_pico_w(board, service):
    """It goes on after its sleep, with a clock that is right once it was set, and sleeps with the radio off."""
    attach = LOGGED.replace("WAKE", "0") + LOST_CLOCK + "machine.sleeps_left = 5\n"
    output = board.run("battery_logger", attach, data=recording())
    assert output.count("lightsleep 600000") == 6 and "stays awake" not in output and "next time" not in output
    assert min(check_logged(service, 6)) > time.time() - 3600


def test_a_logger_on_a_pico_w_without_its_access_point(board, service):
    """It records nevertheless, and tries again at every wake."""
    attach = LOGGED.replace("WAKE", "0") + LOST_CLOCK + "machine.sleeps_left = 1\nnetwork.air.clear()\n"
    output = board.run("battery_logger", attach, data=recording())
    assert output.count("no network of this name") == 2 and "stays awake" not in output
    output = board.run("battery_logger", LOGGED.replace("WAKE", "1") + "machine.sleeps_left = 3\n", data=recording())
    assert len(messages(service)) == 6 and "next time" not in output


@pytest.mark.parametrize("board", ["RPI_PICO"], indirect=True)
def test_a_logger_on_a_plain_pico(board, service):
    """It has no network: it keeps its samples."""
    attach = LOGGED.replace('import machine, chips, network\nnetwork.reset("rp2")', "import machine, chips")
    output = board.run("battery_logger", attach.replace("WAKE", "0") + "machine.sleeps_left = 6\n", data=recording())
    assert output.count("lightsleep 600000") == 7 and "next time" not in output
    assert service.rows() == []


@pytest.mark.parametrize(
    ("attach", "said"),
    [
        ("machine.buses[0] = {}", "LIS3DH at 0x18: nothing answers"),
        ("import os\nos.remove('/edgeingest.json')", "/edgeingest.json cannot be read"),
        ("machine.I2C = 7", "TypeError"),
    ],
)
@ESP32
def test_a_logger_sleeps_whatever_happens(board, attach, said):
    output = board.run("battery_logger", "import machine\n" + attach)
    assert "next time: " in output and "deepsleep 600000" in output
    assert said in output or said == "TypeError"


def test_continuous_asyncio(board, service):
    """Six seconds in real time; no row is lost."""
    attach = """
import machine, chips, network, utime
network.reset("esp32")
began = utime.ticks_us()
def motion(n):
    return data[utime.ticks_diff(utime.ticks_us(), began) // 20000 % len(data)]
machine.buses[0] = {0x68: chips.Mpu6050(motion)}
"""
    output = board.run("continuous_asyncio", attach, ideal=False, data=recording())
    found = messages(service)
    assert [len(message["payload"]["values"]) for _, message in found] == [100] * 3
    assert {row["label"] for row, _ in found} == {"wave"}
    assert output.count("rows lost so far: 0") == 3 and output.count("alive") >= 4
    wanted = [[v * G for v in row[:3]] + [v * RAD for v in row[3:]] for row in recording()]
    for _, message in found:
        for row in message["payload"]["values"]:
            assert any(row == pytest.approx(other, abs=0.02) for other in wanted)


@BOTH_PORTS
def test_button_labels(board, service):
    """The button bounces; three short presses, one long, four short, two long, two short."""
    attach = (
        moving("Bmi160", 0x68)
        + """
def pressed():
    yield from (0, 1, 1)
    for polls in (5, 5, 5, 75, 5, 5, 5, 5, 75, 75, 5, 5):
        yield from (1,) * 3
        yield from (0,) * polls
    while True:
        yield 1
presses = pressed()
machine.levels[BUTTON] = lambda: next(presses)
""".replace("BUTTON", str(board.kind.pins.button))
    )
    output = board.run("button_labels", attach, data=recording())
    found = messages(service)
    labels = ["idle"] * 3 + ["wave"] * 4 + ["idle"] * 2
    assert [row["label"] for row, _ in found] == labels
    assert [row["sent_name"] for row, _ in found] == [f"{label}.{n:02d}.cbor" for n, label in enumerate(labels)]
    assert output.count("label: ") == 3
    for _, message in found:
        compare(message["payload"]["values"], 6)


def test_every_example_has_a_test():
    text = Path(__file__).read_text() + (ROOT / "tools" / "dev" / "demo.py").read_text()
    for path in EXAMPLES.glob("*.py"):
        assert f'"{path.stem}"' in text or path.name in text, path.name
