"""Shared by the tests of the motion sensors: the drivers on chips simulated at register level, with their own clock."""

import math

from support.device_source import device_source
from support.interpreters import ROOT

G = 9.80665
RAD = math.pi / 180
FAKES = str(ROOT / "host_tests" / "fakes")

DEVICE = device_source("support/device/imus_device")
ALL = ("mpu6050", "mpu6886", "lis3dh", "bmi160")
MODES = ("py", "mpy", "native", "wasm-1.23")  # the last one has no kernels
