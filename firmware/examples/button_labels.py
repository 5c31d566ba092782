"""Labels with a button: a short press records one second of motion with the current label; a long press changes it."""

import gc
import sys
import time

import machine
from edgeingest import config, network
from edgeingest.capture import capture
from edgeingest.sources.bmi160 import Bmi160

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

LABELS = ("idle", "wave", "circle")
SAMPLES = 9
# pins by the chip, the last word of the firmware's name, as in boards/*/board.toml
PINS = {"RP2040": (4, 5, 15), "RP2350": (4, 5, 15), "ESP32": (19, 18, 27), "ESP32S3": (8, 9, 4), "ESP32C3": (6, 7, 10)}
SDA, SCL, BUTTON = PINS[sys.implementation._machine.split()[-1].split("-")[0]]  # the button connects its pin with GND

settings = config.load()
network.connect(settings.wifi_ssid, settings.wifi_password)
network.set_clock()
imu = Bmi160(machine.I2C(0, sda=machine.Pin(SDA), scl=machine.Pin(SCL)), range_g=4)
button = machine.Pin(BUTTON, machine.Pin.IN, machine.Pin.PULL_UP)
label = recorded = 0

with settings.client() as client:
    while recorded < SAMPLES:
        held_ms = 0
        while not button.value():
            time.sleep_ms(10)
            held_ms += 10
        if held_ms >= 700:
            label = (label + 1) % len(LABELS)
            print("label:", LABELS[label])
        elif held_ms >= 30:  # shorter changes are contact bounce
            name = "%s.%02d" % (LABELS[label], recorded)
            sample = capture(imu.read, 100, 10_000, imu.sensors, settings.device_type, name=name)
            print("stored", client.send("training", sample, label=LABELS[label]).file_name)
            recorded += 1
        time.sleep_ms(10)
