"""Sensors on a board: each module has one source, with `sensors` for a Sample and `read` for a capture.

    from edgeingest.sources.mpu6050 import Mpu6050

    imu = Mpu6050(machine.I2C(0))
    sample = capture(imu.read, 200, 10_000, imu.sensors, "RPI_PICO_W")

README.md beside this file tells how to write one of your own.
"""

from ..errors import IngestError


class SourceError(IngestError):
    """A peripheral is missing, is another one, or did not keep up: check wiring, power, address and settings."""
