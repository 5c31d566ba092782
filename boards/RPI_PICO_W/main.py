"""The first sample from this board: one second of its ADC. `edgeingest provision` puts /edgeingest.json there."""

from edgeingest.capture import capture
from edgeingest.config import load
from edgeingest.network import connect, set_clock
from machine import ADC, Pin

settings = load()
connect(settings.wifi_ssid, settings.wifi_password)
set_clock()

adc = ADC(Pin(26))
sensors = (("adc", "N/A"),)
who = {"device_name": settings.device_name, "name": "first"}
sample = capture(lambda: (adc.read_u16(),), 100, 10_000, sensors, settings.device_type, tuples=True, **who)
with settings.client() as client:
    print("stored", client.send("training", sample, label=settings.label).file_name)
