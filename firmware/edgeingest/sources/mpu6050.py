"""MPU6050: accelerometer and gyroscope (GY-521 and others).

Source: InvenSense, "MPU-6000 and MPU-6050 Register Map and Descriptions", RM-MPU-6000A-00 revision 4.2, by register;
"Product Specification", PS-MPU-6000A-00 revision 3.4, sections 6.1 and 6.2 (sensitivity, start of the gyroscope).
"""

from time import sleep_ms

from micropython import const

from ..errors import SampleError
from ..validate import check_whole
from .imu import G, Imu
from .scaling import steps

_SMPLRT_DIV = const(0x19)  # 4.2
_CONFIG = const(0x1A)  # 4.3
_GYRO_CONFIG = const(0x1B)  # 4.4
_ACCEL_CONFIG = const(0x1C)  # 4.5
_FIFO_EN = const(0x23)  # 4.7
_INT_ENABLE = const(0x38)  # 4.15
_INT_STATUS = const(0x3A)  # 4.16
_ACCEL_XOUT_H = const(0x3B)  # 4.17 to 4.19: 3 values of acceleration, temperature, 3 of rotation, high bytes first
_USER_CTRL = const(0x6A)  # 4.27
_PWR_MGMT_1 = const(0x6B)  # 4.28
_FIFO_COUNTH = const(0x72)  # 4.30
_FIFO_R_W = const(0x74)  # 4.31
_WHO_AM_I = const(0x75)  # 4.32
_PACKET = const(14)  # bytes of a row
_RESET = const(0x80)  # in PWR_MGMT_1
_FIFO_RESET = const(4)  # in USER_CTRL
_FIFO_ENABLE = const(0x40)
_OVERFLOW = const(0x10)  # in INT_ENABLE and INT_STATUS
_G = (2, 4, 8, 16)
_DPS = (250, 500, 1000, 2000)
_DELAY_MS = (2, 3, 5, 9, 14, 19)  # of filters 1 to 6 (4.3)
_LSB = (1310, 655, 328, 164)  # for 10 degrees/s; for each g there are 32768 / range_g


class Mpu6050(Imu):
    """An MPU6050. range_g: 2, 4, 8, 16; range_dps: 250, 500, 1000, 2000 degrees a second.

    units: of the rotation, "rad/s" or "dps" (degrees a second, as Edge Impulse's own firmware has it).
    filter: 1 to 6, for a bandwidth of 184, 94, 44, 21, 10 or 5 Hz. It should be less than half the rate of the rows.
    identity: the value of WHO_AM_I, if it is not this chip's own: boards sold as GY-521 also have chips that say 0x70,
        0x72 or 0x98 (also an ICM20689 says that). Check the values of such a chip at rest; it may have a smaller FIFO,
        and a filter of its own for the acceleration.
    """

    _identity = 0x68
    _start_ms = 60  # the gyroscope: 30 ms is for filter 0, which is not used here
    _fifo_sources = 0xF8  # all sensors: a packet has the layout of the registers

    def __init__(self, i2c, address=0x68, range_g=2, range_dps=250, filter=3, identity=None, units="rad/s"):
        super().__init__(i2c, address, type(self).__name__.upper())
        if range_g not in _G or range_dps not in _DPS or filter not in (1, 2, 3, 4, 5, 6):
            raise SampleError(
                "range_g, range_dps, filter: 2 4 8 16, 250 500 1000 2000, 1 to 6 are needed, not %r, %r, %r"
                % (range_g, range_dps, filter)
            )
        if identity is not None:
            self._identity = check_whole(identity, "identity", 0, 255)
        self.identify(_WHO_AM_I, self._identity, True)
        self.put(_PWR_MGMT_1, _RESET)  # the chip sleeps afterwards
        sleep_ms(100)
        g = _G.index(range_g)
        dps = _DPS.index(range_dps)
        self._basic = (
            (_PWR_MGMT_1, 1, 0x47),  # awake; the clock is the gyroscope's, which is the most exact
            (_CONFIG, filter, 7),
            (_GYRO_CONFIG, dps << 3, 0x18),
            (_ACCEL_CONFIG, g << 3, 0x18),
        ) + self._more_settings(filter)
        degree = self._rotation(units)
        self._groups = (steps(G * range_g / 32768, 0, 3, big=True), steps(degree * 10 / _LSB[dps], 8, 3, big=True))
        self._configure(self._basic + ((_SMPLRT_DIV, 0, 0xFF),), _ACCEL_XOUT_H, _PACKET, _FIFO_R_W)
        sleep_ms(self._start_ms + 4 * _DELAY_MS[filter - 1])

    def _more_settings(self, filter):
        """Returns the settings that only a related chip has."""
        return ()

    def start_fifo(self, rate_hz):
        """Starts to collect rows in the FIFO, which holds 73. rate_hz: 4 to 1000, a divisor of 1000."""
        if 1000 % check_whole(rate_hz, "rate_hz", 4, 1000):
            raise SampleError("rate_hz: a divisor of 1000 from 4 on is needed, not %r" % (rate_hz,))
        self.put(_USER_CTRL, 0)
        self.put(_USER_CTRL, _FIFO_RESET)
        settings = ((_SMPLRT_DIV, 1000 // rate_hz - 1, 0xFF), (_INT_ENABLE, _OVERFLOW, _OVERFLOW))
        settings += ((_FIFO_EN, self._fifo_sources, 0xFF), (_USER_CTRL, _FIFO_ENABLE, _FIFO_ENABLE))
        self._configure(self._basic + settings, _ACCEL_XOUT_H, _PACKET, _FIFO_R_W)
        self.get(_INT_STATUS)  # clears an earlier overflow
        self._begin_fifo(rate_hz)

    def _waiting(self):
        raw = memoryview(self._raw)[:2]
        self.read_into(_FIFO_COUNTH, raw)
        return (raw[0] << 8 | raw[1]) // _PACKET

    def _check_overflow(self):
        if self.get(_INT_STATUS) & _OVERFLOW:
            self._fail_overflow()
