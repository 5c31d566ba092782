"""Captures against a clock of our own that wraps, a machine.Timer of our own, and the real clock."""

import array
import math

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.bodies import refused
from support.scripts import run_script
from support.worker import DeviceError

ACCELERATION = [("accX", "m/s2"), ("accY", "m/s2")]

DEVICE = """
import sys
from array import array
from edgeingest import capture as module
from edgeingest.capture import Continuous, Timing, capture

class Clock:
    # Stands in for `time`. It goes on when it is read or slept on, wraps early, and calls the timers that are due.
    PERIOD = 1 << 16

    def __init__(self, now=65000, step=1):
        self.now = now
        self.step = step
        self.timers = []

    def spend(self, us):
        end = self.now + us
        while True:
            due = [timer for timer in self.timers if timer.next <= end]
            if not due:
                break
            timer = due[0]
            self.now = max(self.now, timer.next)
            timer.fire()
            end = max(end, self.now)
        self.now = end

    def ticks_us(self):
        self.now += self.step
        return self.now % self.PERIOD

    def ticks_add(self, ticks, delta):
        if abs(delta) >= self.PERIOD // 2:
            raise OverflowError
        return (ticks + delta) % self.PERIOD

    def ticks_diff(self, end, start):
        half = self.PERIOD // 2
        return (end - start + half) % self.PERIOD - half

    def sleep_us(self, us):
        self.spend(us)

    def sleep_ms(self, ms):
        self.spend(1000 * ms)

class Timer:
    # Stands in for machine.Timer: soft calls, each as late as `late` says (None: lost; negative: early)
    PERIODIC = 1
    made = []

    def __init__(self, number=-1, clock=None, late=()):
        self.number = number
        self.clock = clock
        self.late = list(late)
        self.log = []
        Timer.made.append(self)

    def init(self, mode, period, tick_hz, callback):
        self.log.append(("init", mode, period, tick_hz))
        self.period = period * 1000000 // tick_hz
        self.callback = callback
        self.ideal = self.clock.now
        self.clock.timers.append(self)
        self.plan()

    def plan(self):
        self.ideal += self.period
        self.pause = self.late.pop(0) if self.late else 0
        self.next = self.ideal + (self.pause or 0)

    def fire(self):
        lost = self.pause is None
        self.plan()
        if not lost:
            self.clock.timers.remove(self)  # a soft call is not interrupted by the next
            try:
                self.callback(self)
            finally:
                if self.log[-1] != "deinit":
                    self.clock.timers.append(self)

    def deinit(self):
        self.log.append("deinit")
        if self in self.clock.timers:
            self.clock.timers.remove(self)

def use(clock):
    module.time = clock
    return clock

class Source:
    # read(buffer, offset) of a counter; takes as long as `costs` says, in turn, and notes when it was called
    def __init__(self, clock, costs=(0,), axes=1, fails=None):
        self.clock = clock
        self.costs = costs
        self.axes = axes
        self.fails = fails
        self.times = []
    def read(self, buffer, offset):
        n = len(self.times)
        self.times.append(self.clock.now)
        if n == self.fails:
            raise OSError(5, "EIO")
        for i in range(self.axes):
            buffer[offset + i] = n * self.axes + i
        self.clock.now += self.costs[n % len(self.costs)]
    def tuple(self):
        row = [0] * self.axes
        self.read(row, 0)
        return tuple(row)

SENSOR = [("a", "N/A")]

def figures(sample):
    t = sample.timing
    return t.rows, t.interval_us, t.missed, t.jitter_max_us, t.jitter_p99_us

def captured(rows, interval_us, step, costs, tuples=False, late=None, axes=1, options=()):
    # (values, times of the rows since the first, figures, deinits)
    clock = use(Clock(step=step))
    source = Source(clock, costs, axes)
    timer = False if late is None else Timer(5, clock, late)
    sample = capture(source.tuple if tuples else source.read, rows, interval_us, SENSOR * axes, "test",
                     typecode="i", timer=timer, tuples=tuples, **dict(options))
    logs = timer.log if timer else []
    return list(sample.values), [t - source.times[0] for t in source.times], figures(sample), logs

def noted(asked_us, late):
    timing = Timing(asked_us)
    for us in late:
        timing.note(us)
    return timing

def shown(asked_us, late):
    return repr(noted(asked_us, late))

def timing_of(asked_us, late):
    timing = noted(asked_us, late)
    return timing.rows, timing.interval_us, timing.missed, timing.jitter_max_us, timing.jitter_p99_us

def message(sensors, interval_us, typecode, values):
    use(Clock())
    axes = len(sensors)
    def read(buffer, offset):
        for i in range(axes):
            buffer[offset + i] = values[offset + i]
    sample = capture(read, len(values) // axes, interval_us, sensors, "UNIX", typecode=typecode, timer=False,
                     device_name="x", name="wave.01", iat=False)
    body = sample.body()
    out = bytearray(body.size)
    body.readinto(out)
    return bytes(out), body.name

def tuples(typecode, row, axes):
    use(Clock())
    return list(capture(lambda: row, 3, 1000, SENSOR * axes, "x", typecode=typecode, tuples=True, timer=False).values)

def failing(form, timed):
    clock = use(Clock())
    source = Source(clock, fails=5)
    timer = Timer(0, clock) if timed else False
    try:
        capture(source.tuple if form == "tuples" else source.read, 10, 1000, SENSOR, "x", typecode="i", timer=timer,
                tuples=form == "tuples")
    except OSError as e:
        return e.errno, len(source.times), timer and timer.log[-1]

def wrong(changed):
    use(Clock())
    options = {"read": print, "rows": 5, "interval_us": 1000, "sensors": SENSOR, "device_type": "x", "timer": False}
    options.update(dict(changed))
    capture(**options)

def continuous(rows, interval_us, uses, late=None, tolerance=0.01):
    # ([(values, when they came)] for each use of so many us, lost, when it ended)
    clock = use(Clock(now=0))
    source = Source(clock)
    timer = Timer(0, clock, late) if late is not None else False
    found = []
    options = {"typecode": "i", "timer": timer, "tolerance": tolerance}
    with Continuous(source.read, rows, interval_us, SENSOR, "x", **options) as samples:
        for sample in samples:
            before = list(sample.values), figures(sample)
            clock.spend(uses[len(found)])
            if (list(sample.values), figures(sample)) != before or sample.timing.rows != rows:
                raise RuntimeError("it changed while it was used")
            found.append(before[0])
            if len(found) == len(uses):
                break
    return found, source.times, samples.lost, clock.now, timer and timer.log
"""


