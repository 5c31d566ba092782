"""Rows at an exact rate: `capture` returns one Sample, `Continuous` returns one after the other.

Row n is due at start + n * interval_us, so delays never add up. Only `ticks_us` decides which rows are due: a
`machine.Timer` (or a loop) only calls the function that looks at the clock, and a call that comes late or is lost is
compensated by the next one. The timer's interrupts are soft: in hard interrupts most sensor drivers do not work.
"""

import gc
import time
from array import array

from micropython import const

from .errors import SampleError
from .sample import Sample
from .typecodes import item_size
from .validate import argument_error, check_whole

_MOST_ROWS = const((1 << 29) - 1)
_LONGEST_US = const((1 << 28) - 1)  # on a board ticks_us wraps at 2**30, and differences are signed
_FAR_US = const(1 << 28)  # a row that is later than this is not read any more
_FAR_MS = const(400_000)  # after so long without a look ticks_us is not trusted: more than the longest interval
_LEAST_TIMED_US = const(100)  # a board does nothing else than call a timer whose interval is much shorter
_AWAKE_US = const(2000)  # a sleep ends this long before the next row is due
_LONGEST_WAIT_US = const(10_000)  # how long `async for` sleeps before it looks for a Sample again

# states of a Continuous
_NEW = const(0)  # never started
_RUNNING = const(1)
_STOPPED = const(2)  # closed, or `read` raised an error

# states of a buffer
_FREE = const(0)  # rows are, or will be, read into it
_FILLED = const(1)  # holds all rows of a Sample
_IN_USE = const(2)  # its Sample was returned to the caller

_STEPS = const(8)  # Timing counts each power of two of the jitter in this many steps
_COUNTS = const(152)  # steps up to 2**21 us; larger jitter is counted in the last

ONE_PERCENT: float = 1
ONE_PERCENT /= 100  # the constant 0.01 would not be exact in single precision


def capture(read, rows, interval_us, sensors, device_type, **options):
    """Reads rows of one number per sensor, one every `interval_us`; returns a Sample; `sample.timing` is its `Timing`.

    read: `read(buffer, offset)` writes one row to buffer[offset], buffer[offset + 1], ...; with `tuples=True`, `read()`
        returns the row as a tuple. The first form allows a capture that allocates nothing. The second allocates
        memory for each row; when that causes a garbage collection, the next rows are late.
    rows: the number of rows. interval_us: microseconds between two rows, 1 to 2**28 - 1; with a timer 100 or more.
    sensors, device_type; options device_name, name, iat: as for Sample.
    typecode: of the `array.array` that is filled, "f" by default. It is allocated before the first row.
    tolerance: the largest accepted error of the interval, as a fraction, 0.01 by default; None accepts any error.
    timer: a `machine.Timer` to use and to stop. None: Timer(0); Timer(-1) on ports that have only that one; a loop on
        ports without timers. False: a loop, which is more exact than soft timers, but which keeps the processor awake
        for the last 2 ms before each row.
    The Sample's interval_ms is the interval that was asked for; `timing.interval_us` is the measured one. Raises
    SampleError for wrong arguments and for an interval outside of the tolerance. An error of `read` ends the capture
    and is raised.

        sample = capture(imu.read, 100, 10_000, imu.sensors, "RPI_PICO_W", name="wave.01")
        print(sample.timing)
    """
    with Continuous(read, rows, interval_us, sensors, device_type, buffers=1, **options) as samples:
        return next(samples)


