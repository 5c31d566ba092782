"""Runs on MicroPython: captures against a clock and a machine.Timer that the test controls."""

import asyncio
import sys
import time

import edgeingest.signing
from edgeingest import capture as module
from edgeingest.capture import Continuous, Timing, capture


class Clock:
    """Stands in for `time`: advances when it is read or slept on, wraps early, and calls the timers that are due."""

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

    def ticks_ms(self):
        return self.now // 1000 % self.PERIOD

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
    """Stands in for machine.Timer: soft calls, `late` us after they are due (None: lost; negative: early)."""

    PERIODIC = 1
    made = []

    def __init__(self, number=-1, clock=None, late=()):
        self.number = number
        self.clock = clock
        self.late = list(late)
        self.log = []  # ("init", ...) and "deinit"
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
            except BaseException as e:
                # py/scheduler.c, mp_sched_run_pending: it is called protected, which prints an error and goes on
                self.log.append(("uncaught", type(e).__name__))
            finally:
                if self.log[-1] != "deinit":
                    self.clock.timers.append(self)

    def deinit(self):
        self.log.append("deinit")
        if self in self.clock.timers:
            self.clock.timers.remove(self)


def use(clock):
    """Makes `clock` the clock of the captures, and returns it."""
    module.time = clock
    return clock


class Source:
    """A counter to read: each read takes the next of `costs` in us; `times` has the time of each."""

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
    """Returns (rows, interval_us, missed, jitter_max_us, jitter_p99_us)."""
    t = sample.timing
    return t.rows, t.interval_us, t.missed, t.jitter_max_us, t.jitter_p99_us


def captured(rows, interval_us, step, costs, tuples=False, late=None, axes=1, options=()):
    """Returns (values, times of the rows since the first, figures, log of the timer)."""
    clock = use(Clock(step=step))
    source = Source(clock, costs, axes)
    timer = False if late is None else Timer(5, clock, late)
    sample = capture(
        source.tuple if tuples else source.read,
        rows,
        interval_us,
        SENSOR * axes,
        "test",
        typecode="i",
        timer=timer,
        tuples=tuples,
        **dict(options),
    )
    logs = timer.log if timer else []
    return list(sample.values), [t - source.times[0] for t in source.times], figures(sample), logs


def timing_after(asked_us, late):
    """Returns the Timing of rows that came so late, each in us."""
    timing = Timing(asked_us)
    for us in late:
        timing.note(us)
    return timing


def timing_repr(asked_us, late):
    return repr(timing_after(asked_us, late))


def timing_figures(asked_us, late):
    timing = timing_after(asked_us, late)
    return timing.rows, timing.interval_us, timing.missed, timing.jitter_max_us, timing.jitter_p99_us


def message(sensors, interval_us, typecode, values):
    """Returns the CBOR form of a capture of these values, and its name."""
    use(Clock())
    axes = len(sensors)

    def read(buffer, offset):
        for i in range(axes):
            buffer[offset + i] = values[offset + i]

    sample = capture(
        read,
        len(values) // axes,
        interval_us,
        sensors,
        "UNIX",
        typecode=typecode,
        timer=False,
        device_name="x",
        name="wave.01",
        iat=False,
    )
    body = sample.body()
    out = bytearray(body.size)
    body.readinto(out)
    return bytes(out), body.name


def other_form(kind, timed):
    """Captures with a `read` of the form that the other value of `tuples` is for."""
    clock = use(Clock())
    read = {
        "no arguments": lambda: (1.5,),
        "returns a tuple": lambda *arguments: (1.5,),
        "two arguments": lambda buffer, offset: None,
        "returns None": lambda: None,
    }[kind]
    timer = Timer(0, clock) if timed else False
    capture(read, 3, 1000, SENSOR, "x", tuples=kind in ("two arguments", "returns None"), timer=timer)


def tuples(typecode, row, axes):
    """Returns the values of a capture that reads `row` three times."""
    use(Clock())
    return list(capture(lambda: row, 3, 1000, SENSOR * axes, "x", typecode=typecode, tuples=True, timer=False).values)


def failing(form, timed):
    """Returns (errno, number of reads, last call to the timer) of a capture whose sixth read fails."""
    clock = use(Clock())
    source = Source(clock, fails=5)
    timer = Timer(0, clock) if timed else False
    try:
        capture(
            source.tuple if form == "tuples" else source.read,
            10,
            1000,
            SENSOR,
            "x",
            typecode="i",
            timer=timer,
            tuples=form == "tuples",
        )
    except OSError as e:
        return e.errno, len(source.times), timer and timer.log[-1]


