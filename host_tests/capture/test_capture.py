"""Captures with a clock that wraps and a machine.Timer, both controlled by the test, and with the real clock."""

import array
import math
from collections import namedtuple

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.bodies import refused
from support.device_source import device_source
from support.floats import held, single
from support.interpreters import ROOT
from support.scripts import run_script

ACCELERATION = [("accX", "m/s2"), ("accY", "m/s2")]

DEVICE = device_source("capture/capture_device")
Figures = namedtuple("Figures", "rows interval_us missed jitter_max_us jitter_p99_us")
Captured = namedtuple("Captured", "values times figures timer_log")
Continuation = namedtuple("Continuation", "samples times lost end timer_log")


def captured(worker, *arguments, **named):
    values, times, figures, timer_log = worker.define(DEVICE).captured(*arguments, **named)
    return Captured(values, times, Figures(*figures), timer_log)


def continuous(worker, *arguments, **named):
    return Continuation(*worker.define(DEVICE).continuous(*arguments, **named))


def test_every_row_is_at_its_own_deadline(worker):
    """The clock wraps many times; lateness never adds up."""
    values, times, figures, _ = captured(worker, 200, 1000, 9, [300])
    assert values == list(range(200))
    assert all(abs(time - 1000 * n) <= 18 for n, time in enumerate(times))
    assert (figures.rows, figures.missed) == (200, 0)
    assert abs(figures.interval_us - 1000) < 0.1
    assert 0 < figures.jitter_p99_us <= figures.jitter_max_us <= 18


@pytest.mark.parametrize("interval_us", [1, 7, 999, 4100, 12345, 32000])
def test_any_interval(worker, interval_us):
    _, times, figures, _ = captured(worker, 20, interval_us, 1, [0], options=[("tolerance", None)])
    late = [time - interval_us * n for n, time in enumerate(times)]
    assert all(-2 <= us <= (2 if interval_us > 4 else 100) for us in late), late
    assert figures.rows == 20


def test_a_stall_is_caught_up_and_counted(worker):
    costs = [100] * 50
    costs[20] = 3500  # from row 20 to 23.5 nothing can be read
    values, times, figures, _ = captured(worker, 50, 1000, 1, costs)
    late = [time - 1000 * n for n, time in enumerate(times)]
    assert values == list(range(50))
    assert [n for n, us in enumerate(late) if us > 10] == [21, 22, 23]
    assert all(us <= 10 for us in late[24:])
    assert figures.missed == 2
    assert abs(figures.jitter_max_us - max(late)) <= 2


@pytest.mark.parametrize("tuples", [False, True])
def test_a_rate_that_is_off_is_refused_unless_tolerated(worker, tuples):
    slow = [1200]  # each row takes longer than the interval
    error = refused(
        lambda: captured(worker, 20, 1000, 1, slow, tuples), "every 12", "instead of every 1000", "tolerance"
    )
    assert "tolerance=0.01 off" in error.text
    refused(lambda: captured(worker, 20, 1000, 1, slow, tuples, options=[("tolerance", 0.15)]), "tolerance=0.15")
    for tolerance in (0.25, None):
        _, times, figures, _ = captured(worker, 20, 1000, 1, slow, tuples, options=[("tolerance", tolerance)])
        assert abs(figures.interval_us - times[-1] / 19) < 1
        assert figures.missed == 15  # 6 rows are late by less than an interval, the first by nothing


def test_one_row_has_no_interval_to_be_off(worker):
    values, _, figures, _ = captured(worker, 1, 1000, 1, [9000], options=[("tolerance", 0)])
    assert values == [0]
    assert (figures.rows, figures.interval_us, figures.missed) == (1, 1000, 0)


@pytest.mark.parametrize("way", ["poll", "next"])
@pytest.mark.modes("mpy", "cpython")
@pytest.mark.parametrize("begun", [1, 4])
@pytest.mark.parametrize("minutes", [7, 9, 13, 18, 26, 60, 7 * 24 * 60, 12 * 24 * 60])
def test_a_capture_that_is_not_looked_at_while_the_clock_wraps(worker, minutes, begun, way):
    """ticks_us wraps after 17.9 minutes, and from half of that on its differences are negative."""
    lost, values, missed, seconds = worker.define(DEVICE).not_looked_at(60 * minutes, begun, way)
    due = 6000 * minutes  # rows of 10 ms
    assert abs(lost - due) <= 12  # with the rows of the Sample that had begun
    assert values == list(range(values[0], values[0] + 10))
    assert missed == 0
    assert 0.08 < seconds < 0.13  # the next Sample begins at once


