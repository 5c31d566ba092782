"""Runs on MicroPython as a script with the arguments URL KEY COUNT: calls that get hostile replies."""

import gc
import os
import sys

from edgeingest import Client, File
from edgeingest.errors import IngestError

url, key, last = sys.argv[1:]
client = Client(key, url=url, timeout_ms=5000)
calls = client.send, client.upload
for number in range(int(last)):
    try:
        calls[number % 2]("training", File(b"data", name="a.wav"))
        outcome = "Stored"
    except IngestError as e:
        outcome = type(e).__name__
        text = str(e) + repr(e) + repr(getattr(e, "body", "")) + repr(getattr(e, "results", ""))
        if len(str(e)) > 500 or key[3:9] in text:
            print(text)
    client.close()
    gc.collect()
    print(number, outcome, gc.mem_alloc(), len(os.listdir("/dev/fd")))
