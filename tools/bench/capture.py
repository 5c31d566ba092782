"""A capture at 1 kHz: whether all rows are there, how far it drifted by its own clock and by ours, and its jitter."""

import time

from edgeingest.capture import capture
from rounds import options, report

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
_INTERVAL_US = 1000


class Clock:
    """A sensor that notes when it was read, without the capture knowing."""

    def __init__(self):
        self.rows = self.first = self.last = 0

    def read(self, buffer, offset):
        self.last = time.ticks_us()
        if not self.rows:
            self.first = self.last
        self.rows += 1
        buffer[offset] = buffer[offset + 1] = buffer[offset + 2] = self.rows


def main():
    clock = Clock()
    sample = capture(clock.read, options()["rows"], _INTERVAL_US, _AXES, "bench", tolerance=None)
    timing = sample.timing
    wanted_us = _INTERVAL_US * (clock.rows - 1)
    report(
        capture={
            "rows": clock.rows,
            "seconds": wanted_us / 1e6,
            "drift_us": time.ticks_diff(clock.last, clock.first) - wanted_us,
            "interval_us": timing.interval_us,
            "missed": timing.missed,
            "jitter_p99_us": timing.jitter_p99_us,
            "jitter_max_us": timing.jitter_max_us,
        }
    )


main()