LATE = st.lists(st.one_of(st.integers(-50, 50), st.integers(-5000, 300_000), st.integers(0, 1 << 28)), min_size=1)


@pytest.mark.modes("mpy", "cpython")
@settings(max_examples=150)
@given(asked=st.integers(1, 100_000), late=LATE)
@example(asked=1000, late=[15] * 99 + [900])
@example(asked=1000, late=[900] * 2 + [15] * 98)
@example(asked=1000, late=list(range(200)))
@example(asked=1, late=[(1 << 21) - 1, 1 << 21, -(1 << 28)])
def test_figures(worker, asked, late):
    figures = Figures(*worker.define(DEVICE).timing_figures(asked, late))
    distances = sorted(abs(us) for us in late)
    true_p99 = distances[len(late) - len(late) // 100 - 1]
    assert figures.rows == len(late)
    assert figures.missed == sum(us >= asked for us in late)
    assert figures.jitter_max_us == distances[-1]
    assert true_p99 <= figures.jitter_p99_us <= (true_p99 * 9 / 8 if true_p99 < 1 << 21 else distances[-1])
    moved = (late[-1] - late[0]) / max(len(late) - 1, 1)
    precision = 2e-7 * (asked + abs(moved)) if single(worker.mode) else 1e-6
    assert math.isclose(figures.interval_us, asked + moved, rel_tol=0, abs_tol=precision)


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
    assert worker.define(DEVICE).timing_repr(1000, late) == text


@pytest.mark.parametrize(
    ("interval_us", "interval_ms"), [(1000, 1), (10_000, 10), (16_000, 16), (62, 0.062), (12_500, 12.5), (1_500, 1.5)]
)
def test_the_result_is_a_sample(worker, interval_us, interval_ms):
    """Whole milliseconds are integers, so that a board with single-precision floats writes them exactly."""
    values = array.array("f", [1.5, -2.25, 3e9, 0.1] * 5)
    data, name = worker.define(DEVICE).message(ACCELERATION, interval_us, "f", values)
    message = cbor2.loads(data)
    assert name == "wave.01.cbor"
    assert message["payload"] == {
        "device_name": "x",
        "device_type": "UNIX",
        "interval_ms": held(worker.mode, interval_ms),
        "sensors": [{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}],
        "values": [list(values[i : i + 2]) for i in range(0, 20, 2)],
    }
    assert isinstance(message["payload"]["interval_ms"], type(interval_ms))


LIMITS = {"b": 7, "B": 8, "h": 15, "H": 16, "i": 31, "I": 32, "q": 63, "Q": 64}


@pytest.mark.parametrize("typecode", LIMITS)
def test_tuples_are_held_to_the_typecode(worker, typecode):
    """MicroPython's arrays would keep the lowest bits and raise nothing."""
    device = worker.define(DEVICE)
    high = (1 << LIMITS[typecode]) - 1
    low = -high - 1 if typecode.islower() else 0
    assert device.tuples(typecode, (low, high), 2) == [low, high] * 3
    for value in (low - 1, high + 1):
        refused(lambda value=value: device.tuples(typecode, (0, value), 2), "read:", str(value), "typecode " + typecode)


def test_tuples(worker):
    device = worker.define(DEVICE)
    from_tuples = captured(worker, 30, 1000, 1, [10], True, axes=3)
    assert from_tuples.values == captured(worker, 30, 1000, 1, [10], axes=3).values
    assert device.tuples("f", (0.5, 3), 2) == [0.5, 3.0] * 3
    for row, text in (((1,), "2 values"), ((1, 2, 3), "2 values"), (5, "not 5"), (None, "not None"), ("ab", "'ab'")):
        refused(lambda row=row: device.tuples("f", row, 2), "read:", text)
    for code in "fdhQ":
        refused(lambda code=code: device.tuples(code, ("a", "b"), 2), "read: 'a' does not fit into typecode " + code)


def test_numbers_that_are_too_large_are_not_stored_as_infinity(worker):
    device = worker.define(DEVICE)
    assert device.tuples("f", (math.inf, -math.inf), 2) == [math.inf, -math.inf] * 3
    assert math.isnan(device.tuples("d", (math.nan, 2**60), 2)[0])
    for code, value in [("f", 2**200), ("f", -(2**128)), ("d", 2**2000), ("f", 2**2000)]:
        refused(lambda code=code, value=value: device.tuples(code, (0, value), 2), "does not fit into typecode " + code)
    if not single(worker.mode):
        refused(lambda: device.tuples("f", (1e300, 0), 2), "1e+300 does not fit into typecode f")


@pytest.mark.parametrize("timer", [False, True])
def test_a_read_of_the_other_form_is_named(worker, timer):
    device = worker.define(DEVICE)
    refused(lambda: device.other_form("no arguments", timer), "read: called as read(buffer, offset): ", "tuples=True")
    refused(lambda: device.other_form("returns a tuple", timer), "read: called as read(buffer, offset): it returned a")
    refused(lambda: device.other_form("two arguments", timer), "read: called as read(): ", "tuples=False")
    refused(lambda: device.other_form("returns None", timer), "read: a tuple of 1 values is needed, not None")


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("form", ["buffer", "tuples"])
def test_an_error_of_read_is_raised(worker, form, timed):
    assert worker.define(DEVICE).failing(form, timed) == (5, 6, timed and "deinit")


@pytest.mark.parametrize("at", [1, 5, 10])
@pytest.mark.parametrize("timed", [False, True])
def test_ctrl_c_in_a_read_ends_it(worker, timed, at):
    """MicroPython prints an error of a timer's call and goes on, Ctrl-C too: a row would be missing."""
    found = worker.define(DEVICE).interrupted(timed, at)
    assert found == ("KeyboardInterrupt", at, timed and "deinit")


def test_the_long_part_of_a_wait_is_slept(worker):
    """ports/esp32/mphalport.c, mp_hal_delay_us: it only waits; mp_hal_delay_ms lets the other tasks run."""
    us, ms = worker.define(DEVICE).slept(30_000)
    assert us == 0 and 4 * 25 <= ms <= 4 * 28


def test_a_timer_leaves_time_for_the_program(worker):
    """ports/rp2/machine_timer.c: a period of 1 us is accepted, and the interrupts never end."""
    worker.define(DEVICE).timed_interval(100)
    for us in (1, 10, 99):
        refused(lambda us=us: worker.define(DEVICE).timed_interval(us), "interval_us: with a timer", "100", f"not {us}")


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
    error = refused(lambda: worker.define(DEVICE).capture_with([(name, value)]))
    assert error.text.startswith(name + ":"), error.text


def test_garbage_is_collected_once_before_the_first_row(worker):
    assert worker.define(DEVICE).collections_at_each_read(5) == [1, 1, 1, 1, 1]


# -- machine.Timer


def test_a_timer_calls(worker):
    late = [80, 30, 400, 0, 55] * 20
    values, times, figures, log = captured(worker, 100, 10_000, 1, [50], late=late)
    assert values == list(range(100))
    assert all(0 <= (time - times[0]) - 10_000 * n + 80 - late[n] <= 4 for n, time in enumerate(times))
    assert log == [("init", 1, 10_000, 1_000_000), "deinit"]
    assert figures.missed == 0
    assert 400 <= figures.jitter_max_us <= 403


def test_rows_of_lost_calls_are_read_late(worker):
    late = [10] * 60
    late[20:24] = [None] * 4
    values, times, figures, _ = captured(worker, 60, 4000, 1, [50], late=late)
    assert values == list(range(60))
    assert all(time - 4000 * n <= 4 for n, time in enumerate(times) if not 20 <= n <= 24)
    assert times[24] - 4000 * 24 <= 4 * 50 + 5  # after the four that waited
    assert (figures.rows, figures.missed) == (60, 4)
    assert 16_000 <= figures.jitter_max_us <= 16_020


def test_calls_that_are_a_little_early_count(worker):
    late = [-30, 20, -400, 3] * 10
    values, _, figures, _ = captured(worker, 40, 10_000, 1, [50], late=late)
    assert (values, figures.missed) == (list(range(40)), 0)
    assert 398 <= figures.jitter_max_us <= 400


@pytest.mark.modes("py", "mpy", "cpython", "wasm-1.23")
@pytest.mark.parametrize(("port", "number"), [("esp32", 0), ("rp2", -1), ("none", None)])
def test_the_timer_is_found(worker, port, number):
    assert worker.define(DEVICE).timers_found(port) == ([number, None], 5)


# -- continuous


def check_rows(samples, rows):
    """The counter is at the rows that were read: no row that was read is missing, in a Sample or between two."""
    assert [row for sample in samples for row in sample] == list(range(rows * len(samples)))


def test_no_row_is_lost_while_the_upload_keeps_up(worker):
    found = continuous(worker, 50, 1000, [49_000, 20_000, 0, 45_000] * 3, late=[])
    check_rows(found.samples, 50)
    assert found.lost == 0
    assert all(abs(time - found.times[0] - 1000 * n) <= 3 for n, time in enumerate(found.times))
    assert found.timer_log[-1] == "deinit"


def test_rows_that_are_lost_are_counted(worker):
    samples, times, lost, end, _ = continuous(worker, 50, 1000, [10_000, 90_000, 10_000, 10_000], late=[])
    check_rows(samples, 50)
    # 50 rows until the first Sample, 100 more while two are used; from 150 ms to 190 ms no buffer is free
    gaps = [
        (n, later - time) for n, (time, later) in enumerate(zip(times, times[1:], strict=False)) if later - time > 1500
    ]
    assert [n for n, _ in gaps] == [149]
    assert abs(gaps[0][1] - 1000 * (lost + 1)) <= 4
    assert 38 <= lost <= 42
    assert abs(end - 1000 * (len(times) + lost)) < 3000  # every deadline was a row or was lost


def test_without_a_timer_rows_lost_to_a_blocking_upload_are_counted(worker):
    samples, times, lost, _, _ = continuous(worker, 20, 1000, [0, 7_700, 0, 12_300])
    check_rows(samples, 20)
    late = [time - times[0] - 1000 * n for n, time in enumerate(times)]
    assert all(abs(us) <= 3 for us in late[:40])
    assert all(abs(us - 1000 * lost) <= 3 for us in late[40:])  # still on the same grid
    assert lost == 7


def test_a_bad_sample_does_not_end_it(worker):
    result = worker.define(DEVICE).continued_after_a_bad_sample()
    assert result == [list(range(10)), "SampleError", list(range(20, 30)), 0, 0, 10]


@pytest.mark.parametrize("iat", [None, 5])
def test_each_sample_is_signed_at_its_own_time(worker, iat):
    """The same Sample objects serve for later rows; a time that the caller gave is kept."""
    expected = [1800000000 + n for n in range(1, 6)] if iat is None else [5] * 5
    assert worker.define(DEVICE).times_of_signing(iat) == expected


@pytest.mark.parametrize("timed", [False, True])
def test_an_error_ends_it_where_the_next_is_asked_for(worker, timed):
    assert worker.define(DEVICE).continuous_until_an_error(timed) == ([0, 10], 5, 26, [])


def test_polled(worker):
    assert worker.define(DEVICE).polled() == (False, [0, 10, 20, 30], 0, False)


@pytest.mark.modes("py", "mpy", "native", "cpython")
def test_async_rows_are_read_beside_an_upload(worker):
    device = worker.define(DEVICE)
    samples, lost, stopped, _ = device.continuous_async(100, [150, 0, 100, 150])
    check_rows(samples, 100)
    assert (lost, stopped) == (0, True)
    samples, lost, _, _ = device.continuous_async(20, [0, 1000, 0, 0])
    check_rows(samples, 20)
    assert lost > 0


@pytest.mark.modes("py", "mpy", "native", "cpython")
def test_async_an_error_of_read_is_raised(worker):
    found, _, stopped, reads = worker.define(DEVICE).continuous_async(10, [0] * 5, 25)
    assert (found, stopped, reads) == ([[5]], True, 26)


@pytest.mark.modes("cpython")
def test_async_its_task_does_not_outlive_it(worker):
    """Even if it would have slept long until the next row."""
    assert worker.define(DEVICE).tasks_of_a_cancelled_wait() == (3, 1)


# -- the real clock


HEAP_LOCKED = ROOT / "host_tests" / "capture" / "capture_heap_locked_device.py"


@pytest.mark.parametrize("mpy", [False, True])
@pytest.mark.parametrize("typecode", ["h", "i"])
def test_1_khz_with_the_heap_locked(mpy, typecode):
    """From the first row to the last nothing is allocated, neither by the capture nor by its figures."""
    done = run_script(HEAP_LOCKED, mpy=mpy, args=[typecode])
    assert done.code == 0, done.stdout + done.stderr
    first, second = done.stdout.splitlines()
    assert first == "400 400 True 0"
    assert second.startswith("True ")
    assert float(second.split()[2]) > 900


@pytest.mark.modes("py", "mpy", "native", "cpython")
def test_no_row_comes_before_its_deadline(worker):
    """And the last deadline is exactly 150 intervals after the first."""
    reads, least_late_us, us, rows = worker.define(DEVICE).deadlines(150)
    assert (reads, us, rows) == (150, 150_000, 150)
    assert least_late_us >= 0


@pytest.mark.modes("py", "mpy", "cpython")
def test_async_with_the_real_clock(worker):
    assert worker.define(DEVICE).values_async(100) == list(range(100))


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