def test_every_row_is_at_its_own_deadline(worker):
    """Through many wraps of the clock; lateness never adds up."""
    values, times, figures, _ = worker.define(DEVICE).captured(200, 1000, 9, [300])
    assert values == list(range(200))
    assert all(abs(time - 1000 * n) <= 18 for n, time in enumerate(times))
    rows, interval, missed, jitter, p99 = figures
    assert (rows, missed) == (200, 0)
    assert abs(interval - 1000) < 0.1
    assert 0 < p99 <= jitter <= 18


@pytest.mark.parametrize("interval_us", [1, 7, 999, 4100, 12345, 32000])
def test_any_interval(worker, interval_us):
    _, times, figures, _ = worker.define(DEVICE).captured(20, interval_us, 1, [0], options=[("tolerance", None)])
    late = [time - interval_us * n for n, time in enumerate(times)]
    assert all(-2 <= us <= (2 if interval_us > 4 else 100) for us in late), late
    assert figures[0] == 20


def test_a_stall_is_caught_up_and_counted(worker):
    costs = [100] * 50
    costs[20] = 3500  # from row 20 to 23.5 nothing can be read
    values, times, figures, _ = worker.define(DEVICE).captured(50, 1000, 1, costs)
    late = [time - 1000 * n for n, time in enumerate(times)]
    assert values == list(range(50))
    assert [n for n, us in enumerate(late) if us > 10] == [21, 22, 23]
    assert all(us <= 10 for us in late[24:])
    assert figures[2] == 2
    assert abs(figures[3] - max(late)) <= 2


