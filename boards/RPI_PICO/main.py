"""The first sample from this board: one second of its ADC, kept until `edgeingest pull` takes it over USB."""

from edgeingest.capture import capture
from edgeingest.config import load
from edgeingest.spool import Spool
from machine import ADC, Pin

settings = load()

adc = ADC(Pin(26))
sensors = (("adc", "N/A"),)
who = {"device_name": settings.device_name, "name": "first"}
sample = capture(lambda: (adc.read_u16(),), 100, 10_000, sensors, settings.device_type, tuples=True, **who)

Spool("/spool", max_bytes=500_000).put("training", sample.body(hmac_key=settings.hmac_key), label=settings.label)
print("kept, take it with: edgeingest pull")
