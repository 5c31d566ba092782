"""Runs on MicroPython as a script that is killed and started again until it ends: puts samples and flushes them.

Arguments: the folder, the url of the service, the API and the HMAC key, the number of samples. The folder also has the
number of the next sample: a kill between a `put` and its update puts a sample twice, with the same bytes. With "" for
the url the SHA-256 of each sample is printed.
"""

import gc
import os
import sys
from array import array
from binascii import hexlify
from hashlib import sha256

from edgeingest import Client, Retry, Sample
from edgeingest.spool import Spool

gc.threshold(8192)  # as the main.py of every board has it: modules are loaded late

folder, url, key, hmac_key, count = sys.argv[1:6]
SENSORS = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))


def made(number):
    """Returns the body of a sample; the same for the same number."""
    values = array("f", (number, 0.5, -number) * (1 + number % 40))
    sample = Sample(SENSORS, 10, values, "UNIX", name="wave.%d" % number, iat=1_700_000_000 + number)
    return sample.body(hmac_key=hmac_key)


def digest_of(body):
    """Returns the SHA-256 of a body's bytes, in hex."""
    digest = sha256()
    window = bytearray(200)
    while n := body.readinto(window):
        digest.update(memoryview(window)[:n])
    return hexlify(digest.digest()).decode()


def saved_number():
    """Returns the number of the next sample."""
    try:
        with open(folder + "/next") as file:
            return int(file.read())
    except OSError:
        return 0


def save(number):
    """Keeps the number of the next sample."""
    with open(folder + "/new", "w") as file:
        file.write(str(number))
    os.rename(folder + "/new", folder + "/next")


def flush():
    """Sends what waits, and prints what became of it."""
    flushed = spool.flush(client)
    print(*flushed[:5])


if url:
    spool = Spool(folder + "/spool", 1 << 20)
    client = Client(key, url, timeout_ms=250, retry=Retry(attempts=3, base_ms=5, max_ms=40))
    for number in range(saved_number(), int(count)):
        spool.put("training", made(number))
        save(number + 1)
        if number % 5 == 4:
            flush()
    while spool.entries:
        flush()
    print("end")
else:
    for number in range(int(count)):
        print(digest_of(made(number)))
