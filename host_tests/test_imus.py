"""The motion sensors against chips at register level (fakes/chips.py): units, byte order, FIFO, and every fault."""

import math
import struct

import cbor2
import pytest
from body_support import refused
from hypothesis import given
from hypothesis import strategies as st
from support.interpreters import ROOT

FAKES = str(ROOT / "host_tests" / "fakes")

DEVICE = """
import machine, chips, micropython
from array import array
from edgeingest.capture import capture
from edgeingest import Sample
from edgeingest.sources import scaling
from edgeingest.sources.fifo import FifoRows
from edgeingest.sources.mpu6050 import Mpu6050
from edgeingest.sources.mpu6886 import Mpu6886
from edgeingest.sources.lis3dh import Lis3dh
from edgeingest.sources.bmi160 import Bmi160

KINDS = {"mpu6050": (Mpu6050, 0x68), "mpu6886": (Mpu6886, 0x68), "lis3dh": (Lis3dh, 0x18), "bmi160": (Bmi160, 0x68)}
SIMS = {"mpu6050": chips.Mpu6050, "mpu6886": chips.Mpu6886, "lis3dh": chips.Lis3dh, "bmi160": chips.Bmi160}

def attach(name, sim=None, address=None, motion=chips.still):
    # A clock that goes on with every look at it, so that waiting for a chip costs no time
    state = [0]
    def clock():
        state[0] += 100
        return state[0]
    chip = SIMS[sim or name](motion, clock)
    machine.buses[0] = {address or KINDS[name][1]: chip, 0x3C: chips.Mpu6050()}
    def tick(us):
        state[0] += us
    chip.tick = tick
    return chip

class Slow:
    # `time.sleep_ms` that the chip notices
    def __init__(self, chip):
        self.chip = chip
    def __call__(self, ms):
        self.chip.tick(1000 * ms)

def make(name, chip, **options):
    import edgeingest.sources.mpu6050, edgeingest.sources.lis3dh, edgeingest.sources.bmi160
    for room in (edgeingest.sources.mpu6050, edgeingest.sources.lis3dh, edgeingest.sources.bmi160):
        room.sleep_ms = Slow(chip)
    return KINDS[name][0](machine.I2C(0), **options)

def one(name, raw, **options):
    chip = attach(name)
    imu = make(name, chip, **options)
    chip.raw = raw
    chip.tick(20000)
    axes = len(imu.sensors)
    buffer = array("f", [7.0] * (axes + 2))
    imu.read(buffer, 1)
    return buffer[1:-1], buffer[0] == buffer[axes + 1] == 7.0, imu.sensors

def first(name):
    # the first row, without any wait of the program's
    chip = attach(name, motion=lambda n: (0.5, 0, 0, 0, 0, 0))
    imu = make(name, chip)
    buffer = array("f", bytes(4 * len(imu.sensors)))
    imu.read(buffer, 0)
    return buffer[0]

def told(name, motion, **options):
    chip = attach(name, motion=lambda n: motion)
    imu = make(name, chip, **options)
    chip.tick(20000)
    buffer = array("f", [0.0] * len(imu.sensors))
    imu.read(buffer, 0)
    return buffer

def wrong_buffers(name):
    chip = attach(name)
    imu = make(name, chip)
    said = []
    for buffer, offset in ((array("h", bytes(24)), 0), (array("d", bytes(96)), 0), (array("f", bytes(24)), 6),
                           (array("f", bytes(24)), -1), (bytearray(48), 0), ([0.0] * 6, 0)):
        try:
            imu.read(buffer, offset)
            said.append(None)
        except Exception as e:
            said.append((type(e).__name__, str(e)))
    return said

def faulty(name, sim=None, fault=None, address=None, **options):
    chip = attach(name, sim, address)
    if fault == "silent":
        chip.answers = False
    if fault == "asleep":
        chip.fails = True
    imu = make(name, chip, **options)
    buffer = array("f", bytes(4 * 60 * len(imu.sensors)))
    axes = len(imu.sensors)
    if fault == "pulled off":
        imu.read(buffer, 0)
        chip.answers = False
        imu.read(buffer, 0)
    if fault in ("reset", "range"):
        for row in range(20):
            imu.read(buffer, row * axes)
        if fault == "reset":
            chip.power_on()
        else:
            others = {"mpu6050": (0x1C, 0x18), "mpu6886": (0x1B, 0x18), "lis3dh": (0x23, 0xB8), "bmi160": (0x41, 12)}
            register, value = others[name]
            chip.registers[register] = value
        for row in range(60):
            imu.read(buffer, 0)
    if fault == "overflow":
        imu.start_fifo(100)
        chip.tick(2000000)
        imu.read_fifo(buffer)
    return imu

def fifo(name, rate, ms, steps, rows=1000):
    # what the FIFO gives when it is read every `ms`
    chip = attach(name, motion=lambda n: (n % 100 / 100, -n % 64 / 64, 1, n % 50, -1, 0.5))
    imu = make(name, chip)
    imu.start_fifo(rate)
    begin = chip.count
    axes = len(imu.sensors)
    buffer = array("f", bytes(4 * axes * rows))
    got = 0
    counts = []
    for _ in range(steps):
        chip.tick(1000 * ms)
        counts.append(imu.read_fifo(buffer, got * axes))
        got += counts[-1]
    return begin, counts, buffer[: got * axes]

def restarted(name):
    try:
        imu = faulty(name, fault="overflow")
    except Exception as e:
        said = str(e)
    chip = machine.buses[0][KINDS[name][1]]
    chip.motion = lambda n: (0.5, 0, 0, 0, 0, 0)
    imu = make(name, chip)
    imu.start_fifo(100)
    chip.tick(100000)
    buffer = array("f", bytes(24 * 100))
    n = imu.read_fifo(buffer)
    return said, n, buffer[: n * len(imu.sensors)]

def streamed(name, rows, step):
    chip = attach(name, motion=lambda n: (n % 100 / 100, 0, 1, n % 50, -1, 0.5))
    imu = make(name, chip)
    imu.start_fifo(100)
    begin = chip.count
    source = FifoRows(imu)
    body = Sample(imu.sensors, 10, source, "T", typecode="f", rows=rows).body()
    out = b""
    nothing = 0
    window = bytearray(step)
    while True:
        n = body.readinto(window)
        if n == 0:
            return begin, nothing, out
        if n is None:
            nothing += 1
            chip.tick(37000)
        else:
            out += bytes(window[:n])

def small_windows(name, step):
    chip = attach(name, motion=lambda n: (n % 100 / 100, 0, 1, 0, 0, 0))
    imu = make(name, chip)
    imu.start_fifo(100)
    source = FifoRows(imu, 2)
    out = b""
    window = bytearray(step)
    while len(out) < 240:
        n = source.readinto(window)
        if n is None:
            chip.tick(30000)
        else:
            out += bytes(window[:n])
    return out

def captured(name, rows):
    chip = attach(name)
    imu = make(name, chip)
    chip.raw = [16384, -8192, 4096, 131, -262, 393]
    chip.tick(10000)
    sample = capture(imu.read, rows, 2000, imu.sensors, "T", name="wave.01", tolerance=None)
    body = sample.body(hmac_key="fed53116f20684c067774ebf9e7bcbdc")
    out = b""
    window = bytearray(100)
    while True:
        n = body.readinto(window)
        if not n:
            return out
        out += bytes(window[:n])

def locked(name):
    class Quiet:
        # a bus that allocates nothing, as the one of a board
        def readfrom_mem_into(self, address, register, buffer):
            buffer[0] = registers[register & 0x7F]
    chip = attach(name)
    imu = make(name, chip)
    registers = chip.registers
    imu._i2c = Quiet()
    buffer = array("f", bytes(24 * 200))
    axes = len(imu.sensors)
    imu.read(buffer, 0)
    micropython.heap_lock()
    try:
        i = 0
        while i < 200 * axes:
            imu.read(buffer, i)
            i += axes
    finally:
        micropython.heap_unlock()
    return True

def scaled(values, factor, signed, plain):
    how = scaling.steps(factor, 0, len(values) // 2, False, signed)
    out = array("f", bytes(2 * len(values)))
    if plain:
        out[len(out) - 1] = 0.5
        scaling._scale(out, 0, values, how)
    else:
        scaling.scaled(out, 0, values, how)
    return bytes(out), how[7]
"""
ALL = ("mpu6050", "mpu6886", "lis3dh", "bmi160")
SIX = ("mpu6050", "mpu6886", "bmi160")


