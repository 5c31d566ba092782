"""LIS3DH, LIS2DH, LIS2DH12: accelerometers.

Source: ST, "LIS3DH" data sheet, DocID17530 revision 2: table 4 (sensitivity), 3.2 (modes), 5.1 (FIFO), 6.1.1 (I2C: the
first bit of a register's number makes the chip increment it), chapter 8 (registers; table 52: OVRN says that 32
rows are unread, and the next one replaces the oldest). Application note AN3308, 9: FIFO.
"""

from time import sleep_ms

from micropython import const

from ..errors import SampleError
from .imu import ACCELERATION, G, Imu
from .scaling import steps

_WHO_AM_I = const(0x0F)  # 8.6
_CTRL_REG1 = const(0x20)  # 8.8
_CTRL_REG2 = const(0x21)  # 8.9
_CTRL_REG4 = const(0x23)  # 8.11
_CTRL_REG5 = const(0x24)  # 8.12
_OUT_X_L = const(0x28 | 0x80)  # 8.16 to 8.18, low bytes first; the first bit: see 6.1.1
_FIFO_CTRL_REG = const(0x2E)  # 8.19
_FIFO_SRC_REG = const(0x2F)  # 8.20
_FIFO_ENABLE = const(0x40)  # in CTRL_REG5
_BYPASS = const(0)  # modes in FIFO_CTRL_REG
_STREAM = const(0x80)  # when the FIFO is full, a new row replaces the oldest
_OVERRUN = const(0x40)  # in FIFO_SRC_REG: the FIFO is full
_EMPTY = const(0x20)
_UNREAD = const(0x1F)
_FULL = const(32)  # rows
_RATES = (1, 10, 25, 50, 100, 200, 400)
_G = (2, 4, 8, 16)
_MG = (1, 2, 4, 12)  # milli-g for each digit; the 12 bits of a value are the upper ones of 16


class Lis3dh(Imu):
    """A LIS3DH. range_g: 2, 4, 8, 16. rate_hz: 1, 10, 25, 50, 100, 200, 400: measurements a second.

    The bandwidth is a ninth of rate_hz; with `read`, that should be less than half the rate of the rows. `read` gives
    12 bits; rows of the FIFO have 10 by the data sheet (3.6), 12 by application note AN3308 (9.1): count on 10.
    """

    sensors = ACCELERATION
    _depth = _FULL

    def __init__(self, i2c, address=0x18, range_g=2, rate_hz=400):
        super().__init__(i2c, address, "LIS3DH")
        if range_g not in _G:
            raise SampleError("range_g: 2, 4, 8 or 16 is needed, not %r" % (range_g,))
        self.identify(_WHO_AM_I, 0x33)
        g = _G.index(range_g)
        self._groups = (steps(G * _MG[g] / 16000, 0, 3),)
        self._scale = (_CTRL_REG4, 0x88 | g << 4, 0xFF)  # block data update (no row that is half new), 12 bits
        self._set(rate_hz, 0, _BYPASS)

    def _set(self, rate_hz, fifo, mode):
        """Configures the chip. fifo: the FIFO bit of CTRL_REG5; mode: the mode bits of FIFO_CTRL_REG."""
        if rate_hz not in _RATES:
            raise SampleError("rate_hz: %r is none of 1 10 25 50 100 200 400" % (rate_hz,))
        rate = _RATES.index(rate_hz) + 1
        # CTRL_REG2: no high-pass filter. Another program may have set one, and it would remove gravity.
        settings = ((_CTRL_REG1, rate << 4 | 7, 0xFF), (_CTRL_REG2, 0, 0xFF), self._scale, (_CTRL_REG5, fifo, 0x40))
        self._configure(settings + ((_FIFO_CTRL_REG, mode, 0xC0),), _OUT_X_L, 6, _OUT_X_L)
        if mode == _BYPASS:
            sleep_ms(7000 // rate_hz + 1)  # AN3308: turn-on time, until the values are valid

    def start_fifo(self, rate_hz):
        """Starts to collect rows in the FIFO: read them before there are 32. rate_hz: as above."""
        self._set(rate_hz, _FIFO_ENABLE, _BYPASS)  # this mode empties the FIFO
        self._set(rate_hz, _FIFO_ENABLE, _STREAM)
        self._begin_fifo(rate_hz)

    def _waiting(self):
        state = self.get(_FIFO_SRC_REG)
        if state & _OVERRUN:
            return _FULL
        return 0 if state & _EMPTY else state & _UNREAD
