"""Runs on MicroPython: flushes of a spool over a network."""

import asyncio
import os
from array import array

from edgeingest import Client, Sample, errors
from edgeingest.aio import AsyncClient
from edgeingest.spool import Spool
from spools_device import restarted

SENSORS = (("a", "m"),)


def _sample(number):
    return Sample(SENSORS, 10, array("f", [number] * 9), "X", name="wave.%d" % number, iat=1_700_000_000)


def contents(folder):
    """Returns the contents of all files in the folder and in those below it."""
    found = []
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            found += contents(path)
        else:
            with open(path, "rb") as file:
                found.append(file.read())
    return found


def flush_refused(folder, url, key, hmac_key):
    """Puts and flushes five signed entries beside a signed recording, which is left open.

    Returns (texts of results and errors, contents of the files, text of what was recovered, contents of rejected/)."""
    spool = Spool(folder)
    client = Client(key, url=url, hmac_key=hmac_key)
    texts = []
    recording = spool.record("training", SENSORS, 10, "X", hmac_key=hmac_key)
    for number in range(5):
        spool.put("training", _sample(number), hmac_key=hmac_key)
        recording.write(array("f", range(400)))
        recording.sync()
        try:
            texts.append(repr(spool.flush(client)))
        except errors.IngestError as e:
            texts.append(repr(e))
    texts.append(repr(spool))
    found = contents(folder)
    recording._file.close()
    found += contents(folder)
    return texts, found, repr(restarted(folder).recover()), b"".join(contents(folder + "/rejected"))


async def _flush_async(folder, url, key, hmac_key):
    spool = Spool(folder)
    for i in range(5):
        spool.put("training", _sample(i), hmac_key=hmac_key, label="ab"[i % 2])
    client = AsyncClient(key, url, timeout_ms=5000)
    result = await spool.flush_async(client)
    client.close()
    return tuple(result)


def flush_async(folder, url, key, hmac_key):
    """Puts five signed entries and flushes them. Returns the result."""
    return asyncio.run(_flush_async(folder, url, key, hmac_key))
