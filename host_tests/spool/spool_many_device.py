"""Runs on MicroPython, in the heap of a board: a spool with many entries, and a large one. The argument is the folder.

Prints the number of entries and the error of a flush; then the number with the large entry and whether its file is as
large."""

import os
import sys

from edgeingest.errors import NetworkError
from edgeingest.spool import Spool

window = bytearray(100)


class Unreachable:
    """A client double whose connection breaks in the last item; its error names what was to be sent."""

    def upload(self, category, items, on_stored, **rest):
        for i in range(len(items)):
            last = items[i]
        n = last.readinto(window)
        last.close()
        raise NetworkError("%d entries, the last of %d bytes begins with %r" % (len(items), last.size, window[:n]))


class Large:
    name = "big.wav"
    content_type = "audio/wav"
    size = 1_000_000
    rewindable = True

    def rewind(self):
        self.left = self.size

    def close(self):
        pass

    def readinto(self, window):
        n = min(self.left, len(window))
        self.left -= n
        return n


spool = Spool(sys.argv[1], 100_000_000)
print(spool.entries, spool.flush(Unreachable()).error)
spool.put("training", Large())
print(spool.entries, os.stat("%s/%06d/%08d.ent" % (sys.argv[1], spool.entries >> 5, spool.entries))[6] > 1_000_000)
