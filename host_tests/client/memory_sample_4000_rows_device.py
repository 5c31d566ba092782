"""Runs on MicroPython as a script with the arguments URL KEY HMAC_KEY: a signed sample of 4000 rows."""

import sys
from array import array

from edgeingest import Client, Sample

values = array("f", range(12000))
sample = Sample((("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2")), 10, values, "RPI_PICO_W", name="wave.1")

url, key, hmac_key = sys.argv[1:4]
with Client(key, url=url, hmac_key=hmac_key) as client:
    print(client.upload("training", sample)[0].duplicate)
