"""`FifoRows`: the rows of a chip's FIFO as the values of a Sample; `FifoTiming`: at which interval they came."""

from array import array
from time import ticks_diff

from micropython import const

from ..body import octets
from ..errors import SampleError
from ..validate import argument_error, check_whole

_MEASURED_ROWS = const(100)  # from so many rows on, the measured interval is used for decisions
_OFF_ROWS = const(4)  # a full FIFO for which so many rows are missing by the clock: the clocks contradict each other
_ONE_PERCENT: float = 1
_ONE_PERCENT /= 100  # the constant 0.01 would not be exact in single precision
_UNSURE_ROWS = const(2)  # each of the two looks at the FIFO is at any time between two rows


class FifoTiming:
    """At which interval a chip filled its FIFO, by the board's clock: `timing` of a motion sensor.

    rows: how many came. interval_us: the measured interval (float), exact to one row in `rows`. full: how many times
    the FIFO was found full. By the time that had passed no row was lost then, but one may be missing.
    """

    def __init__(self, asked_us, depth, now_us):
        self._asked_us = asked_us
        self._depth = depth
        self.rows = self.full = self._unread = self._elapsed_us = 0
        self._counting = False  # from the first row on
        self._looked_us = now_us

    @property
    def interval_us(self):
        return self._elapsed_us / self.rows if self.rows else float(self._asked_us)

    def _passed(self, now_us):
        """Returns the microseconds since the last look at the FIFO, and the rows that came in them."""
        us = ticks_diff(now_us, self._looked_us) & 0x3FFFFFFF
        period_us = self._asked_us
        if self.rows >= _MEASURED_ROWS:  # not less than a chip can have: a board's clock may stand still in its sleep
            period_us = max(self._elapsed_us // self.rows, period_us * 3 // 4)
        return us, us // period_us

    def look(self, waiting, now_us):
        """Counts the rows that came until now_us, if so many are in the FIFO. Returns False if rows were lost.

        A full FIFO does not tell whether it lost a row; the time does, except for a part of one row.
        """
        us, came = self._passed(now_us)
        if waiting >= self._depth:
            if not -_OFF_ROWS < self._unread + came - self._depth <= 0:
                return False
            self.full += 1
        if self._counting:
            self._elapsed_us += us
            self.rows += waiting - self._unread
        self._counting = self._counting or waiting > 0
        self._looked_us = now_us
        self._unread = waiting
        return True

    def late(self, now_us):
        """Returns whether rows were lost from the last look until now, when the first row was read."""
        return self._unread + self._passed(now_us)[1] > self._depth

    def read(self, rows):
        """So many rows were read."""
        self._unread -= rows

    def check(self, tolerance, interval_us=None):
        """Raises SampleError if the measured interval is further from interval_us than this fraction of it.

        Not if it is less than half of that: then the board's clock stood still, and nothing was measured.
        """
        interval_us = interval_us or self._asked_us
        nominal_us = self.rows * interval_us
        off_us = abs(self._elapsed_us - nominal_us)
        if 2 * self._elapsed_us > nominal_us and off_us > tolerance * nominal_us + _UNSURE_ROWS * interval_us:
            raise SampleError(
                "interval_us: the chip measures every %.1f us and not every %d (%d rows), more than tolerance=%s off: "
                "read some hundred rows with tolerance=None, then give timing.interval_us to FifoRows as interval_us, "
                "and in ms to the Sample as interval_ms; or accept the error with a larger tolerance"
                % (self.interval_us, interval_us, self.rows, tolerance)
            )

    def __repr__(self):
        how = self._asked_us, self.interval_us, self.rows, self.full
        return "FifoTiming(%d us asked, %.1f us true, %d rows, %d times full)" % how


class FifoRows:
    """A row source of typecode "f": imu.start_fifo(100), then Sample(imu.sensors, 10, FifoRows(imu), ..., rows=500).

    rows: how many are read at a time. The chip's own clock sets the interval: without jitter, but wrong by a percent or
    more; `timing`, a FifoTiming, has the measured one. interval_us: what the Sample's interval_ms says, if it is not
    that of start_fifo. tolerance: the largest accepted error of it, a fraction; None: any. A call allocates 100 bytes.
    """

    def __init__(self, imu, rows=16, interval_us=None, tolerance=_ONE_PERCENT):
        if tolerance is not None and (not isinstance(tolerance, (int, float)) or not tolerance >= 0):
            raise argument_error("tolerance: a fraction such as 0.01, or None,", tolerance)
        self._imu = imu
        self._interval_us = interval_us if interval_us is None else check_whole(interval_us, "interval_us", 1, 1 << 28)
        self._tolerance = tolerance
        self._values = array("f", bytes(4 * rows * len(imu.sensors)))
        self._bytes = memoryview(octets(self._values))
        self._at = self._end = 0  # the bytes that were read from the FIFO, but not yet returned

    @property
    def timing(self):
        return self._imu.timing

    def readinto(self, window):
        """Fills the window as far as rows are there; returns the number of bytes, or None while there is no row."""
        if self._at == self._end:
            self._at = 0
            self._end = 4 * len(self._imu.sensors) * self._imu.read_fifo(self._values)
            if self._tolerance is not None:
                self._imu.timing.check(self._tolerance, self._interval_us)
            if not self._end:
                return None
        n = min(len(window), self._end - self._at)
        window[:n] = self._bytes[self._at : self._at + n]
        self._at += n
        return n
