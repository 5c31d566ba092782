"""`Recorder`: reads rows into the buffers of Samples, one buffer after the other, when they are due.

Deadline n is start + n * interval_us, so lateness never adds up. Which rows are due is decided by `ticks_us` alone:
a `machine.Timer` (or a loop) only says when to look, and a call of it that comes late or gets lost is made good by the
next. The calls are soft interrupts: in hard ones most drivers do not work.
"""

import gc
import time
from array import array

from micropython import const

from .errors import SampleError
from .sample import Sample
from .timing import Timing
from .typecodes import item_size

_LONGEST_US = const(1 << 28)  # on boards ticks_us begins again at 2**30, and differences have a sign


class Captured(Sample):
    """A Sample that was captured; `timing` tells how."""

    timing: "Timing" = None


class Recorder:
    """Base of `Continuous` in `capture`, which tells the arguments."""

    def __init__(
        self,
        read,
        rows,
        interval_us,
        sensors,
        device_type,
        typecode="f",
        tuples=False,
        tolerance=0.01,
        timer=None,
        buffers=2,
        **named,
    ):
        if not callable(read):
            raise SampleError("read: a function is needed, not %r" % (read,))
        _checked(rows, "rows", 1 << 29)
        _checked(interval_us, "interval_us", _LONGEST_US)
        if tolerance is not None and (not isinstance(tolerance, (int, float)) or not tolerance >= 0):
            raise SampleError("tolerance: a fraction such as 0.01, or None, is needed, not %r" % (tolerance,))
        if timer and not hasattr(timer, "init"):
            raise SampleError("timer: a machine.Timer, False or None is needed, not %r" % (timer,))
        item_size(typecode)
        self._axes = len(sensors) if isinstance(sensors, (list, tuple)) else 0  # what is wrong with them, Sample says
        self._read = _reader(read, self._axes, typecode) if tuples else read
        interval_ms = interval_us / 1000 if interval_us % 1000 else interval_us // 1000
        self._iat = named.get("iat")
        self._samples = []
        for _ in range(buffers):
            sample = Captured(sensors, interval_ms, array(typecode, _Zeros(rows * self._axes)), device_type, **named)
            sample.timing = Timing(interval_us)
            self._samples.append(sample)
        self._full = bytearray(buffers)  # which are; set where rows are read, cleared where Samples are used
        self._rows = rows
        self._interval_us = interval_us
        self._tolerance = tolerance
        self._timer = _any_timer() if timer is None else timer or None
        self._early_us = interval_us // 2 if self._timer else 0  # timers may be a little early
        self._running = self._error = None
        self.lost = 0

    def start(self):
        """Collect garbage and begin; `for`, `async for` and `next` do so by themselves."""
        self.close()
        for sample in self._samples:
            sample.timing.begin()
        self._used = False
        self._out = self.lost = 0  # _out: the Sample that is used or waited for
        self._error = None
        self._fill(0)
        gc.collect()
        self._running = True
        self._deadline = time.ticks_us()
        if self._timer:
            self._deadline = time.ticks_add(self._deadline, self._interval_us)
            self._timer.init(
                mode=self._timer.PERIODIC, period=self._interval_us, tick_hz=1_000_000, callback=self._called
            )

    def _fill(self, index):
        self._filled = index
        self._row = 0
        self._values = self._samples[index].values
        self._timing = self._samples[index].timing

    def poll(self):
        """Read the rows that are due, in a loop of your own; the timer does it where there is one."""
        if not self._timer:
            self._called(None)
        if self._error:
            raise self._error

    def _called(self, timer):
        """What a timer calls: an error must wait until somebody can catch it."""
        try:
            self._take()
        except Exception as e:
            self._error = e
            self._running = False

    def _take(self):
        """Read the rows that are due. Allocates nothing, unless `read` does."""
        while self._running:
            late_us = time.ticks_diff(time.ticks_us(), self._deadline)
            if late_us < -self._early_us:
                return
            if self._full[self._filled]:
                self._lose(late_us)
                return
            self._deadline = time.ticks_add(self._deadline, self._interval_us)
            self._read(self._values, self._row * self._axes)
            self._timing.note(late_us)
            self._row += 1
            if self._row == self._rows:
                self._full[self._filled] = 1
                self._fill((self._filled + 1) % len(self._full))
                return  # even if reading is slower than the interval, and more rows are due already

    def _lose(self, late_us):
        """Go on to the next deadline that is still to come."""
        count = max(late_us // self._interval_us + 1, 1)
        self._deadline = time.ticks_add(self._deadline, count * self._interval_us)
        self.lost += count

    def close(self):
        """Stop; a loop over the Samples ends. `start` begins anew."""
        if self._running is None:
            return
        if self._timer:
            self._timer.deinit()
        self._running = False
        for i in range(len(self._full)):
            self._full[i] = 0


def _checked(value, what, end):
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < end:
        raise SampleError("%s: a whole number from 1 to %d is needed, not %r" % (what, end - 1, value))


def _any_timer():
    try:
        from machine import Timer
    except ImportError:
        return None
    try:
        return Timer(0)  # ESP32; its virtual timers count milliseconds
    except ValueError:
        return Timer(-1)  # RP2040, which has only these


def _reader(function, axes, typecode):
    """`read(buffer, offset)` from a function that returns a tuple."""
    low = high = None
    if typecode not in "fd":  # MicroPython's arrays take the lowest bits of what does not fit
        high = (1 << 8 * item_size(typecode)) - 1
        low = 0
        if typecode in "bhilq":
            high >>= 1
            low = -high - 1

    def read(buffer, offset):
        row = function()
        if not isinstance(row, (tuple, list)) or len(row) != axes:
            raise SampleError("read: a tuple of %d values is needed, not %r" % (axes, row))
        for value in row:
            if high is not None and not low <= value <= high:
                raise SampleError("read: %r does not fit into typecode %s" % (value, typecode))
            buffer[offset] = value
            offset += 1

    return read


class _Zeros:
    """Makes an array without a second copy of it: MicroPython asks for the length first."""

    def __init__(self, count):
        self._count = count

    def __len__(self):
        return self._count

    def __iter__(self):
        return (0 for _ in range(self._count))