@pytest.fixture(scope="module", params=["py", "mpy", "native"])
def device(request, workers):
    return workers(request.param, paths=[FAKES]).define(DEVICE)


@pytest.fixture(scope="module")
def py(workers):
    return workers("py", paths=[FAKES]).define(DEVICE)


@pytest.fixture(params=ALL)
def name(request):
    return request.param


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


G = 9.80665
RAD = math.pi / 180

# chip, options, what it counts, what that is: worked out by hand from the sensitivities of the data sheets
SCALES = [
    ("mpu6050", {}, [16384, -16384, 1, 131, -131, 1], [G, -G, G / 16384, RAD, -RAD, RAD / 131]),
    ("mpu6050", {"range_g": 4}, [8192, -32768, 0, 0, 0, 0], [G, -4 * G, 0, 0, 0, 0]),
    ("mpu6050", {"range_g": 8}, [4096, 32767, 0, 0, 0, 0], [G, 32767 / 4096 * G, 0, 0, 0, 0]),
    ("mpu6050", {"range_g": 16}, [2048, -2048, 3, 0, 0, 0], [G, -G, 3 * G / 2048, 0, 0, 0]),
    ("mpu6050", {"range_dps": 500}, [0, 0, 0, 655, -32768, 0], [0, 0, 0, 10 * RAD, -32768 / 65.5 * RAD, 0]),
    ("mpu6050", {"range_dps": 1000}, [0, 0, 0, 328, -328, 1], [0, 0, 0, 10 * RAD, -10 * RAD, RAD / 32.8]),
    ("mpu6050", {"range_dps": 2000}, [0, 0, 0, 164, 32767, 1], [0, 0, 0, 10 * RAD, 32767 / 16.4 * RAD, RAD / 16.4]),
    ("mpu6886", {"range_g": 8, "range_dps": 2000}, [4096, 0, 0, 1640, 0, 0], [G, 0, 0, 100 * RAD, 0, 0]),
    ("lis3dh", {}, [16000, -16000, 16, 0, 0, 0], [G, -G, G / 1000]),
    ("lis3dh", {"range_g": 4}, [8000, -8000, 16, 0, 0, 0], [G, -G, 2 * G / 1000]),
    ("lis3dh", {"range_g": 8}, [4000, 0, 32752, 0, 0, 0], [G, 0, 2047 * 4 * G / 1000]),
    ("lis3dh", {"range_g": 16}, [16, -32768, 0, 0, 0, 0], [12 * G / 1000, -2048 * 12 * G / 1000, 0]),
    ("bmi160", {}, [16384, -16384, 1, 1312, -1312, 0], [G, -G, G / 16384, 10 * RAD, -10 * RAD, 0]),
    ("bmi160", {"range_g": 4, "range_dps": 125}, [8192, 0, 0, 2624, 0, 0], [G, 0, 0, 10 * RAD, 0, 0]),
    ("bmi160", {"range_g": 8, "range_dps": 500}, [4096, 0, 0, 656, 0, 0], [G, 0, 0, 10 * RAD, 0, 0]),
    ("bmi160", {"range_g": 16, "range_dps": 1000}, [2048, 0, 0, 328, 0, 0], [G, 0, 0, 10 * RAD, 0, 0]),
    ("bmi160", {"range_g": 16, "range_dps": 2000}, [0, 0, -32768, 0, 0, 164], [0, 0, -16 * G, 0, 0, 10 * RAD]),
]


