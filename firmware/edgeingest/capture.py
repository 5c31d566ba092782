"""Rows at an exact rate: `capture` gives one Sample, `Continuous` one after the other."""

import time

from micropython import const

from .recorder import Recorder

_AWAKE_US = const(2000)  # a sleep ends this long before the deadline


def capture(read, rows, interval_us, sensors, device_type, **options):
    """Rows of one number per sensor, one every `interval_us`, as a Sample; `sample.timing` is its `Timing`.

    read: `read(buffer, offset)` writes one row to buffer[offset], buffer[offset + 1], ...; with `tuples=True`, `read()`
        returns the row as a tuple. The first form lets a capture run without allocating anything. The second
        allocates for each row; when a garbage collection becomes necessary, the next rows come late.
    rows: how many. interval_us: microseconds from one to the next, 1 to 2**28 - 1.
    sensors, device_type; options device_name, name, iat: as for Sample.
    typecode: of the `array.array` that is filled, "f" if not given. It is allocated before the first row.
    tolerance: by what fraction the interval may be off, 0.01 if not given; more is a SampleError. None: any.
    timer: a `machine.Timer` to use and stop. None: Timer(0), or Timer(-1) where that is the only one, or a loop where
        there is none. False: a loop, more exact than soft timers, at full power for the last 2 ms before each row.
    The Sample's interval_ms is what was asked for; `timing.interval_us` is what it was. Wrong arguments are a
    SampleError; what `read` raises ends the capture and comes out of it.
    """
    with Continuous(read, rows, interval_us, sensors, device_type, buffers=1, **options) as one:
        return next(one)


class Continuous(Recorder):
    """Samples without an end: while one is used, the next is captured. Arguments as for `capture`.

        with Continuous(read, 1000, 10_000, sensors, "RPI_PICO_W") as samples:
            for sample in samples:  # or: async for
                client.send("training", sample)

    There are two buffers; a Sample is valid until the next is asked for. Rows that are due while both are full are
    counted in `lost`: none, as long as a Sample takes less time to use than to capture. Rows are lost only between
    Samples, never within one.

    With a timer rows are read during an upload, whenever it waits for the network. They wait while C code computes
    (about a second for a TLS handshake; connections are reused) and then come late, which `sample.timing` says.
    Without a timer nothing can be read during a blocking upload: `for` counts the rows of that time as lost.
    `async for` reads them in a task of its own, as punctually as the other tasks let it. In a loop of your own, call
    `start()`, then `poll()` often, and `next()` when `ready` says that it has a Sample at once.
    What `read` raises ends the capture and comes out where the next Sample is asked for.
    """

    _task = None

    @property
    def ready(self):
        """Whether `next` has a Sample at once."""
        return self._running is not None and self._full[(self._out + self._used) % len(self._full)] == 1

    def _give_back(self):
        if self._running is None:
            self.start()
        if self._used:
            self._used = False
            sample = self._samples[self._out]
            sample.timing.begin()
            sample.iat = self._iat  # not when the rows before these were signed
            self._full[self._out] = 0
            self._out = (self._out + 1) % len(self._full)

    def _waits(self):
        return self._running and not self._full[self._out]

    def _hand_out(self, end):
        if not self._full[self._out]:
            self.close()
            raise self._error or end
        self._used = True
        sample = self._samples[self._out]
        if self._tolerance is not None:
            sample.timing.check(self._tolerance)
        return sample

    def __iter__(self):
        return self

    def __next__(self):
        late = self._running and self._used and not self._timer and not self._row
        self._give_back()
        if late and self._waits():  # what passed meanwhile cannot be read any more; the next Sample begins on time
            late_us = time.ticks_diff(time.ticks_us(), self._deadline)
            if late_us > 0:
                self._lose(late_us)
        while self._waits():
            if self._timer:
                time.sleep_ms(1)
                continue
            left_us = time.ticks_diff(self._deadline, time.ticks_us())
            if left_us > 2 * _AWAKE_US:
                time.sleep_us(left_us - _AWAKE_US)
            elif left_us <= 0:
                self._called(None)
        return self._hand_out(StopIteration)

    def __aiter__(self):
        return self

    async def __anext__(self):
        import asyncio

        self._give_back()
        if not self._timer and not self._task:
            self._task = asyncio.create_task(self._poll_on(asyncio.sleep))  # type: ignore[assignment]
        while self._waits():
            await asyncio.sleep(min(10_000, self._rows * self._interval_us // 4) / 1_000_000)
        return self._hand_out(StopAsyncIteration)

    async def _poll_on(self, sleep):
        while self._running:
            self._called(None)
            left_us = time.ticks_diff(self._deadline, time.ticks_us())
            await sleep(max(left_us, 0) // 1000 / 1000)

    def close(self):
        """Stop; a loop over the Samples ends. `start` begins anew."""
        super().close()
        if self._task:
            self._task.cancel()
            self._task = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
