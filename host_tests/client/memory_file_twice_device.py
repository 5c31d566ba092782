"""Runs on MicroPython as a script with the arguments URL KEY HMAC_KEY PATH: a large file, with both calls."""

import gc
import sys

from edgeingest import Client, File

url, key = sys.argv[1:3]
with Client(key, url=url) as client:
    print(client.upload("training", File(sys.argv[4]))[0].duplicate)
    gc.collect()
    print(client.send("training", File(sys.argv[4], name="again.wav")).duplicate)
