"""Runs on MicroPython: a capture at 1 kHz with the heap locked; the argument is the typecode. Prints what it found.

First line: rows of the Sample, rows of its timing, whether the values are right, rows that were read early. Second:
whether the jitter's p99 is at most its maximum, missed rows, true interval in us."""

import sys
import time
from array import array

import micropython
from edgeingest.capture import capture

ROWS = 400
times = array("l", bytes(8 * ROWS))


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
sample = capture(read, ROWS, 1000, sensors, "UNIX", typecode=sys.argv[1], tolerance=None)
t = sample.timing
early = [n for n in range(ROWS) if time.ticks_diff(times[n], times[0]) < 1000 * n - t.jitter_max_us - 1000]
print(sample.rows, t.rows, list(sample.values) == [v for n in range(ROWS) for v in (n, -n, 7)], len(early))
print(t.jitter_p99_us <= t.jitter_max_us, t.missed, t.interval_us)