def interrupted(timed, at):
    """Ctrl-C comes in read `at` of 10. Returns (name of the error, number of reads, last call to the timer)."""
    clock = use(Clock())
    source = Source(clock)
    read = source.read

    def interrupt(buffer, offset):
        read(buffer, offset)
        if len(source.times) == at:
            raise KeyboardInterrupt

    timer = Timer(0, clock) if timed else False
    try:
        sample = capture(interrupt, 10, 1000, SENSOR, "x", typecode="i", timer=timer)
    except BaseException as e:
        return type(e).__name__, len(source.times), timer and timer.log[-1]
    return list(sample.values), timer.log


def slept(interval_us):
    """Returns (microseconds in sleep_us, milliseconds in sleep_ms) of a capture of 5 rows without a timer."""
    clock = use(Clock())
    found = [0, 0]

    def sleep_us(us):
        found[0] += us
        clock.spend(us)

    def sleep_ms(ms):
        found[1] += ms
        clock.spend(1000 * ms)

    clock.sleep_us, clock.sleep_ms = sleep_us, sleep_ms
    capture(Source(clock).read, 5, interval_us, SENSOR, "x", typecode="i", timer=False)
    return found


def timed_interval(interval_us):
    clock = use(Clock())
    capture(Source(clock).read, 3, interval_us, SENSOR, "x", typecode="i", timer=Timer(0, clock), tolerance=None)


def capture_with(changed):
    """Captures with valid arguments except for those in `changed`, a list of (name, value)."""
    use(Clock())
    options = {"read": print, "rows": 5, "interval_us": 1000, "sensors": SENSOR, "device_type": "x", "timer": False}
    options.update(dict(changed))
    capture(**options)


def continuous(rows, interval_us, uses, late=None, tolerance=0.01):
    """Takes one Sample for each of `uses`, which is how many us it is used.

    Returns (their values, times of all rows, number of lost rows, time at the end, log of the timer)."""
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


def collections_at_each_read(rows):
    """Returns how many times the garbage was collected before each read of a capture."""

    class Collector:
        calls = 0

        def collect(self):
            self.calls += 1

    collector = Collector()
    collected = []

    def read(buffer, offset):
        collected.append(collector.calls)

    kept, module.gc = module.gc, collector
    try:
        use(Clock())
        capture(read, rows, 1000, SENSOR, "x", timer=False)
    finally:
        module.gc = kept
    return collected


def timers_found(port):
    """Captures with timer=None and timer=False where `machine` is as on this port.

    Returns ([number of the timer that was made, or None, for each], number of rows)."""

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
    return numbers, sample.timing.rows


def continued_after_a_bad_sample():
    """The second of three samples is too slow; then the source is closed twice and started again.

    Returns [values, name of the error, values, number of samples after close(), lost rows, rows of the last]."""
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
    result.append(len(list(samples)))
    samples.start()
    result.append(samples.lost)
    result.append(len(list(next(samples).values)))
    samples.close()
    return result


def times_of_signing(iat):
    """Returns `iat` of five samples of one Continuous, each of which is signed twice."""

    class Now:
        seconds = 1800000000

        def time(self):
            Now.seconds += 1
            return Now.seconds

        def gmtime(self, seconds):
            return (1970,)

    kept, edgeingest.signing.time = edgeingest.signing.time, Now()
    try:
        source = Source(use(Clock()))
        found = []
        with Continuous(source.read, 2, 1000, SENSOR, "x", typecode="i", timer=False, iat=iat) as samples:
            for sample in samples:
                sample.body(hmac_key="k")
                sample.body(hmac_key="k")
                found.append(sample.iat)
                if len(found) == 5:
                    break
    finally:
        edgeingest.signing.time = kept
    return found


def continuous_until_an_error(timed):
    """Returns ([first value of each sample], errno, number of reads, timers that still run); the 26th read fails."""
    clock = use(Clock())
    source = Source(clock, fails=25)
    timer = Timer(0, clock) if timed else False
    samples = Continuous(source.read, 10, 1000, SENSOR, "x", typecode="i", timer=timer)
    first_values = []
    try:
        for sample in samples:
            first_values.append(sample.values[0])
            clock.spend(3000 if timed else 0)
    except OSError as e:
        return first_values, e.errno, len(source.times), clock.timers


def polled():
    """Returns (ready at first, [first value of each sample], number of lost rows, ready after close())."""
    clock = use(Clock())
    source = Source(clock)
    samples = Continuous(source.read, 10, 1000, SENSOR, "x", typecode="i", timer=False, tolerance=None)
    ready_at_first = samples.ready
    samples.start()
    first_values = []
    for _ in range(450):
        samples.poll()
        clock.spend(100)
        if samples.ready:
            first_values.append(next(samples).values[0])
    lost = samples.lost
    samples.close()
    return ready_at_first, first_values, lost, samples.ready


