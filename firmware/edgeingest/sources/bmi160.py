"""BMI160: accelerometer and gyroscope.

Source: Bosch Sensortec, "BMI160 Data sheet", BST-BMI160-DS000, sections 1 (sensitivity), 2.2 (power modes), 2.4 (data
processing: ODR and filter), 2.5 (FIFO) and 2.11 (registers); "BMI160 FIFO Advanced Usage" (oldest frames go first).
"""

from time import sleep_ms

from micropython import const

from ..errors import SampleError
from .imu import G, Imu
from .scaling import steps

_CHIP_ID = const(0x00)
_PMU_STATUS = const(0x03)
_DATA = const(0x0C)  # 3 values of rotation, 3 of acceleration, low bytes first
_FIFO_LENGTH = const(0x22)
_FIFO_DATA = const(0x24)
_ACC_CONF = const(0x40)
_ACC_RANGE = const(0x41)
_GYR_CONF = const(0x42)
_GYR_RANGE = const(0x43)
_FIFO_CONFIG_1 = const(0x47)
_CMD = const(0x7E)
_ID = const(0xD1)
_RESET = const(0xB6)  # commands
_ACC_NORMAL = const(0x11)
_GYR_NORMAL = const(0x15)
_FIFO_FLUSH = const(0xB0)
_FRAME = const(12)  # bytes of a row
_FULL = const(85)  # frames; the next one overwrites the first
_OSR4 = const(0)  # filter: averages over four periods
_NORMAL = const(2)  # filter: bandwidth of 0.4 times the rate
_RATES = (25, 50, 100, 200, 400, 800, 1600)  # ODR 6 to 12
_G = ((2, 3), (4, 5), (8, 8), (16, 12))  # (range, value of ACC_RANGE)
_DPS = (2000, 1000, 500, 250, 125)  # 16.4, 32.8, 65.6, 131.2, 262.4 LSB for each degree/s


class Bmi160(Imu):
    """A BMI160. range_g: 2, 4, 8, 16; range_dps: 125, 250, 500, 1000, 2000 degrees a second.

    units: of the rotation, "rad/s" or "dps" (degrees a second, as Edge Impulse's own firmware has it).
    rate_hz: 25, 50, 100, 200, 400, 800, 1600: measurements a second. The chip averages over four periods, so its
    bandwidth is a tenth of rate_hz; with `read`, that should be less than half the rate of the rows.
    """

    _depth = _FULL

    def __init__(self, i2c, address=0x68, range_g=2, range_dps=250, rate_hz=400, units="rad/s"):
        super().__init__(i2c, address, "BMI160")
        ranges = dict(_G)
        if range_g not in ranges or range_dps not in _DPS:
            raise SampleError(
                "range_g, range_dps: 2 4 8 16, 125 250 500 1000 2000 are needed, not %r, %r" % (range_g, range_dps)
            )
        self.identify(_CHIP_ID, _ID)
        self._command(_RESET, 10)
        self._command(_ACC_NORMAL, 5)  # takes 3.8 ms
        self._command(_GYR_NORMAL, 81)  # takes 80 ms
        if self.get(_PMU_STATUS) & 0x3C != 0x14:
            self.fail("it does not start (PMU_STATUS 0x%02x); check its supply voltage" % self.get(_PMU_STATUS))
        dps = _DPS.index(range_dps)
        self._ranges = ((_ACC_RANGE, ranges[range_g], 0x0F), (_GYR_RANGE, dps, 7))
        self._groups = (steps(G * range_g / 32768, 6, 3), steps(self._rotation(units) * 10 / (164 << dps), 0, 3))
        self._set(rate_hz, _OSR4, 0)
        sleep_ms(8000 // rate_hz + 1)  # until the filter has enough values

    def _command(self, command, ms):
        """Writes a command and waits until it is done."""
        self.put(_CMD, command)
        sleep_ms(ms)

    def _set(self, rate_hz, filter, fifo):
        """Configures the chip. filter: of both sensors; fifo: the value of FIFO_CONFIG_1."""
        if rate_hz not in _RATES:
            raise SampleError("rate_hz: %r is none of 25 50 100 200 400 800 1600" % (rate_hz,))
        rate = _RATES.index(rate_hz) + 6
        settings = ((_ACC_CONF, filter << 4 | rate, 0xFF), (_GYR_CONF, filter << 4 | rate, 0x3F))
        self._configure(settings + self._ranges + ((_FIFO_CONFIG_1, fifo, 0xF0),), _DATA, _FRAME, _FIFO_DATA)

    def start_fifo(self, rate_hz):
        """Starts to collect rows in the FIFO: read them before there are 85. rate_hz: as above; the bandwidth is 0.4 of
        it."""
        self._set(rate_hz, _NORMAL, 0xC0)  # both sensors, frames without headers
        self._command(_FIFO_FLUSH, 1)
        self._begin_fifo(rate_hz)

    def _waiting(self):
        raw = memoryview(self._raw)[:2]
        self.read_into(_FIFO_LENGTH, raw)
        return ((raw[1] & 7) << 8 | raw[0]) // _FRAME
