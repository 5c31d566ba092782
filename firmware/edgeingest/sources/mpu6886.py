"""MPU6886: accelerometer and gyroscope (M5Stack's boards). Like an MPU6050, except for what is here.

Source: TDK InvenSense, "MPU-6886 Datasheet" revision 1.1, registers 0x1D ACCEL_CONFIG 2, 0x23 FIFO ENABLE (what it
writes) and 0x75 WHO_AM_I.
"""

from micropython import const

from .mpu6050 import Mpu6050

_ACCEL_CONFIG_2 = const(0x1D)


class Mpu6886(Mpu6050):
    """As `Mpu6050`. filter: 1 to 6, lets through about 176, 92, 41, 20, 10 or 5 Hz."""

    _identity = 0x19
    _fifo_sources = 0x18  # acceleration, and rotation with temperature: packets have the same layout

    def _more(self, filter):
        return ((_ACCEL_CONFIG_2, filter, 0x0F),)  # the accelerometer has a filter of its own