# -- asyncio


async def _upload(turns):
    for _ in range(turns):
        await asyncio.sleep(0)


async def _used(samples, uses):
    found = []
    async for sample in samples:
        before = list(sample.values)
        await _upload(uses[len(found)])
        if list(sample.values) != before:
            raise RuntimeError("it changed while it was used")
        found.append(before)
        if len(found) == len(uses):
            break
    return found


async def _continuous_async(rows, uses, fails):
    clock = use(Clock(step=125))  # the clock advances each time the task looks at it
    source = Source(clock, fails=fails)
    with Continuous(source.read, rows, 1000, SENSOR, "x", typecode="i", timer=False, tolerance=None) as samples:
        try:
            found = await _used(samples, uses)
        except OSError as e:
            found = [[e.errno]]
    await asyncio.sleep(0)
    reads = len(source.times)
    await _upload(100)
    return found, samples.lost, len(source.times) == reads, reads


def continuous_async(rows, uses, fails=None):
    """Takes one Sample for each of `uses`, which is how many turns of the loop it is used; read `fails` raises.

    Returns (their values or [[errno]], number of lost rows, True if nothing is read afterwards, number of reads)."""
    kept = asyncio.sleep
    asyncio.sleep = lambda seconds: kept(0)  # only the time of the clock passes
    try:
        return asyncio.run(_continuous_async(rows, uses, fails))
    finally:
        asyncio.sleep = kept


# -- the real clock


async def _tasks_of_a_cancelled_wait():
    with Continuous(print, 5, (1 << 28) - 1, SENSOR, "x", timer=False) as samples:
        waiting = asyncio.create_task(samples.__anext__())
        await asyncio.sleep(0.01)
        during = len(asyncio.all_tasks())
        waiting.cancel()
    await asyncio.sleep(0.01)
    return during, len(asyncio.all_tasks())


def tasks_of_a_cancelled_wait():
    """Returns the number of tasks while a Sample is waited for, and after that was cancelled (only on CPython)."""
    use(time)
    return asyncio.run(_tasks_of_a_cancelled_wait())


def deadlines(rows):
    """Returns (number of reads, least lateness in us, us from the first deadline to the last, rows of the timing)."""
    use(time)
    times = []

    def read(buffer, offset):
        times.append(time.ticks_us())

    samples = Continuous(read, rows, 1000, SENSOR, "x", tolerance=None, timer=False)
    samples.start()
    start = samples._due
    sample = next(samples)
    late = [time.ticks_diff(t, time.ticks_add(start, 1000 * n)) for n, t in enumerate(times)]
    result = len(times), min(late), time.ticks_diff(samples._due, start), sample.timing.rows
    samples.close()
    return result


async def _values_async(number):
    count = 0

    def read(buffer, offset):
        nonlocal count
        buffer[offset] = count
        count += 1

    found = []
    with Continuous(read, 20, 1000, SENSOR, "x", typecode="i", tolerance=None, timer=False) as samples:
        async for sample in samples:
            found.extend(sample.values)
            await asyncio.sleep(0.005)
            if len(found) == number:
                return found


def values_async(number):
    """Returns so many values of a counter that was read beside a task that sleeps."""
    use(time)
    return asyncio.run(_values_async(number))


class BoardClock(Clock):
    """Wraps as the clock of a board does: ticks_us after 17.9 minutes, ticks_ms after 12.4 days."""

    PERIOD = 1 << 30


def not_looked_at(seconds, begun, way):
    """Looks at a capture of 10 rows, every 10 ms, after so many seconds in which nothing did, `begun` rows before that.

    way: "poll" in an own loop, or "next": a Sample is used meanwhile. Returns (rows lost, values of the next Sample,
    missed, seconds until that was there)."""
    clock = use(BoardClock((1 << 30) - 5_000_000, 100))
    source = Source(clock)
    samples = Continuous(source.read, 10, 10_000, SENSOR, "X", typecode="i", timer=False)
    if way == "next":
        next(samples)
    else:
        samples.start()
        while samples._row < begun:
            samples.poll()
    clock.now += int(seconds * 1_000_000)
    start = clock.now
    if way == "poll":
        while not samples.ready:
            samples.poll()
    sample = next(samples)
    return samples.lost, list(sample.values), sample.timing.missed, (clock.now - start) / 1e6
