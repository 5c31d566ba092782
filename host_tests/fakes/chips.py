"""All chips in one module."""

from bmi160_chip import Bmi160  # noqa: F401
from chip import Chip, big, little, still  # noqa: F401
from lis3dh_chip import Lis3dh  # noqa: F401
from mpu_chips import Mpu6050, Mpu6886  # noqa: F401