@pytest.mark.parametrize("tuples", [False, True])
def test_a_rate_that_is_off_is_refused_unless_told(worker, tuples):
    device = worker.define(DEVICE)
    slow = [1200]  # each row takes longer than the interval
    error = refused(
        lambda: device.captured(20, 1000, 1, slow, tuples), "every 12", "instead of every 1000", "tolerance"
    )
    assert "tolerance=0.01 off" in error.text
    refused(lambda: device.captured(20, 1000, 1, slow, tuples, options=[("tolerance", 0.15)]), "tolerance=0.15")
    for tolerance in (0.25, None):
        _, times, figures, _ = device.captured(20, 1000, 1, slow, tuples, options=[("tolerance", tolerance)])
        assert abs(figures[1] - times[-1] / 19) < 1
        assert figures[2] == 15  # 6 rows are late by less than an interval, the first by nothing


def test_one_row_has_no_interval_to_be_off(worker):
    values, _, figures, _ = worker.define(DEVICE).captured(1, 1000, 1, [9000], options=[("tolerance", 0)])
    assert (values, figures[0], figures[1], figures[2]) == ([0], 1, 1000, 0)


LATE = st.lists(st.one_of(st.integers(-50, 50), st.integers(-5000, 300_000), st.integers(0, 1 << 28)), min_size=1)


