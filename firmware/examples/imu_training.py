"""Sends ten samples of motion to the training set: two seconds at 100 Hz, from an MPU6050 at the board's first I2C."""

import gc

import machine
from edgeingest import config, network
from edgeingest.capture import capture
from edgeingest.sources.mpu6050 import Mpu6050

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

settings = config.load()
network.connect(settings.wifi_ssid, settings.wifi_password)
network.set_clock()
imu = Mpu6050(machine.I2C(0), range_g=8, range_dps=1000)

with settings.client() as client:
    for number in range(10):
        name = "%s.%02d" % (settings.label or "motion", number)
        sample = capture(
            imu.read, 200, 10_000, imu.sensors, settings.device_type, device_name=settings.device_name, name=name
        )
        imu.check()  # the sensor was not reset
        stored = client.send("training", sample, label=settings.label)
        print("stored", stored.file_name, "jitter of %d us at most" % sample.timing.jitter_max_us)
