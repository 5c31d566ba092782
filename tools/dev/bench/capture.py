"""Measures a capture at 1 kHz: missing rows, drift by the capture's clock and by the sensor's, and jitter."""

import time

from edgeingest.capture import capture
from rounds import options, report

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
_INTERVAL_US = 1000


class Clock:
    """A sensor that records how late it is read: the least among the first hundredth of the rows and among the last.

    The least of many rows, because a row that is late on a busy computer does not show the drift of the schedule.
    """

    def __init__(self, rows):
        self.rows = 0
        self._some = max(1, rows // 100)
        self._last = rows - self._some
        self._start = 0
        self.early = self.late = 1 << 28

    def read(self, buffer, offset):
        now = time.ticks_us()
        if not self.rows:
            self._start = now
        late_us = time.ticks_diff(now, self._start) - _INTERVAL_US * self.rows
        if self.rows < self._some:
            self.early = min(self.early, late_us)
        if self.rows >= self._last:
            self.late = min(self.late, late_us)
        self.rows += 1
        buffer[offset] = buffer[offset + 1] = buffer[offset + 2] = self.rows


def main():
    rows = options()["rows"]
    clock = Clock(rows)
    timing = capture(clock.read, rows, _INTERVAL_US, _AXES, "bench", tolerance=None).timing
    report(
        capture={
            "rows": clock.rows,
            "seconds": rows * _INTERVAL_US / 1e6,
            "drift_us": clock.late - clock.early,
            "interval_us": timing.interval_us,
            "missed": timing.missed,
            "jitter_p99_us": timing.jitter_p99_us,
            "jitter_max_us": timing.jitter_max_us,
        }
    )


main()