@pytest.mark.parametrize(("kind", "options", "raw", "wanted"), SCALES)
def test_scale(device, kind, options, raw, wanted):
    row, untouched, sensors = device.one(kind, raw, **options)
    assert list(row) == pytest.approx(wanted, rel=2e-7)
    assert untouched
    units = ["m/s2"] * 3 + ["rad/s"] * 3
    assert [unit for _, unit in sensors] == units[: len(wanted)]
    assert [axis for axis, _ in sensors] == ["accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ"][: len(wanted)]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("range_g", [2, 4, 8, 16])
def test_what_moves_is_what_is_told(py, kind, range_g):
    """Through a chip that was told its range by the driver: the same movement, whatever the range."""
    motion = (0.5, -1.25, 1.75, 30, -100.5, 120)
    wanted = [value * G for value in motion[:3]] + [value * RAD for value in motion[3:]]
    row = py.told(kind, motion, range_g=range_g)
    assert list(row) == pytest.approx(wanted[: len(row)], abs=G * 12 / 1000)


def test_the_first_row_is_measured_already(device, name):
    assert device.first(name) == pytest.approx(0.5 * G, abs=0.01)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=20), st.floats(1e-6, 1e3), st.booleans())
def test_kernels_and_python_round_as_floats_do(py, values, factor, signed):
    data = struct.pack(f"<{len(values)}h", *values)
    fast, start = py.scaled(data, factor, signed, False)
    assert start == 0
    assert fast == py.scaled(data, factor, signed, True)[0]
    factor = float32(factor)
    counts = values if signed else [value & 0xFFFF for value in values]
    assert struct.unpack(f"<{len(values)}f", fast) == tuple(float32(value * factor) for value in counts)


