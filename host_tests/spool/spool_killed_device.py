"""Runs on MicroPython, in the heap of a board: puts samples and flushes them over a network that kills connections.

Arguments: folder, url, API key, HMAC key, number of samples, attempts of the Client. Prints the SHA-256 of each sample,
then "end", the bytes that are left and how many entries flushes have kept."""

import gc
import sys
from array import array
from binascii import hexlify
from hashlib import sha256

from edgeingest import Client, Retry, Sample
from edgeingest.spool import Spool

gc.threshold(8192)  # as the main.py of every board has it: modules are loaded late

folder, url, key, hmac_key, count, attempts = sys.argv[1:7]
sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
window = bytearray(200)
spool = Spool(folder)
client = Client(key, url, timeout_ms=5000, retry=Retry(int(attempts), base_ms=5, max_ms=20))
kept = 0
for number in range(int(count)):
    values = array("f", (number, 0.5, -number) * (10 + number % 40))
    body = Sample(sensors, 10, values, "UNIX", name="wave.%d" % number, iat=1_700_000_000).body(hmac_key=hmac_key)
    digest = sha256()
    while n := body.readinto(window):
        digest.update(memoryview(window)[:n])
    print(hexlify(digest.digest()).decode())
    spool.put("training", body)
    if number % 2:
        kept += spool.flush(client).kept
        client.close()  # as a board that sleeps in between
while spool.entries:
    spool.flush(client)
gc.collect()
print("end", spool.bytes, kept)
