"""The first sample from this board: sends one second of its ADC, with the settings of `edgeingest provision`."""

import gc

from edgeingest.capture import capture
from edgeingest.config import load
from edgeingest.network import connect, set_clock
from edgeingest.sources.adc import Adc

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

settings = load()
connect(settings.wifi_ssid, settings.wifi_password)
set_clock()

adc = Adc((("input", 26),))
who = {"device_name": settings.device_name, "name": "first"}
sample = capture(adc.read, 100, 10_000, adc.sensors, settings.device_type, **who)
with settings.client() as client:
    print("stored", client.send("training", sample, label=settings.label).file_name)
