"""LIS3DH, LIS2DH, LIS2DH12: accelerometers.

Source: ST, "LIS3DH" data sheet, DocID17530 revision 2: table 4 (sensitivity), 3.2 (modes), 5.1 (FIFO), 6.1.1 (I2C: the
first bit of a register's number makes it count up), chapter 8 (registers). Application note AN3308: reading the FIFO.
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
_OUT_X_L = const(0x28 | 0x80)  # 8.16 to 8.18, low bytes first; read in a row
_FIFO_CTRL_REG = const(0x2E)  # 8.19
_FIFO_SRC_REG = const(0x2F)  # 8.20
_RATES = (1, 10, 25, 50, 100, 200, 400)
_G = (2, 4, 8, 16)
_MG = (1, 2, 4, 12)  # for each digit of 12 bits, which stand at the upper end of 16


class Lis3dh(Imu):
    """range_g: 2, 4, 8, 16. rate_hz: 1, 10, 25, 50, 100, 200, 400: how often it measures.

    It lets through up to a ninth of rate_hz; with `read`, that should be below half the rate of the rows.
    """

    sensors = ACCELERATION

    def __init__(self, i2c, address=0x18, range_g=2, rate_hz=400):
        super().__init__(i2c, address, "LIS3DH")
        if range_g not in _G:
            raise SampleError("range_g: 2, 4, 8 or 16 is needed, not %r" % (range_g,))
        self.identify(_WHO_AM_I, 0x33)
        g = _G.index(range_g)
        self._groups = (steps(G * _MG[g] / 16000, 0, 3),)
        self._scale = (_CTRL_REG4, 0x88 | g << 4, 0xFF)  # whole rows only, 12 bits
        self._set(rate_hz, 0, 0)

    def _set(self, rate_hz, fifo, mode):
        if rate_hz not in _RATES:
            raise SampleError("rate_hz: %r is none of 1 10 25 50 100 200 400" % (rate_hz,))
        rate = _RATES.index(rate_hz) + 1
        # no high-pass filter: another program may have left one, and it would take gravity away
        settings = ((_CTRL_REG1, rate << 4 | 7, 0xFF), (_CTRL_REG2, 0, 0xFF), self._scale, (_CTRL_REG5, fifo, 0x40))
        self._use(settings + ((_FIFO_CTRL_REG, mode, 0xC0),), self._groups, _OUT_X_L, 6, _OUT_X_L)
        if not mode:
            sleep_ms(7000 // rate_hz + 1)  # AN3308: turn-on time, until what it says is right

    def start_fifo(self, rate_hz):
        """Begin to collect rows, at a rate as above. The FIFO has room for 32."""
        self._set(rate_hz, 0x40, 0)  # empties it
        self._set(rate_hz, 0x40, 0x80)  # stream: the oldest row goes when it is full

    def _waiting(self):
        state = self.get(_FIFO_SRC_REG)
        if state & 0x40:
            self._lost()
        return 0 if state & 0x20 else state & 0x1F
