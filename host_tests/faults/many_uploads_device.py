"""Runs on MicroPython as a script with the arguments URL KEY COUNT STEP: uploads with retries."""

import gc
import os
import sys

from edgeingest import Client, Retry, Sample

url, key, count, step = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
sensors = (("a", "m"), ("b", "m"))
retry = Retry(attempts=20, base_ms=1, max_ms=20)
duplicates = 0
with Client(key, url=url, timeout_ms=250, retry=retry) as client:
    for number in range(count):
        sample = Sample(sensors, 10, [[number, 0.5], [1.5, -2]], "UNIX", name="run.%d" % number)
        duplicates += client.send("training", sample).duplicate
        if number % step == step - 1:
            gc.collect()
            print(gc.mem_alloc(), len(os.listdir("/dev/fd")))
print("duplicates", duplicates)
