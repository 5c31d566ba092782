"""The first sample from this board: stores one second of its ADC on flash, for `edgeingest pull` over USB."""

from edgeingest.capture import capture
from edgeingest.config import load
from edgeingest.sources.adc import Adc
from edgeingest.spool import Spool

settings = load()

adc = Adc((("input", 26),))
who = {"device_name": settings.device_name, "name": "first"}
sample = capture(adc.read, 100, 10_000, adc.sensors, settings.device_type, **who)
Spool("/spool", max_bytes=500_000).put("training", sample, label=settings.label, hmac_key=settings.hmac_key)
print("kept; take it over with: edgeingest pull")
