"""MPU6886: accelerometer and gyroscope (on M5Stack's boards). It differs from an MPU6050 only in what is here.

Source: TDK InvenSense, "MPU-6886 Datasheet" revision 1.1, registers 0x1D ACCEL_CONFIG 2, 0x23 FIFO ENABLE (content of
the packets) and 0x75 WHO_AM_I; tables "Gyroscope Specifications" (start) and of both filters.
"""

from micropython import const

from .mpu6050 import Mpu6050

_ACCEL_CONFIG_2 = const(0x1D)


class Mpu6886(Mpu6050):
    """An MPU6886: as `Mpu6050`. filter: 1 to 6, for a bandwidth of the rotation of 176, 92, 41, 20, 10 or 5 Hz, and
    of the acceleration of 218, 99, 45, 21, 10 or 5 Hz."""

    _identity = 0x19
    _start_ms = 100
    _fifo_sources = 0x18  # acceleration, rotation and temperature: packets have the same layout

    def _more_settings(self, filter):
        """Returns the setting of the accelerometer, which has a filter of its own."""
        return ((_ACCEL_CONFIG_2, filter, 0x0F),)
