"""Runs on MicroPython as a script with the arguments URL KEY HMAC_KEY NAME ...: calls that get hostile replies."""

import gc
import sys

from edgeingest import Client, File
from edgeingest.errors import IngestError

url, key = sys.argv[1:3]
client = Client(key, url=url)
for _ in sys.argv[4:]:
    gc.collect()
    try:
        client.upload("training", File(b"x", name="a.wav"))
    except IngestError as e:
        print(type(e).__name__, len(str(e)) < 500)