class Timing:
    """How exactly a capture kept its schedule; counted row by row, without allocating.

    rows: how many were read. interval_us: the measured interval (float). missed: rows that were late by a whole
    interval or more. jitter_max_us: the largest distance of a row from the time when it was due. jitter_p99_us: 99 %
    of the rows were at most this far from it (rounded up by 1/8 or less). A capture makes it: `sample.timing`.
    """

    def __init__(self, asked_us):
        self._asked_us = asked_us
        self._counts = array("I", bytes(4 * _COUNTS))
        self.begin()

    def begin(self):
        """Sets all counts to zero."""
        self.rows = self.missed = self.jitter_max_us = self._first = self._last = 0
        for i in range(_COUNTS):
            self._counts[i] = 0

    def note(self, late_us):
        """Counts a row that was late by so much (negative: early). Allocates nothing."""
        if not self.rows:
            self._first = late_us
        self._last = late_us
        self.rows += 1
        if late_us >= self._asked_us:
            self.missed += 1
        if late_us < 0:
            late_us = -late_us
        if late_us > self.jitter_max_us:
            self.jitter_max_us = late_us
        i = 0
        while late_us >= 2 * _STEPS:
            late_us >>= 1
            i += _STEPS
        self._counts[min(i + late_us, _COUNTS - 1)] += 1

    @property
    def interval_us(self):
        return self._asked_us + (self._last - self._first) / max(self.rows - 1, 1)

    @property
    def jitter_p99_us(self):
        i = 0
        left = self.rows - self.rows // 100 - self._counts[0]
        while left > 0:
            i += 1
            left -= self._counts[i]
        if i == _COUNTS - 1:
            return self.jitter_max_us
        shift = max(i // _STEPS - 1, 0)
        return min(((i - shift * _STEPS + 1) << shift) - 1, self.jitter_max_us)

    def check(self, tolerance):
        """Raises SampleError if the error of the interval is more than this fraction of it."""
        if abs(self._last - self._first) > tolerance * self._asked_us * (self.rows - 1):
            raise SampleError(
                "interval_us: rows came every %.1f us instead of every %d (%d missed, jitter up to %d us), more than "
                "tolerance=%s off: read faster, ask for a longer interval, or for any with tolerance=None"
                % (self.interval_us, self._asked_us, self.missed, self.jitter_max_us, tolerance)
            )

    def __repr__(self):
        return "Timing(%d us asked, %.1f us true, jitter p99 %d us max %d us, %d of %d missed)" % (
            self._asked_us,
            self.interval_us,
            self.jitter_p99_us,
            self.jitter_max_us,
            self.missed,
            self.rows,
        )


class _Captured(Sample):
    """A Sample that was captured. timing: its `Timing`."""

    timing: "Timing" = None


class Continuous:
    """Samples without an end: while one is used, the next is captured. The arguments are those of `capture`.

        with Continuous(read, 1000, 10_000, sensors, "RPI_PICO_W") as samples:
            for sample in samples:  # or: async for
                client.send("training", sample)

    There are two buffers; a Sample is valid until the next one is asked for. Rows that are due while no buffer is free
    are counted in `lost`: there are none if a Sample takes less time to use than to capture. Rows are lost only between
    Samples, never within one. After 5 minutes or more in which nothing reads rows, the Sample that had begun begins
    again, and its rows are counted as lost, too.

    With a timer, rows are also read during an upload, whenever it waits for the network. They are late while C code
    computes (about one second for a TLS handshake; connections are reused); `sample.timing` shows it.
    Without a timer, nothing can be read during a blocking upload: `for` counts the rows of that time as lost.
    `async for` reads rows in a task of its own, which is as exact as the other tasks allow. In your own loop, call
    `start()`, then `poll()` often, and `next()` when `ready` is True.
    An error of `read`, or Ctrl-C in it, ends the capture; it is raised when the next Sample is asked for.
    """

    def __init__(
        self,
        read,
        rows,
        interval_us,
        sensors,
        device_type,
        typecode="f",
        tuples=False,
        tolerance=ONE_PERCENT,
        timer=None,
        buffers=2,
        **named,
    ):
        if not callable(read):
            raise argument_error("read: a function", read)
        self._rows = check_whole(rows, "rows", 1, _MOST_ROWS)
        self._interval_us = check_whole(interval_us, "interval_us", 1, _LONGEST_US)
        if tolerance is not None and (not isinstance(tolerance, (int, float)) or not tolerance >= 0):
            raise argument_error("tolerance: a fraction such as 0.01, or None,", tolerance)
        if timer and not hasattr(timer, "init"):
            raise argument_error("timer: a machine.Timer, False or None", timer)
        item_size(typecode)
        self._axes = len(sensors) if isinstance(sensors, (list, tuple)) else 0  # Sample raises the error for others
        if tuples:
            from .tuple_rows import row_reader

            read = row_reader(read, self._axes, typecode)
        self._read = read
        interval_ms = interval_us / 1000 if interval_us % 1000 else interval_us // 1000
        self._iat = named.get("iat")
        self._samples = []
        for _ in range(buffers):
            sample = _Captured(sensors, interval_ms, array(typecode, _Zeros(rows * self._axes)), device_type, **named)
            sample.timing = Timing(interval_us)
            self._samples.append(sample)
        self._buffers = bytearray(buffers)  # the state of each Sample's buffer
        self._tolerance = tolerance
        self._timer = _default_timer() if timer is None else timer or None
        if self._timer and interval_us < _LEAST_TIMED_US:
            raise argument_error("timed interval", _LEAST_TIMED_US, interval_us)
        self._early_us = interval_us // 2 if self._timer else 0  # timers may be a little early
        self._state = _NEW
        self._error = self._task = None
        self._next = self.lost = 0  # _next: the buffer whose Sample is in use, or will be the next

    @property
    def ready(self):
        """True if `next` returns a Sample without waiting."""
        n = self._next
        if self._buffers[n] == _IN_USE:
            n = (n + 1) % len(self._buffers)
        return self._buffers[n] == _FILLED

    def start(self):
        """Collects garbage and starts the capture; `for`, `async for` and `next` do so by themselves."""
        self.close()
        for sample in self._samples:
            sample.timing.begin()
        self._next = self.lost = 0
        self._error = None
        self._select(0)
        gc.collect()
        self._state = _RUNNING
        self._due = self._looked_us = time.ticks_us()
        self._looked_ms = time.ticks_ms()
        if self._timer:
            self._due = time.ticks_add(self._due, self._interval_us)
            self._timer.init(
                mode=self._timer.PERIODIC, period=self._interval_us, tick_hz=1_000_000, callback=self._read_rows
            )

    def _select(self, n):
        """Makes buffer n the one that rows are read into."""
        self._current = n
        self._row = 0
        self._values = self._samples[n].values
        self._timing = self._samples[n].timing

    def poll(self):
        """Reads the rows that are due: call it often in your own loop. With a timer it only raises errors of `read`."""
        if not self._timer:
            self._read_rows(None)
        if self._error:
            raise self._error

    def _read_rows(self, timer):
        """Reads the rows that are due; allocates nothing, unless `read` does. Called by the timer, or with None.

        Keeps an error of `read`, or Ctrl-C, until the next Sample is asked for: nobody can catch it in a timer's call.
        """
        try:
            while self._state == _RUNNING:
                late_us = self._late_us()
                if late_us < -self._early_us:
                    return
                if self._buffers[self._current] != _FREE:
                    self._lose(late_us)
                    return
                self._due = time.ticks_add(self._due, self._interval_us)
                if type(self._read(self._values, self._row * self._axes)) is tuple:
                    raise TypeError("it returned a tuple")
                self._timing.note(late_us)
                self._row += 1
                if self._row == self._rows:
                    self._buffers[self._current] = _FILLED
                    self._select((self._current + 1) % len(self._buffers))
                    return  # even if more rows are due, so that a slow `read` cannot block the program for ever
        except BaseException as e:
            if isinstance(e, TypeError):
                from .tuple_rows import called

                e = called("read(buffer, offset)", e, "True")
            self._error = e
            self._state = _STOPPED

    def _late_us(self):
        """Returns by how much the next row is late (negative: early). Allocates nothing.

        After minutes without a look the rows of that time are lost, and the Sample that had begun begins again.
        """
        now_us = time.ticks_us()
        now_ms = time.ticks_ms()
        away_ms = (
            time.ticks_diff(now_ms, self._looked_ms) & 0x3FFFFFFF
        )  # up to 12 days on a board: it is never negative
        late_us = time.ticks_diff(now_us, self._due)
        if away_ms > _FAR_MS or late_us > _FAR_US:
            late_us = time.ticks_diff(self._looked_us, self._due) + 1000 * away_ms
            self.lost += late_us // self._interval_us + 1 + self._row
            if self._row:
                self._row = 0
                self._timing.begin()
            self._due = time.ticks_add(now_us, self._interval_us)
            late_us = -self._interval_us
        self._looked_us = now_us
        self._looked_ms = now_ms
        return late_us

    def _lose(self, late_us):
        """Counts the rows that are due as lost, and continues with the first that is not due yet."""
        count = max(late_us // self._interval_us + 1, 1)
        self._due = time.ticks_add(self._due, count * self._interval_us)
        self.lost += count

    def close(self):
        """Stops the capture; a loop over the Samples ends. `start` starts it again."""
        if self._state == _NEW:
            return
        if self._timer:
            self._timer.deinit()
        self._state = _STOPPED
        for n in range(len(self._buffers)):
            self._buffers[n] = _FREE
        if self._task:
            self._task.cancel()
            self._task = None

    def _release(self):
        """Frees the buffer of the Sample that was in use; starts the capture if it never was."""
        if self._state == _NEW:
            self.start()
        if self._buffers[self._next] == _IN_USE:
            sample = self._samples[self._next]
            sample.timing.begin()
            sample.iat = self._iat  # the time of its last signature belongs to other rows
            self._buffers[self._next] = _FREE
            self._next = (self._next + 1) % len(self._buffers)

    def _waiting(self):
        """Returns whether the next Sample is still being captured."""
        return self._state == _RUNNING and self._buffers[self._next] == _FREE

    def _deliver(self, end):
        """Returns the next Sample; raises the error of `read`, or `end` when the capture was closed."""
        if self._buffers[self._next] == _FREE:
            self.close()
            raise self._error or end
        self._buffers[self._next] = _IN_USE
        sample = self._samples[self._next]
        if self._tolerance is not None:
            sample.timing.check(self._tolerance)
        return sample

    def __iter__(self):
        return self

    def __next__(self):
        used = not self._timer and self._buffers[self._next] == _IN_USE and not self._row
        self._release()
        if used and self._waiting():
            # Rows that were due while the caller used the last Sample cannot be read any more.
            late_us = self._late_us()
            if late_us > 0:
                self._lose(late_us)
        while self._waiting():
            if self._timer:
                time.sleep_ms(1)
                continue
            left_us = -self._late_us()
            if left_us > 2 * _AWAKE_US:
                time.sleep_ms((left_us - _AWAKE_US) // 1000)  # sleep_us only waits on an ESP32
            elif left_us <= 0:
                self._read_rows(None)
        return self._deliver(StopIteration)

    def __aiter__(self):
        return self

    async def __anext__(self):
        import asyncio

        self._release()
        if not self._timer and not self._task:
            self._task = asyncio.create_task(self._poll_until_closed(asyncio.sleep))  # type: ignore[assignment]
        while self._waiting():
            await asyncio.sleep(min(_LONGEST_WAIT_US, self._rows * self._interval_us // 4) / 1_000_000)
        return self._deliver(StopAsyncIteration)

    async def _poll_until_closed(self, sleep):
        """The task that reads rows when there is no timer."""
        while self._state == _RUNNING:
            self._read_rows(None)
            left_us = -self._late_us()
            await sleep(max(left_us, 0) // 1000 / 1000)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _default_timer():
    """Returns a timer of the board, or None on a port that has none."""
    try:
        from machine import Timer
    except ImportError:
        return None
    try:
        return Timer(0)  # ESP32: a hardware timer; its virtual ones count only whole milliseconds
    except ValueError:
        return Timer(-1)  # RP2040: it has only virtual timers


class _Zeros:
    """Zeros for an array that is made in one piece: MicroPython asks for the length first, so nothing is copied."""

    def __init__(self, count):
        self._count = count

    def __len__(self):
        return self._count

    def __iter__(self):
        return (0 for _ in range(self._count))
