"""Runs on MicroPython as a script with the arguments URL PATH: heap that calls of `AsyncClient` allocate.

Prints what 200 calls over one connection leave, then, for each form of a call, the cost of a small and of a large item.
"""

import asyncio
import gc
import sys
from array import array

from edgeingest import File, Sample
from edgeingest.aio import AsyncClient

url, path = sys.argv[1:3]
client = AsyncClient("ei_0123456789abcdef", url=url)
sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))


async def cost(call, *args):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    await call(*args)
    used = gc.mem_alloc() - before
    gc.enable()
    return used


async def grown(calls):
    before = 0
    for i in range(calls):
        await client.send("training", File(b"x", name="a.csv"))
        if i == 2:
            gc.collect()
            before = gc.mem_alloc()
    gc.collect()
    return gc.mem_alloc() - before


async def main():
    print(await grown(200))
    values = array("f", bytes(4 * 250_000))
    samples = [Sample(sensors, 10, memoryview(values)[: n * 3], "UNIX", typecode="f", name="a") for n in (700, 70_000)]
    short = File(path + ".short")
    for call in (client.send, client.upload):
        for small, large in ((samples[0], samples[1]), (short, File(path))):
            await cost(call, "training", small)
            print(await cost(call, "training", small), await cost(call, "training", large))


asyncio.run(main())
