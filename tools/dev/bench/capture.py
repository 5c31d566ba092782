"""A capture at 1 kHz: whether all rows are there, how far it drifted by its own clock and by ours, and its jitter."""

import time

from edgeingest.capture import capture
from rounds import options, report

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
_INTERVAL_US = 1000


class Clock:
    """A sensor that notes how late it was read, without the capture knowing: at best among the first rows and the last.

    The best of some, as a row that is late because the system was busy tells nothing about the schedule.
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
