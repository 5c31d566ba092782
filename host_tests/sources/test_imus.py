"""The motion sensors on chips simulated at register level: units, byte order, rounding, and faults."""

import struct

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bodies import refused
from support.imus import ALL, DEVICE, FAKES, MODES, RAD, G


@pytest.fixture(scope="module", params=MODES)
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


# chip, options, its counts, the values: calculated by hand from the sensitivities of the data sheets
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
def test_acceleration_is_the_same_in_every_range(py, kind, range_g):
    """The driver sets the range of the chip; the values do not depend on it."""
    motion = (0.5, -1.25, 1.75, 30, -100.5, 120)
    wanted = [value * G for value in motion[:3]] + [value * RAD for value in motion[3:]]
    row = py.told(kind, motion, range_g=range_g)
    assert list(row) == pytest.approx(wanted[: len(row)], abs=G * 12 / 1000)


@pytest.mark.parametrize("kind", ["mpu6050", "mpu6886", "bmi160"])
@pytest.mark.parametrize("range_dps", [250, 500, 1000, 2000])
def test_rotation_is_the_same_in_every_range(py, kind, range_dps):
    row = py.told(kind, (0, 0, 1, 30, -100.5, 240), range_dps=range_dps)
    assert list(row[3:]) == pytest.approx([30 * RAD, -100.5 * RAD, 240 * RAD], abs=RAD / 16.4)


@pytest.mark.parametrize(
    ("kind", "register", "value"),
    [("mpu6050", 0x6C, 0x3F), ("mpu6886", 0x6C, 0x3F), ("lis3dh", 0x21, 8), ("bmi160", 0x45, 3)],
)
def test_settings_of_another_program_are_replaced(py, kind, register, value):
    """Axes on standby, a high-pass filter, a FIFO that leaves rows out."""
    acceleration, rows = py.left(kind, register, value)
    assert list(acceleration) == pytest.approx([0.5 * G] * 3, abs=0.01)
    assert rows == pytest.approx(20, abs=1)


def test_the_first_row_is_a_measurement(device, name):
    assert device.first(name) == pytest.approx(0.5 * G, abs=0.01)


@pytest.mark.parametrize("kind", ["mpu6050", "mpu6886"])
@pytest.mark.parametrize("filter", [1, 6])
def test_the_first_row_is_of_a_gyroscope_that_has_started(py, kind, filter):
    assert list(py.start_of_the_gyroscope(kind, filter)) == pytest.approx([0, 0, G, 0, 0, 0], abs=0.01)


@pytest.mark.parametrize("kind", ["mpu6050", "mpu6886", "bmi160"])
def test_degrees_a_second(py, kind):
    row, _, sensors = py.one(kind, [16384, 0, 0, 13120, -13120, 0], units="dps")
    per_degree = 131.2 if kind == "bmi160" else 131
    assert list(row) == pytest.approx([G, 0, 0, 13120 / per_degree, -13120 / per_degree, 0], rel=1e-6)
    assert sensors[3:] == (("gyrX", "dps"), ("gyrY", "dps"), ("gyrZ", "dps"))
    refused(lambda: py.one(kind, [0] * 6, units="deg"), "units:", "rad/s or dps")


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
    """A kernel must never write outside its part of the buffer."""
    for error in device.wrong_buffers("mpu6050"):
        assert error is not None and error[0] == "SampleError" and 'typecode "f"' in error[1]


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


# -- faults


@pytest.mark.parametrize("error", ["another chip", "no chip"])
def test_no_chip_answers(device, name, error):
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


@pytest.mark.parametrize("identity", [0x70, 0x72, 0x98, 0])
def test_a_clone_is_accepted_by_its_identity(device, identity):
    """Boards sold as GY-521 have chips with other numbers: the error says how they are accepted."""
    text = f"identity=0x{identity:02x}"
    for options in ({}, {"identity": 0x68}, {"identity": 0x71}):
        refused(lambda options=options: device.clone("mpu6050", identity, **options), text, kind="SourceError")
    assert list(device.clone("mpu6050", identity, identity=identity)) == pytest.approx([G, 0, 0, RAD, 0, 0], rel=2e-7)
    refused(lambda: device.clone("mpu6886", identity), text, "not 0x19", kind="SourceError")
    refused(
        lambda: device.clone("mpu6050", 0x68, identity=identity),
        "says 0x68",
        f"not 0x{identity:02x}",
        kind="SourceError",
    )


@pytest.mark.parametrize(("identity", "name"), [(0x98, "ICM20689 or a clone"), (0xFA, "BMA255")])
def test_the_chip_that_says_another_number(py, identity, name):
    refused(lambda: py.clone("mpu6050", identity), f"says 0x{identity:02x} ({name})", kind="SourceError")


@pytest.mark.parametrize("identity", [-1, 256, "0x70", 1.5, True])
def test_an_identity_is_a_number_of_one_byte(py, identity):
    refused(lambda: py.clone("mpu6050", 0x70, identity=identity), "identity: ")


def test_the_address_is_an_argument(workers, name):
    worker = workers("py", paths=[FAKES])
    worker.run(DEVICE + "make(name, attach(name, address=0x69), address=0x69).check()", name=name)


def test_a_chip_that_is_disconnected_meanwhile(device, name):
    refused(lambda: device.faulty(name, fault="pulled off"), "nothing answers", "0x3c", kind="SourceError")


def test_a_reset_meanwhile(device, name):
    refused(lambda: device.faulty(name, fault="reset", range_g=8), "it was reset", "anew", kind="SourceError")


def test_a_range_that_another_program_sets(device, name):
    refused(lambda: device.faulty(name, fault="range"), "register 0x", "another range", kind="SourceError")


def test_a_gyroscope_that_does_not_start(device):
    refused(lambda: device.faulty("bmi160", fault="asleep"), "does not start", "0x10", kind="SourceError")


@pytest.mark.parametrize("options", [{"range_g": 3}, {"range_dps": 300}, {"filter": 7}, {"range_g": None}])
def test_options_that_a_chip_does_not_have(py, options):
    refused(lambda: py.faulty("mpu6050", **options), next(iter(options)))
