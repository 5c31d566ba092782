"""Runs on MicroPython as a script with the arguments URL KEY: uploads with the heap locked from window to window."""

import sys
from array import array

from edgeingest import Client, File, Sample
from micropython import heap_lock, heap_unlock

# After 32 windows the socket is polled, which allocates on a 32-bit PC: its addresses are no small integers there.
WINDOWS = 40 if sys.maxsize >> 31 else 30


class Locking:
    """Wraps a body; the heap is locked from the third window to the last but two."""

    def __init__(self, body):
        self.body = body
        self.name, self.size, self.content_type = body.name, body.size, body.content_type
        self.count = 0

    def readinto(self, window):
        self.count += 1
        if self.count == 3:
            heap_lock()
        elif self.count == WINDOWS - 2:
            heap_unlock()
        return self.body.readinto(window)

    def rewind(self):
        self.body.rewind()

    def close(self):
        self.body.close()


values = array("f", bytes(WINDOWS * 2048 // 16 * 12))
axes = (("a", "m"), ("b", "m"), ("c", "m"))
with open("steady.wav", "wb") as file:
    for _ in range(WINDOWS):
        file.write(bytes(2048))
with Client(sys.argv[2], url=sys.argv[1]) as client:
    for key in (None, "key"):
        for call in (client.send, client.upload):
            for made in (File, lambda name, key=key: Sample(axes, 10, values, "UNIX", name="a").body(hmac_key=key)):
                body = Locking(made("steady.wav"))
                call("training", body)
                print(body.count >= WINDOWS)
