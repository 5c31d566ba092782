"""Runs on MicroPython as a script: what a Wav allocates while it is read."""

import gc
from array import array

import micropython
from edgeingest import Wav


class Microphone:
    """A stream that has nothing ready at every third call."""

    def __init__(self):
        self.calls = 0

    def readinto(self, buffer):
        self.calls += 1
        return None if self.calls % 3 == 0 else len(buffer)


class Replay(Microphone):
    def rewind(self):
        pass


window = bytearray(2048)


def steady(source):
    """Reads with the heap locked; prints whether data came."""
    wav = Wav(source, 16000, 16, size=20_000_000)
    wav.readinto(window)
    wav.readinto(window)
    total = 0
    micropython.heap_lock()
    for _ in range(2000):
        total += wav.readinto(window) or 0
    micropython.heap_unlock()
    print(total > 2_000_000)


steady(Microphone())
steady(Replay())


def garbage(values, rounds):
    """Returns the bytes of garbage of each window read from memory."""
    wav = Wav(values, 16000, 16)
    while wav.readinto(window):
        pass
    wav.rewind()
    wav.readinto(window)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(rounds):
        wav.readinto(window)
    after = gc.mem_alloc()
    gc.enable()
    return (after - before) // rounds


values = array("h", bytes(100_000))
print(garbage(values, 10), garbage(values, 40))
