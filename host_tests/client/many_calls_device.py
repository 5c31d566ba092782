"""Runs on MicroPython as a script with the arguments URL KEY: ten thousand uploads with one client."""

import gc
import os
import sys
from array import array

from edgeingest import Client, Sample

values = array("f", (0, 1, 2))
sample = Sample((("a", "m"), ("b", "m"), ("c", "m")), 10, values, "UNIX", name="small")
client = Client(sys.argv[2], url=sys.argv[1], hmac_key="fed53116f20684c067774ebf9e7bcbdc")
seen = []
for i in range(10_000):
    values[0] = i
    if i % 2:
        client.send("training", sample)
    else:
        client.upload("training", sample)
    if i == 999 or i == 9999:
        gc.collect()
        seen += [gc.mem_free(), len(os.listdir("/dev/fd"))]
print(*seen)
