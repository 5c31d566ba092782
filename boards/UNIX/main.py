"""The first sample from a computer, which has no ADC: sends a sine wave. `edgeingest provision` writes the settings."""

import gc
from array import array
from math import pi, sin

from edgeingest import Sample
from edgeingest.config import load

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

settings = load()
wave = array("f", [sin(2 * pi * row / 100) for row in range(100)])
sample = Sample((("wave", "N/A"),), 10, wave, settings.device_type, settings.device_name, name="first")
with settings.client() as client:
    print("stored", client.send("training", sample, label=settings.label).file_name)
