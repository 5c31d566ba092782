"""Sensors of a board: each module has one source, with `sensors` for a Sample and `read` for a capture.

    from edgeingest.sources.mpu6050 import Mpu6050

    imu = Mpu6050(machine.I2C(0))
    sample = capture(imu.read, 200, 10_000, imu.sensors, "RPI_PICO_W")

README.md in this folder explains how to write your own source.
"""

from ..errors import IngestError


class SourceError(IngestError):
    """A peripheral is missing, is of another kind, or lost data: check wiring, power, address and settings."""