@pytest.mark.parametrize("factor", [G / 16384, RAD / 131, 1.0, 3.3 / 65535, 1 / 3])
def test_every_value(py, factor):
    for signed in (True, False):
        counts = range(-32768, 32768) if signed else range(65536)
        data = struct.pack("<65536" + ("h" if signed else "H"), *counts)
        fast, _ = py.scaled(data, factor, signed, False)
        step = float32(factor)
        assert fast == struct.pack("<65536f", *(float32(value * step) for value in counts))


def test_buffers_that_do_not_fit(device):
    """A kernel must never write where it was not asked to."""
    for said in device.wrong_buffers("mpu6050"):
        assert said is not None and said[0] == "SampleError" and 'typecode "f"' in said[1]


def test_nothing_is_allocated(workers, name):
    for mode in ("py", "mpy"):
        assert workers(mode, paths=[FAKES]).define(DEVICE).locked(name)


@pytest.mark.parametrize("rows", [1, 30])
def test_captured_signed_and_sent(device, name, rows):
    message = cbor2.loads(device.captured(name, rows))
    values = [G, -G / 2, G / 4, RAD, -2 * RAD, 3 * RAD]
    if name == "lis3dh":
        values = [count / 16 // 1 * G / 1000 for count in (16384, -8192, 4096)]
    if name == "bmi160":
        values[3:] = [count / 131.2 * RAD for count in (131, -262, 393)]
    assert message["payload"]["values"] == [pytest.approx(values, rel=2e-7)] * rows
    assert [sensor["units"] for sensor in message["payload"]["sensors"]] == (["m/s2"] * 3 + ["rad/s"] * 3)[
        : len(values)
    ]
    assert message["protected"]["alg"] == "HS256"


# -- FIFO


@pytest.mark.parametrize("rate", [50, 100, 200])
def test_fifo_gives_every_row_once(device, name, rate):
    ms = 100
    begin, counts, values = device.fifo(name, rate, ms, 8)
    axes = 3 if name == "lis3dh" else 6
    rows = [tuple(values[i : i + axes]) for i in range(0, len(values), axes)]
    assert sum(counts) == len(rows)
    assert len(rows) >= 8 * rate * ms // 1000
    step = 0.012 * G if name == "lis3dh" else 0.001
    for n, row in enumerate(rows, begin):
        motion = [n % 100 / 100 * G, -n % 64 / 64 * G, G, n % 50 * RAD, -RAD, 0.5 * RAD]
        assert row == pytest.approx(motion[:axes], abs=step), n


def test_fifo_hands_out_what_there_is_room_for(py, name):
    axes = 3 if name == "lis3dh" else 6
    _, counts, values = py.fifo(name, 100, 100, 3, rows=25)
    assert sum(counts) == 25 and len(values) == 25 * axes
    assert counts == [pytest.approx(10, abs=1), pytest.approx(10, abs=1), pytest.approx(5, abs=2)]


def test_fifo_overflow(device, name):
    refused(lambda: device.faulty(name, fault="overflow"), "FIFO overflow", "start_fifo", kind="SourceError")
    said, rows, values = device.restarted(name)
    assert "rows are lost" in said
    assert rows == pytest.approx(10, abs=1)
    axes = 3 if name == "lis3dh" else 6
    wanted = [0.5 * G] + [0] * (axes - 1)
    assert list(values) == pytest.approx(wanted * rows, abs=0.002)


@pytest.mark.parametrize("step", [1, 7, 64, 2048])
def test_fifo_as_values_of_a_sample(py, name, step):
    begin, waited, message = py.streamed(name, 120, step)
    assert waited > 0
    values = cbor2.loads(message)["payload"]["values"]
    assert len(values) == 120
    for n, row in enumerate(values, begin):
        assert row[0] == pytest.approx(n % 100 / 100 * G, abs=0.02), n


def test_fifo_rows_in_small_windows(py):
    wanted = py.small_windows("mpu6050", 240)[:240]
    for step in (1, 3, 5, 23, 24, 25):
        assert py.small_windows("mpu6050", step)[:240] == wanted


@pytest.mark.parametrize(
    ("kind", "rate"),
    [("mpu6050", 0), ("mpu6050", 3), ("mpu6050", 2000), ("mpu6050", 300), ("lis3dh", 60), ("bmi160", 12.5)],
)
def test_rates_that_a_chip_has_not(workers, kind, rate):
    worker = workers("py", paths=[FAKES])
    source = "result = make(kind, attach(kind)).start_fifo(rate)"
    refused(lambda: worker.run(DEVICE + source, kind=kind, rate=rate), "rate_hz")


# -- faults


@pytest.mark.parametrize("error", ["another chip", "no chip"])
def test_nobody_there(device, name, error):
    options = {"address": 0x19} if error == "no chip" else {"fault": "silent"}
    address = "0x18" if name == "lis3dh" else "0x68"
    finds = "finds 0x19 0x3c" if error == "no chip" else "finds 0x3c"
    refused(
        lambda: device.faulty(name, **options),
        name.upper(),
        "at " + address,
        "nothing answers",
        "check power",
        "error 19",
        finds,
        kind="SourceError",
    )


@pytest.mark.parametrize(
    ("kind", "sim", "words"),
    [
        ("mpu6050", "mpu6886", ["MPU6050 at 0x68", "0x75 says 0x19 (MPU6886)", "not 0x68"]),
        ("mpu6886", "mpu6050", ["MPU6886 at 0x68", "0x75 says 0x68 (MPU6050)", "not 0x19"]),
        ("bmi160", "mpu6050", ["BMI160 at 0x68", "0x00 says 0x00 (not known here)", "not 0xd1"]),
        ("lis3dh", "bmi160", ["LIS3DH at 0x18", "0x0f says"]),
    ],
)
def test_another_chip(device, kind, sim, words):
    refused(lambda: device.faulty(kind, sim), *words, "another chip", kind="SourceError")


def test_the_address_is_an_argument(workers, name):
    worker = workers("py", paths=[FAKES])
    worker.run(DEVICE + "make(name, attach(name, address=0x69), address=0x69).check()", name=name)


def test_pulled_off_meanwhile(device, name):
    refused(lambda: device.faulty(name, fault="pulled off"), "nothing answers", "0x3c", kind="SourceError")


def test_a_reset_meanwhile(device, name):
    refused(lambda: device.faulty(name, fault="reset", range_g=8), "it was reset", "anew", kind="SourceError")


def test_a_range_that_others_set(device, name):
    refused(lambda: device.faulty(name, fault="range"), "register 0x", "another range", kind="SourceError")


def test_a_gyroscope_that_does_not_start(device):
    refused(lambda: device.faulty("bmi160", fault="asleep"), "does not start", "0x10", kind="SourceError")


@pytest.mark.parametrize("options", [{"range_g": 3}, {"range_dps": 300}, {"filter": 7}, {"range_g": None}])
def test_ranges_that_there_are_not(py, options):
    refused(lambda: py.faulty("mpu6050", **options), next(iter(options)))
