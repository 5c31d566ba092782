"""`Imu`, the base class of motion sensors: `read` reads the newest row, `read_fifo` the rows in the chip's FIFO."""

import time

from micropython import const

from ..validate import argument_error
from .registers import Registers
from .scaling import scaled

# Made from integers, as constants with a fraction like these would not be exact in single precision.
G: float = 980665
G /= 100000  # m/s2: standard gravity, CGPM 1901
DEGREE: float = 4272943
DEGREE /= 244821600  # rad: pi / 180, exact to 12 digits
ACCELERATION = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
# SenML (IANA's registry, RFC 8428) has the symbols rad and s, but none for rad/s; it is composed as m/s2 is.
_ROTATION = ("gyrX", "gyrY", "gyrZ")
_CHECK_ROWS = const(50)  # `read` checks the chip's settings once in so many rows
_BURST_ROWS = const(16)  # read from the FIFO in one transfer
_AXES = const(3)  # of a group: acceleration or rotation

# entries of the array that `scaling.steps` returns; `scaling` describes them
_START = const(0)
_FIRST_START = const(7)


class Imu(Registers):
    """A motion sensor. sensors: for a Sample, in the order of a row; rows are float32 in these units.

    `read` allocates nothing where the kernels load. Raises SourceError when nothing answers, when another chip
    answers, when the FIFO overflowed, and when the chip lost its settings (a reset: loose wire, low supply voltage).
    """

    sensors: "tuple" = ACCELERATION
    timing = None  # a `fifo.FifoTiming`, from `start_fifo` on
    _groups: "tuple" = ()
    _depth = 1 << 20  # rows of a full FIFO, for chips that do not report the loss of a row

    def _rotation(self, units):
        """Adds the rotation to `sensors`. Returns the value of one degree a second in these units."""
        if units not in ("rad/s", "dps"):
            raise argument_error("units: rad/s or dps", units)
        self.sensors = ACCELERATION + tuple([(axis, units) for axis in _ROTATION])
        return 1 if units == "dps" else DEGREE

    def _configure(self, settings, first, size, fifo):
        """Writes the settings to the chip, and keeps them for `check`.

        settings: (register, value, mask of the bits that can be read back). first: the register where a row
        begins. size: bytes of a row. fifo: the register of the FIFO. A subclass sets `_groups`: `steps` of each group
        of a row.
        """
        self._settings = settings
        self._first = first
        self._fifo = fifo
        self._size = size
        self._raw = bytearray(size)
        self._burst = None
        self._left = _CHECK_ROWS  # rows until the next check
        for register, value, _ in settings:
            self.put(register, value)
        self.check()

    def check(self):
        """Raises SourceError if the chip lost its settings. `read` calls it every 50 rows, `read_fifo` each time."""
        for register, value, mask in self._settings:
            found = self.get(register)
            if (found ^ value) & mask:
                self.fail(
                    "register 0x%02x has 0x%02x and not 0x%02x: it was reset, or set by others, and may have another "
                    "range and rate now; check its supply, then make the source anew" % (register, found, value)
                )

    def read(self, buffer, offset):
        """Writes the newest row to buffer[offset] and the items after it: for `capture`. Not after `start_fifo`."""
        self.read_into(self._first, self._raw)
        self._row(buffer, offset, self._raw, 0)
        self._left -= 1
        if not self._left:
            self._left = _CHECK_ROWS
            self.check()

    def _row(self, buffer, offset, raw, at):
        """Converts the row that begins at raw[at]."""
        for group in self._groups:
            group[_START] = at + group[_FIRST_START]
            scaled(buffer, offset, raw, group)
            offset += _AXES

    def _begin_fifo(self, rate_hz):
        """Begins to count rows: the FIFO is empty now."""
        from .fifo import FifoTiming

        self.timing = FifoTiming(1_000_000 // rate_hz, self._depth, time.ticks_us())  # type: ignore[assignment]

    def read_fifo(self, buffer, offset=0):
        """Reads the oldest rows of the FIFO, as many as it has and the buffer can hold; returns how many.

        Call `start_fifo` first. `timing` tells at which interval the rows came. Raises SourceError when rows were lost.
        """
        self.check()
        timing = self.timing
        if not timing:
            self.fail("call start_fifo() first")
        now_us = time.ticks_us()
        waiting = self._waiting()
        if not timing.look(waiting, now_us):  # type: ignore[attr-defined]
            self._fail_overflow()
        axes = len(self.sensors)
        rows = max(min(waiting, (len(buffer) - offset) // axes), 0)
        size = self._size
        if rows and self._burst is None:
            self._burst = bytearray(_BURST_ROWS * size)
        done = 0
        while done < rows:
            # The first row alone: when it is read, there is space for the rows that come during the next transfers.
            count = min(rows - done, _BURST_ROWS) if done else 1
            burst = self._burst if count == _BURST_ROWS else memoryview(self._burst)[: count * size]
            self.read_into(self._fifo, burst)
            if not done and timing.late(time.ticks_us()):  # type: ignore[attr-defined]
                self._fail_overflow()
            for i in range(count):
                self._row(buffer, offset, self._burst, i * size)
                offset += axes
            done += count
        timing.read(rows)  # type: ignore[attr-defined]
        self._check_overflow()
        return rows

    def _waiting(self):
        """Returns how many rows the FIFO has."""
        return 0

    def _check_overflow(self):
        """Raises SourceError if the FIFO overflowed; for chips that report it in a register of its own."""

    def _fail_overflow(self):
        """Raises the SourceError of a FIFO that overflowed."""
        self.fail("FIFO overflow, rows are lost: read it more often, or at a lower rate; then start_fifo() again")
