"""`Timing`: how a capture kept its schedule, counted row by row without allocating."""

from array import array

from micropython import const

from .errors import SampleError

_FINE = const(8)  # buckets for each doubling of lateness
_BUCKETS = const(152)  # up to 2**21 us; what is later is in the last


class Timing:
    """How a capture kept its schedule.

    rows: how many there are. interval_us: what the interval was in truth (float). missed: rows that came a whole
    interval late, or later. jitter_max_us, jitter_p99_us: how far from its deadline a row came at most, and how far
    99 % of them did (rounded up by 1/8 or less).
    """

    def __init__(self, asked_us):
        self._asked_us = asked_us
        self._counts = array("I", bytes(4 * _BUCKETS))
        self.begin()

    def begin(self):
        """Forget all rows."""
        self.rows = self.missed = self.jitter_max_us = self._first = self._last = 0
        for i in range(_BUCKETS):
            self._counts[i] = 0

    def note(self, late_us):
        """One more row, this late (or early: negative). Allocates nothing."""
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
        while late_us >= 2 * _FINE:
            late_us >>= 1
            i += _FINE
        self._counts[min(i + late_us, _BUCKETS - 1)] += 1

    @property
    def interval_us(self):
        return self._asked_us + (self._last - self._first) / max(self.rows - 1, 1)

    @property
    def jitter_p99_us(self):
        left = self.rows - self.rows // 100
        i = -1
        while left > 0:
            i += 1
            left -= self._counts[i]
        if i == _BUCKETS - 1:
            return self.jitter_max_us
        shift = max(i // _FINE - 1, 0)
        return min(((i - shift * _FINE + 1) << shift) - 1, self.jitter_max_us)

    def check(self, tolerance):
        """A SampleError if the interval was off by more than this fraction of it."""
        if abs(self._last - self._first) > tolerance * self._asked_us * (self.rows - 1):
            raise SampleError(
                "interval_us: rows came every %.1f us instead of every %d (%d missed, jitter up to %d us), more than "
                "tolerance=%s off: read faster, ask for a longer interval, or for any with tolerance=None"
                % (self.interval_us, self._asked_us, self.missed, self.jitter_max_us, tolerance)
            )
