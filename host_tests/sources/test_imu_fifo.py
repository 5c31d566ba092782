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
