"""Runs on MicroPython: one call with a client of its own, and the state of the interpreter after it."""

import gc
import time

from calls_device import client_class
from client_device import descriptors
from edgeingest import File, Sample

VALUES = [
    [0.1627109944820404, -0.803987979888916, 9.82971477508545],
    [0.06699900329113007, -0.7752739787101746, 9.906285285949707],
]


def call(client, files, limits):
    """Sends the example of the documentation, of 265 bytes; with `files` the same signed, and a photo."""
    sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
    named = {"device_name": "11:22:33:44:55:66", "name": "test", "iat": 1700000000 if files else None}
    sample = Sample(sensors, 20.0, VALUES, "NORDIC_NRF91", **named)
    if files:
        photo = File(b"\xff\xd8\xff\xe0 a photo", name="b.jpg")
        results = client.upload("training", [sample, photo], boundary="0123456789abcdef", **limits)
        return [tuple(result) for result in results]
    return [tuple(client.send("training", sample, **limits))]


def error_text(error):
    """Returns everything that a program can print of an error."""
    texts = [str(error), repr(error), repr(error.args)]
    for name in ("errno", "sent", "status", "body", "results", "retry_after"):
        texts.append(repr(getattr(error, name, None)))
    return "\n".join(texts)


def attempt(driver, url, ca, key, hmac_key, files, timeout_ms, deadline_ms, buffer_size):
    """Makes one call; returns (results, classes of the error, text of error and client, ms that it took)."""
    gc.collect()
    named = {"hmac_key": hmac_key if files else None, "timeout_ms": timeout_ms, "buffer_size": buffer_size}
    client = client_class(driver)(key, url=url, ca=ca, **named)
    limits = {} if deadline_ms is None else {"deadline_ms": deadline_ms}
    start = time.ticks_ms()
    results, family, text = None, [], ""
    try:
        results = call(client, files, limits)
    except Exception as e:
        kind = type(e)
        while kind is not Exception:
            family.append(kind.__name__)
            kind = kind.__bases__[0]
        text = error_text(e)
    took = time.ticks_diff(time.ticks_ms(), start)
    client.close()
    return results, family, text + repr(client), took


def state():
    """Returns (open descriptors, bytes of heap in use)."""
    for _ in range(3):
        gc.collect()
    return descriptors(), gc.mem_alloc()
