import os
import sys

from edgeingest.errors import NetworkError
from edgeingest.spool import Spool

window = bytearray(100)


class Dead:
    def upload(self, category, items, on_stored, **rest):
        for i in range(len(items)):
            last = items[i]
        n = last.readinto(window)
        last.close()
        raise NetworkError("%d entries, the last of %d bytes begins with %r" % (len(items), last.size, window[:n]))


class Big:
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
print(spool.entries, spool.flush(Dead()).error)
spool.put("training", Big())
print(spool.entries, os.stat(sys.argv[1] + "/%08d.ent" % spool.entries)[6] > 1_000_000)
