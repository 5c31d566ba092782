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


def tuples(typecode, row, axes):
    use(Clock())
    return list(capture(lambda: row, 3, 1000, SENSOR * axes, "x", typecode=typecode, tuples=True, timer=False).values)


def failing(form, timed):
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