@pytest.mark.modes("mpy", "cpython")
@settings(max_examples=150)
@given(asked=st.integers(1, 100_000), late=LATE)
@example(asked=1000, late=[15] * 99 + [900])
@example(asked=1000, late=[900] * 2 + [15] * 98)
@example(asked=1000, late=list(range(200)))
@example(asked=1, late=[(1 << 21) - 1, 1 << 21, -(1 << 28)])
def test_figures(worker, asked, late):
    rows, interval, missed, worst, p99 = worker.define(DEVICE).timing_of(asked, late)
    distances = sorted(abs(us) for us in late)
    true_p99 = distances[len(late) - len(late) // 100 - 1]
    assert (rows, missed, worst) == (len(late), sum(us >= asked for us in late), distances[-1])
    assert true_p99 <= p99 <= (true_p99 * 9 / 8 if true_p99 < 1 << 21 else worst)
    moved = (late[-1] - late[0]) / max(len(late) - 1, 1)
    assert math.isclose(interval, asked + moved, abs_tol=1e-6)


@pytest.mark.modes("mpy", "cpython")
@pytest.mark.parametrize(
    ("late", "text"),
    [
        ([], "Timing(1000 us asked, 1000.0 us true, jitter p99 0 us max 0 us, 0 of 0 missed)"),
        ([5], "Timing(1000 us asked, 1000.0 us true, jitter p99 5 us max 5 us, 0 of 1 missed)"),
        ([0, 1500, 2], "Timing(1000 us asked, 1001.0 us true, jitter p99 1500 us max 1500 us, 1 of 3 missed)"),
        ([900] + [7] * 99, "Timing(1000 us asked, 991.0 us true, jitter p99 7 us max 900 us, 0 of 100 missed)"),
    ],
)
def test_timing_shows_its_figures(worker, late, text):
    assert worker.define(DEVICE).shown(1000, late) == text


@pytest.mark.parametrize(
    ("interval_us", "interval_ms"), [(1000, 1), (10_000, 10), (16_000, 16), (62, 0.062), (12_500, 12.5), (1_500, 1.5)]
)
def test_the_result_is_a_sample(worker, interval_us, interval_ms):
    """Whole milliseconds are integers, so that a board with single-precision floats says them exactly."""
    values = array.array("f", [1.5, -2.25, 3e9, 0.1] * 5)
    data, name = worker.define(DEVICE).message(ACCELERATION, interval_us, "f", values)
    message = cbor2.loads(data)
    assert name == "wave.01.cbor"
    assert message["payload"] == {
        "device_name": "x",
        "device_type": "UNIX",
        "interval_ms": interval_ms,
        "sensors": [{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}],
        "values": [list(values[i : i + 2]) for i in range(0, 20, 2)],
    }
    assert isinstance(message["payload"]["interval_ms"], type(interval_ms))


LIMITS = {"b": 7, "B": 8, "h": 15, "H": 16, "i": 31, "I": 32, "q": 63, "Q": 64}


@pytest.mark.parametrize("typecode", LIMITS)
def test_tuples_are_held_to_the_typecode(worker, typecode):
    """MicroPython's arrays would take the lowest bits without a word."""
    device = worker.define(DEVICE)
    high = (1 << LIMITS[typecode]) - 1
    low = -high - 1 if typecode.islower() else 0
    assert device.tuples(typecode, (low, high), 2) == [low, high] * 3
    for value in (low - 1, high + 1):
        refused(lambda value=value: device.tuples(typecode, (0, value), 2), "read:", str(value), "typecode " + typecode)


def test_tuples(worker):
    device = worker.define(DEVICE)
    assert device.captured(30, 1000, 1, [10], True, axes=3)[:1] == device.captured(30, 1000, 1, [10], axes=3)[:1]
    assert device.tuples("f", (0.5, 3), 2) == [0.5, 3.0] * 3
    for row, text in (((1,), "2 values"), ((1, 2, 3), "2 values"), (5, "not 5"), (None, "not None"), ("ab", "'ab'")):
        refused(lambda row=row: device.tuples("f", row, 2), "read:", text)
    with pytest.raises(DeviceError, match="TypeError"):
        device.tuples("f", ("a", "b"), 2)


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("form", ["buffer", "tuples"])
def test_what_read_raises_comes_out(worker, form, timed):
    assert worker.define(DEVICE).failing(form, timed) == (5, 6, timed and "deinit")


@pytest.mark.modes("py", "cpython", "wasm-1.23")
@pytest.mark.parametrize(
    ("name", "value"),
    [("rows", value) for value in (0, -1, 1.5, "5", None, True, 1 << 29)]
    + [("interval_us", value) for value in (0, -1, 0.5, 1000.0, "5", None, True, 1 << 28)]
    + [("tolerance", value) for value in (-0.1, "1%", math.nan, [])]
    + [("typecode", value) for value in ("x", "", "ff", 5, None, "O", "P")]
    + [("sensors", value) for value in ([], None, 5, "abc", [("a",)], [("a", "N/A"), 5], [("", "N/A")])]
    + [("read", 5), ("read", None), ("timer", 5), ("timer", True), ("timer", "0")]
    + [("device_type", ""), ("device_name", 5), ("name", ""), ("iat", -1)],
)
def test_wrong_arguments_are_named(worker, name, value):
    error = refused(lambda: worker.define(DEVICE).wrong([(name, value)]))
    assert error.text.startswith(name + ":"), error.text


def test_garbage_is_collected_once_before_the_first_row(worker):
    assert worker.run(
        DEVICE
        + """
class Collector:
    calls = 0
    def collect(self):
        self.calls += 1
real, module.gc = module.gc, Collector()
seen = []
def read(buffer, offset):
    seen.append(module.gc.calls)
use(Clock())
capture(read, 5, 1000, SENSOR, "x", timer=False)
result = seen
module.gc = real
"""
    ) == [1, 1, 1, 1, 1]


# -- machine.Timer


def test_a_timer_calls(worker):
    late = [80, 30, 400, 0, 55] * 20
    values, times, figures, log = worker.define(DEVICE).captured(100, 10_000, 1, [50], late=late)
    assert values == list(range(100))
    assert all(0 <= (time - times[0]) - 10_000 * n + 80 - late[n] <= 4 for n, time in enumerate(times))
    assert log == [("init", 1, 10_000, 1_000_000), "deinit"]
    assert figures[2] == 0
    assert 400 <= figures[3] <= 403


def test_calls_that_are_lost_are_made_good(worker):
    late = [10] * 60
    late[20:24] = [None] * 4
    values, times, figures, _ = worker.define(DEVICE).captured(60, 4000, 1, [50], late=late)
    assert values == list(range(60))
    assert all(time - 4000 * n <= 4 for n, time in enumerate(times) if not 20 <= n <= 24)
    assert times[24] - 4000 * 24 <= 4 * 50 + 5  # after the four that waited
    assert (figures[0], figures[2]) == (60, 4)
    assert 16_000 <= figures[3] <= 16_020


def test_calls_that_are_a_little_early_count(worker):
    late = [-30, 20, -400, 3] * 10
    values, _, figures, _ = worker.define(DEVICE).captured(40, 10_000, 1, [50], late=late)
    assert (values, figures[2]) == (list(range(40)), 0)
    assert 398 <= figures[3] <= 400


@pytest.mark.modes("py", "mpy", "cpython", "wasm-1.23")
@pytest.mark.parametrize(("port", "number"), [("esp32", 0), ("rp2", -1), ("none", None)])
def test_the_timer_is_found(worker, port, number):
    found = worker.run(
        DEVICE
        + """
class Machine:
    pass
def make(number):
    if port == "rp2" and number != -1:
        raise ValueError("Timer doesn't exist")
    return Timer(number, clock)
clock = use(Clock())
source = Source(clock)
if port != "none":
    Machine.Timer = make
kept = sys.modules.get("machine")
sys.modules["machine"] = Machine
try:
    numbers = []
    for timer in (None, False):
        Timer.made.clear()
        sample = capture(source.read, 5, 1000, SENSOR, "x", typecode="i", timer=timer)
        numbers.append(Timer.made[0].number if Timer.made else None)
finally:
    del sys.modules["machine"]
    if kept:
        sys.modules["machine"] = kept
result = numbers, sample.timing.rows
""",
        port=port,
    )
    assert found == ([number, None], 5)


# -- continuous


def rows_of(found, rows):
    """Rows are counted where they are read: nothing is missing in a Sample, nor between two, that was read."""
    assert [row for sample in found for row in sample] == list(range(rows * len(found)))


def test_no_row_is_lost_while_the_upload_keeps_up(worker):
    found, times, lost, _, log = worker.define(DEVICE).continuous(50, 1000, [49_000, 20_000, 0, 45_000] * 3, late=[])
    rows_of(found, 50)
    assert lost == 0
    assert all(abs(time - times[0] - 1000 * n) <= 3 for n, time in enumerate(times))
    assert log[-1] == "deinit"


def test_rows_that_are_lost_are_counted(worker):
    found, times, lost, now, _ = worker.define(DEVICE).continuous(50, 1000, [10_000, 90_000, 10_000, 10_000], late=[])
    rows_of(found, 50)
    # 50 rows until the first is there, 50 more while it and the second are used; from 150 ms to 190 ms there is no room
    gaps = [
        (n, later - time) for n, (time, later) in enumerate(zip(times, times[1:], strict=False)) if later - time > 1500
    ]
    assert [n for n, _ in gaps] == [149]
    assert abs(gaps[0][1] - 1000 * (lost + 1)) <= 4
    assert 38 <= lost - 0 <= 42
    assert abs(now - 1000 * (len(times) + lost)) < 3000  # every deadline was a row or was lost


def test_without_a_timer_a_blocking_upload_loses_rows_and_says_so(worker):
    found, times, lost, _, _ = worker.define(DEVICE).continuous(20, 1000, [0, 7_700, 0, 12_300])
    rows_of(found, 20)
    late = [time - times[0] - 1000 * n for n, time in enumerate(times)]
    assert all(abs(us) <= 3 for us in late[:40])
    assert all(abs(us - 1000 * lost) <= 3 for us in late[40:])  # still on the same grid
    assert lost == 7


def test_a_bad_sample_does_not_end_it(worker):
    result = worker.run(
        DEVICE
        + """
clock = use(Clock())
source = Source(clock, [0] * 10 + [2000] * 10 + [0] * 100)
samples = Continuous(source.read, 10, 1000, SENSOR, "x", typecode="i", timer=False)
result = [list(next(samples).values)]
try:
    next(samples)
except Exception as e:
    result.append(type(e).__name__)
result.append(list(next(samples).values))
samples.close()
samples.close()
for _ in samples:
    result.append("not ended")
samples.start()
result.append(samples.lost)
result.append(len(list(next(samples).values)))
samples.close()
"""
    )
    assert result == [list(range(10)), "SampleError", list(range(20, 30)), 0, 10]


@pytest.mark.parametrize("iat", [None, 5])
def test_each_sample_is_signed_at_its_own_time(worker, iat):
    """Sample objects are used again for other rows; a time that was given is kept."""
    source = (
        DEVICE
        + """
import edgeingest.signing
class Now:
    seconds = 1800000000
    def time(self):
        Now.seconds += 1
        return Now.seconds
    def gmtime(self, seconds):
        return (1970,)
real = edgeingest.signing.time
edgeingest.signing.time = Now()
clock = use(Clock())
result = []
with Continuous(Source(clock).read, 2, 1000, SENSOR, "x", typecode="i", timer=False, iat=iat) as samples:
    for sample in samples:
        sample.body(hmac_key="k")
        sample.body(hmac_key="k")
        result.append(sample.iat)
        if len(result) == 5:
            break
edgeingest.signing.time = real
"""
    )
    assert worker.run(source, iat=iat) == ([1800000000 + n for n in range(1, 6)] if iat is None else [5] * 5)


@pytest.mark.parametrize("timed", [False, True])
def test_an_error_ends_it_where_the_next_is_asked_for(worker, timed):
    result = worker.run(
        DEVICE
        + """
clock = use(Clock())
source = Source(clock, fails=25)
samples = Continuous(source.read, 10, 1000, SENSOR, "x", typecode="i", timer=Timer(0, clock) if timed else False)
result = []
try:
    for sample in samples:
        result.append(list(sample.values)[0])
        clock.spend(3000 if timed else 0)
except OSError as e:
    result.append(e.errno)
result.append(len(source.times))
result.append(clock.timers)
""",
        timed=timed,
    )
    assert result == [0, 10, 5, 26, []]


def test_polled(worker):
    result = worker.run(
        DEVICE
        + """
clock = use(Clock())
source = Source(clock)
samples = Continuous(source.read, 10, 1000, SENSOR, "x", typecode="i", timer=False, tolerance=None)
result = [samples.ready]
samples.start()
for _ in range(450):
    samples.poll()
    clock.spend(100)
    if samples.ready:
        result.append(list(next(samples).values)[0])
result.append(samples.lost)
samples.close()
result.append(samples.ready)
"""
    )
    assert result == [False, 0, 10, 20, 30, 0, False]


ASYNC = (
    DEVICE
    + """
import asyncio

async def upload(turns):
    for _ in range(turns):
        await asyncio.sleep(0)

async def several(samples, uses):
    found = []
    async for sample in samples:
        before = list(sample.values)
        await upload(uses[len(found)])
        if list(sample.values) != before:
            raise RuntimeError("it changed while it was used")
        found.append(before)
        if len(found) == len(uses):
            break
    return found

async def beside(rows, uses, fails=None):
    clock = use(Clock(step=125))  # the clock goes on each time the task looks at it
    source = Source(clock, fails=fails)
    with Continuous(source.read, rows, 1000, SENSOR, "x", typecode="i", timer=False, tolerance=None) as samples:
        try:
            found = await several(samples, uses)
        except OSError as e:
            found = [[e.errno]]
    await asyncio.sleep(0)
    calls = len(source.times)
    await upload(100)
    return found, samples.lost, len(source.times) == calls, calls

def run(*arguments):
    real = asyncio.sleep
    asyncio.sleep = lambda seconds: real(0)  # what passes is the clock's time
    try:
        return asyncio.run(beside(*arguments))
    finally:
        asyncio.sleep = real
"""
)


@pytest.mark.modes("py", "mpy", "native", "cpython")
def test_async_rows_are_read_beside_an_upload(worker):
    device = worker.define(ASYNC)
    found, lost, stopped, _ = device.run(100, [150, 0, 100, 150])
    rows_of(found, 100)
    assert (lost, stopped) == (0, True)
    found, lost, _, _ = device.run(20, [0, 1000, 0, 0])
    rows_of(found, 20)
    assert lost > 0


@pytest.mark.modes("py", "mpy", "native", "cpython")
def test_async_an_error_of_read_comes_out(worker):
    found, _, stopped, calls = worker.define(ASYNC).run(10, [0] * 5, 25)
    assert (found, stopped, calls) == ([[5]], True, 26)


@pytest.mark.modes("cpython")
def test_async_its_task_does_not_outlive_it(worker):
    """However long it would have slept until the next row."""
    result = worker.run(
        """
import asyncio, time
from edgeingest import capture
from edgeingest.capture import Continuous
capture.time = time
async def main():
    with Continuous(print, 5, (1 << 28) - 1, [("a", "N/A")], "x", timer=False) as samples:
        waiting = asyncio.create_task(samples.__anext__())
        await asyncio.sleep(0.01)
        tasks = [len(asyncio.all_tasks())]
        waiting.cancel()
    await asyncio.sleep(0.01)
    return tasks + [len(asyncio.all_tasks())]
result = asyncio.run(main())
"""
    )
    assert result == [3, 1]


# -- the real clock


REAL = """
import micropython, time
from array import array
from edgeingest.capture import capture
ROWS = 400
times = array("l", bytes(8 * ROWS))
state = [0, 0]

def read(buffer, offset):
    n = offset // 3
    if n == 0:
        micropython.heap_lock()
    times[n] = time.ticks_us()
    buffer[offset] = n
    buffer[offset + 1] = -n
    buffer[offset + 2] = 7
    if n == ROWS - 1:
        micropython.heap_unlock()

sensors = (("x", "m/s2"), ("y", "m/s2"), ("z", "m/s2"))
sample = capture(read, ROWS, 1000, sensors, "UNIX", typecode=CODE, tolerance=None)
t = sample.timing
early = [n for n in range(ROWS) if time.ticks_diff(times[n], times[0]) < 1000 * n - t.jitter_max_us - 1000]
print(sample.rows, t.rows, list(sample.values) == [v for n in range(ROWS) for v in (n, -n, 7)], len(early))
print(t.jitter_p99_us <= t.jitter_max_us, t.missed, t.interval_us)
"""


@pytest.mark.parametrize("mpy", [False, True])
@pytest.mark.parametrize("typecode", ["h", "i"])
def test_1_khz_with_the_heap_locked(tmp_path, mpy, typecode):
    """From the first row to the last nothing is allocated, neither by the capture nor by its figures."""
    script = tmp_path / "real.py"
    script.write_text(f"CODE = {typecode!r}\n" + REAL)
    done = run_script(script, mpy=mpy)
    assert done.code == 0, done.stdout + done.stderr
    first, second = done.stdout.splitlines()
    assert first == "400 400 True 0"
    assert second.startswith("True ")
    assert float(second.split()[2]) > 900


@pytest.mark.modes("py", "mpy", "native", "cpython")
def test_no_row_comes_before_its_deadline(worker):
    """And the last deadline is exactly rows intervals after the first."""
    result = worker.run(
        """
import time
from edgeingest.capture import Continuous
from edgeingest import capture
capture.time = time
times = []
def read(buffer, offset):
    times.append(time.ticks_us())
samples = Continuous(read, 150, 1000, [("a", "N/A")], "x", tolerance=None, timer=False)
samples.start()
start = samples._due
sample = next(samples)
late = [time.ticks_diff(t, time.ticks_add(start, 1000 * n)) for n, t in enumerate(times)]
result = len(times), min(late) >= 0, time.ticks_diff(samples._due, start), sample.timing.rows
samples.close()
"""
    )
    assert result == (150, True, 150_000, 150)


@pytest.mark.modes("py", "mpy", "cpython")
def test_async_with_the_real_clock(worker):
    result = worker.run(
        """
import asyncio, time
from edgeingest.capture import Continuous
from edgeingest import capture
capture.time = time
count = 0
def read(buffer, offset):
    global count
    buffer[offset] = count
    count += 1
async def main():
    found = []
    with Continuous(read, 20, 1000, [("a", "N/A")], "x", typecode="i", tolerance=None, timer=False) as samples:
        async for sample in samples:
            found.extend(sample.values)
            await asyncio.sleep(0.005)
            if len(found) == 100:
                return found
result = asyncio.run(main())
"""
    )
    assert result == list(range(100))


def test_the_buffer_is_allocated_once(tmp_path):
    """Never a second copy of it: 120 KB of 192 KB are one buffer."""
    script = tmp_path / "memory.py"
    script.write_text(
        "from edgeingest.capture import capture\n"
        "def read(buffer, offset):\n    buffer[offset] = offset\n"
        "sample = capture(read, 30_000, 1, [('a', 'N/A')], 'x', tolerance=None)\n"
        "print(sample.rows, sample.values[29_999])\n"
    )
    done = run_script(script, mpy=True)
    assert done.stdout == "30000 29999.0\n", done.stdout + done.stderr
