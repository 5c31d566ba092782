"""Runs on MicroPython as a script with the arguments URL KEY HMAC_KEY SMALL LARGE: heap that calls allocate."""

import gc
import sys

from edgeingest import Client, File

found = []

url, key = sys.argv[1:3]
with Client(key, url=url) as client:
    for path in sys.argv[4:] + sys.argv[4:]:
        file = File(path)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        client.send("training", file)
        found.append(gc.mem_alloc() - before)
        gc.enable()
small, large = found[-2:]
print(small <= 4608, abs(large - small) < 200, small, large)
