"""The FIFOs of the motion sensors: every row once, in order; overflow; rows while a Sample is sent."""

import cbor2
import pytest
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


def test_fifo_returns_no_more_rows_than_fit(py, name):
    axes = 3 if name == "lis3dh" else 6
    _, counts, values = py.fifo(name, 100, 100, 3, rows=25)
    assert sum(counts) == 25 and len(values) == 25 * axes
    assert counts == [pytest.approx(10, abs=1), pytest.approx(10, abs=1), pytest.approx(5, abs=2)]


def test_fifo_overflow(device, name):
    refused(lambda: device.faulty(name, fault="overflow"), "FIFO overflow", "start_fifo", kind="SourceError")
    axes = 3 if name == "lis3dh" else 6
    for noticed in (True, False):
        error_text, rows, values = device.restarted(name, noticed)
        assert ("rows are lost" in (error_text or "")) == noticed
        assert rows == pytest.approx(10, abs=1)
        assert list(values) == pytest.approx(([0.5 * G] + [0] * (axes - 1)) * rows, abs=0.002)


DEPTH = {"lis3dh": 32, "bmi160": 85}


@pytest.mark.parametrize("name", DEPTH)
def test_fifo_that_is_full(py, name):
    """DocID17530 table 52: OVRN says that 32 rows are unread, not that one is lost; BMI160: 1020 bytes are 85 rows."""
    depth = DEPTH[name]
    rows_found = set()
    errors = 0
    for ms in range(10 * depth - 60, 10 * depth + 60):
        found = py.filled(name, ms)
        if isinstance(found, str):
            assert "rows are lost" in found and ms >= 10 * depth
            errors += 1
            continue
        wrong, rows, full = found
        assert full == (rows == depth)
        assert wrong == 0 or full
        rows_found.add(rows)
    assert {depth - 1, depth} <= rows_found
    assert errors >= 40


@pytest.mark.parametrize("name", DEPTH)
def test_fifo_rows_that_are_lost_while_it_is_read(py, name):
    """Reading a row clears OVRN: what a pause between the two transfers cost would not show afterwards."""
    depth = DEPTH[name]
    assert py.filled(name, 200, 100) == (0, pytest.approx(20, abs=1), 0)
    for pause_ms in range(10 * depth - 260, 10 * depth + 60, 10):
        found = py.filled(name, 200, pause_ms)
        lost = 200 + pause_ms >= 10 * (depth + 2)
        assert isinstance(found, str) or not lost
        if 200 + pause_ms < 10 * (depth - 1):
            assert found[0] == 0


@pytest.mark.parametrize("speed", [0.9, 0.96, 1.04, 1.1])
def test_the_clock_of_a_chip(py, name, speed):
    """A data sheet allows some percent: the interval is measured, and refused beyond the tolerance."""
    refused(lambda: py.skewed(name, speed, 500), "interval_us: the chip measures every", "tolerance=0.01")
    for options in ({"tolerance": None}, {"tolerance": 0.15}, {"interval_us": round(10000 / speed)}):
        interval_us, rows, text = py.skewed(name, speed, 500, **options)
        assert interval_us == pytest.approx(10000 / speed, rel=0.005)
        assert 450 < rows < 550
        assert "10000 us asked" in text and "0 times full" in text


def test_a_chip_within_the_tolerance(py, name):
    for speed in (0.995, 1, 1.005):
        interval_us, _, _ = py.skewed(name, speed, 500)
        assert interval_us == pytest.approx(10000 / speed, rel=0.003)


def test_a_board_whose_clock_stands_still(py, name):
    """In its sleep, for instance: nothing is measured then, and nothing refused."""
    assert py.asleep(name) >= 270


@pytest.mark.parametrize("options", [{"tolerance": -1}, {"tolerance": "1%"}, {"interval_us": 0}, {"interval_us": 9.5}])
def test_arguments_of_fifo_rows(py, options):
    refused(lambda: py.skewed("mpu6050", 1, 20, **options), next(iter(options)))


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
def test_rates_that_a_chip_does_not_have(workers, kind, rate):
    worker = workers("py", paths=[FAKES])
    source = "result = make(kind, attach(kind)).start_fifo(rate)"
    refused(lambda: worker.run(DEVICE + source, kind=kind, rate=rate), "rate_hz")
