"""What the motion sensors have in common: `Imu`. Rows come one by one from `read`, or from the chip's FIFO."""

from micropython import const

from .registers import Registers
from .scaling import scaled

G = 9.80665  # m/s2: standard gravity, CGPM 1901
DEGREE = 0.017453292519943295  # rad
ACCELERATION = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
# SenML (IANA's registry, RFC 8428) has rad and s but no symbol for this; put together as m/s2 is
ROTATION = (("gyrX", "rad/s"), ("gyrY", "rad/s"), ("gyrZ", "rad/s"))
_CHECKED = const(50)
_BURST = const(16)


class Imu(Registers):
    """A motion sensor. sensors: for a Sample, in the order of a row; rows are float32, in these units.

    `read` allocates nothing where kernels load. A SourceError says what a chip does wrong: no answer, another chip, a
    FIFO that overflowed, settings that are not ours any more (a reset: loose wire, low supply voltage).
    """

    sensors: "tuple" = ACCELERATION + ROTATION

    def _use(self, settings, parts, first, size, fifo):
        """settings: (register, value, bits that can be read back); parts: `steps` of a row's groups; first: register
        of the values, and size: bytes of a row there and in the FIFO, whose register is `fifo`."""
        self._settings = settings
        self._parts = parts
        self._first = first
        self._fifo = fifo
        self._size = size
        self._raw = bytearray(size)
        self._burst = None
        self._left = _CHECKED
        for register, value, _ in settings:
            self.put(register, value)
        self.check()

    def check(self):
        """Whether the chip still has our settings; `read` looks at every 50th row, `read_fifo` each time."""
        for register, value, mask in self._settings:
            found = self.get(register)
            if (found ^ value) & mask:
                self.fail(
                    "register 0x%02x has 0x%02x and not 0x%02x: it was reset, or set by others, and may have another "
                    "range and rate now; check its supply, then make the source anew" % (register, found, value)
                )

    def read(self, buffer, offset):
        """The newest row, to buffer[offset] and on: for `capture`. Not after `start_fifo`."""
        self.read_into(self._first, self._raw)
        self._row(buffer, offset, self._raw, 0)
        self._left -= 1
        if not self._left:
            self._left = _CHECKED
            self.check()

    def _row(self, buffer, offset, raw, at):
        for how in self._parts:
            how[0] = at + how[7]
            scaled(buffer, offset, raw, how)
            offset += 3

    def read_fifo(self, buffer, offset=0):
        """The oldest rows in the FIFO, as many as there are and fit in; returns how many. After `start_fifo`."""
        self.check()
        axes = len(self.sensors)
        rows = max(min(self._waiting(), (len(buffer) - offset) // axes), 0)
        size = self._size
        if rows and self._burst is None:
            self._burst = bytearray(_BURST * size)
        for done in range(0, rows, _BURST):
            count = min(rows - done, _BURST)
            self.read_into(self._fifo, self._burst if count == _BURST else memoryview(self._burst)[: count * size])
            for i in range(count):
                self._row(buffer, offset, self._burst, i * size)
                offset += axes
        self._overflowed()
        return rows

    def _waiting(self):
        """How many rows the FIFO has."""
        return 0

    def _overflowed(self):
        """For chips that tell it afterwards."""

    def _lost(self):
        self.fail("FIFO overflow, rows are lost: read it more often, or at a lower rate; then start_fifo() again")
