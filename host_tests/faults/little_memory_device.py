"""Runs on MicroPython as a script: calls with so many free bytes. What each came to is printed as JSON, line by line.

Arguments: WHAT, a folder, the url of the service and that of another peer, the API and the HMAC key; the least and the
most free bytes (0: only recover and send what is left), and the step. With WHAT "broken" or "flush broken" the other
peer is called.
"""

import gc
import json
import os
import sys
from array import array
from binascii import hexlify
from hashlib import sha256

from edgeingest import Client, File, Retry, Sample
from edgeingest.spool import Spool

what, folder, url, other, key, hmac_key = sys.argv[1:7]
least, most, step = [int(word) for word in sys.argv[7:10]]
SENSORS = (("accX", "m/s2"), ("accY", "m/s2"))
LAZY = ["edgeingest." + name for name in ("network_errors", "service_errors", "chunked", "spool.flush")]
held = [None] * 4000
number = 0
client = Client(key, url, timeout_ms=2000)
broken = Client(key, other, timeout_ms=2000, retry=Retry(attempts=2, base_ms=1))
spool = Spool(folder + "/spool", 1 << 20)


class Items:
    """A sequence whose items are made when they are reached: a file, and samples."""

    def __init__(self, number):
        self.number = number

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return made(100_000 * index + self.number) if index else File(folder + "/photo.jpg", "%d.jpg" % self.number)


def made(n):
    """Returns a signed body whose values no other has."""
    values = array("f", (n, 0.5, -n, 4) * 20)
    return Sample(SENSORS, 10, values, "UNIX", name="wave.%d" % n).body(hmac_key=hmac_key)


def digest_of(body):
    """Returns the SHA-256 of a body's bytes, in hex."""
    digest = sha256()
    window = bytearray(200)
    body.rewind()
    while n := body.readinto(window):
        digest.update(memoryview(window)[:n])
    body.rewind()
    return hexlify(digest.digest()).decode()


def record():
    """Records rows."""
    with spool.record("training", SENSORS, 10, "UNIX", name="record.%d" % number, hmac_key=hmac_key) as recording:
        for _ in range(4):
            recording.write(block)
        recording.sync()
        recording.write(block)


ACTIONS = {
    "upload": lambda: len(client.upload("training", body)),
    "send": lambda: client.send("training", body) and 1,
    "batch": lambda: len(client.upload("training", items)),
    "broken": lambda: len(broken.upload("training", body)),
    "put": lambda: spool.put("training", body),
    "flush": lambda: spool.flush(client).stored,
    "flush broken": lambda: spool.flush(broken).stored,
    "record": record,
}


def fill(free):
    """Allocates all of the heap but one piece of so many bytes."""
    room = bytearray(free)
    at, size = 0, 1 << 16
    while size:
        try:
            held[at] = bytearray(size) if size > 32 else (at,)
            at += 1
        except MemoryError:
            size >>= 1
    return len(room)


def release():
    """Frees what `fill` took."""
    for at in range(len(held)):
        held[at] = None
    gc.collect()


def descriptors():
    """Returns how many files and sockets are open."""
    return len(os.listdir("/dev/fd"))


def files():
    """Returns how many entries, recordings and unfinished entries the spool has, and the bytes of the first two."""
    counts = [0, 0, 0, 0]
    for shard in os.listdir(folder + "/spool"):
        path = folder + "/spool/" + shard + "/"
        for name in os.listdir(path):
            kind = ("ent", "rec", "tmp").index(name[-3:])
            counts[kind] += 1
            counts[3] += os.stat(path + name)[6] if kind < 2 else 0
    return counts


def run(action, free):
    """Calls the action with so many free bytes; returns its result or its exception."""
    for name in LAZY:
        sys.modules.pop(name, None)
    gc.collect()
    fill(free)
    try:
        result = action()
    except Exception as e:
        result = e
    finally:
        release()
    return result


def prepare():
    """Makes what the next case needs."""
    global number, body, items, block
    number += 1
    body = made(number)
    with open(folder + "/photo.jpg", "wb") as file:
        file.write(b"\xff\xd8\xff" + b"%d " % number * 200)
    items = Items(number)
    block = array("f", (number, 0.25) * 10)
    if what.startswith("flush"):
        for _ in range(2):
            number += 1
            entry = made(number)
            print(json.dumps({"put": digest_of(entry)}))
            spool.put("training", entry)


def described(result):
    """Returns what is printed of the result of a call."""
    if not isinstance(result, Exception):
        return {"result": result}
    found = {"error": type(result).__name__, "text": str(result)}
    if found["error"] != "MemoryError":
        found["errno"] = getattr(result, "errno", None)
        found["status"] = getattr(result, "status", None)
    return found


spool.recover(hmac_key)
for _ in range(2 if most else 0):
    prepare()
    run(ACTIONS[what], 60_000)
    client.close()
    broken.close()
    idle = descriptors()
for free in range(least, most, step):
    prepare()
    digest = digest_of(body)
    found = described(run(ACTIONS[what], free))
    if "result" in found:
        client.close()
        broken.close()
    gc.collect()
    found["free"], found["digest"], found["open"] = free, digest, descriptors() - idle
    entries, _, others, size = files()
    found["spool"] = [spool.entries == entries, spool.bytes == size, others]
    if what == "record":
        spool.recover(hmac_key)
    elif what == "broken":
        found["good"] = run(ACTIONS["upload"], free) == 1
        found["again"] = ACTIONS["upload"]()
    elif what == "flush broken":
        for _ in range(2):
            good = run(ACTIONS["flush"], free)
        found["good"] = not isinstance(good, Exception)
        ACTIONS["flush"]()
    elif what == "flush":
        ACTIONS["flush"]()
    elif what != "put":
        found["again"] = ACTIONS[what]()
    client.close()
    print(json.dumps(found))
while spool.entries:
    print(json.dumps({"flushed": list(spool.flush(client)[:5])}))
print(json.dumps({"left": files()}))
