"""Sends ten samples of motion to the training set: two seconds at 100 Hz, from an MPU6050 at the board's first I2C."""

import gc
import sys

import machine
from edgeingest import config, network
from edgeingest.capture import capture
from edgeingest.sources.mpu6050 import Mpu6050

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

# pins by the chip, the last word of the firmware's name, as in boards/*/board.toml
PINS = {"RP2040": (4, 5), "RP2350": (4, 5), "ESP32": (19, 18), "ESP32S3": (8, 9), "ESP32C3": (6, 7)}
SDA, SCL = PINS[sys.implementation._machine.split()[-1].split("-")[0]]

settings = config.load()
network.connect(settings.wifi_ssid, settings.wifi_password)
network.set_clock()
imu = Mpu6050(machine.I2C(0, sda=machine.Pin(SDA), scl=machine.Pin(SCL)), range_g=8, range_dps=1000)

with settings.client() as client:
    for number in range(10):
        name = "%s.%02d" % (settings.label or "motion", number)
        sample = capture(
            imu.read, 200, 10_000, imu.sensors, settings.device_type, device_name=settings.device_name, name=name
        )
        imu.check()  # the sensor was not reset
        stored = client.send("training", sample, label=settings.label)
        print("stored", stored.file_name, "jitter of %d us at most" % sample.timing.jitter_max_us)
