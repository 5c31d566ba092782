"""Runs on MicroPython as a script with the arguments URL KEY: heap that calls allocate for small and large items."""

import gc
import sys
from array import array

from edgeingest import Client, File, Sample

axes = (("a", "m"), ("b", "m"), ("c", "m"))
values = array("f", bytes(12 * 62_500))


def cost(call, item):
    """Returns how many bytes of heap the call allocates, garbage included."""
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    call("training", item)
    used = gc.mem_alloc() - before
    gc.enable()
    return used


for size in (10_000, 1_000_000):
    with open("%d.wav" % size, "wb") as file:
        for _ in range(size // 1000):
            file.write(bytes(1000))
with Client(sys.argv[2], url=sys.argv[1], hmac_key="key") as client:
    for call in (client.send, client.upload):
        for from_file in (False, True):
            found = []
            for size in (10_000, 10_000, 1_000_000):
                part = memoryview(values)[: size // 16 * 3]
                item = File("%d.wav" % size) if from_file else Sample(axes, 10, part, "UNIX", typecode="f", name="a")
                found.append(cost(call, item))
            print(found[1], found[2])
