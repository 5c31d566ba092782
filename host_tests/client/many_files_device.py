"""Runs on MicroPython as a script with the arguments URL KEY: a thousand samples in one request."""

import gc
import sys
from array import array

from counting import Counting
from edgeingest import Client, Sample, transport


class Items:
    made = 0

    def __len__(self):
        return 1000

    def __getitem__(self, index):
        self.made += 1
        name = "a file of many, which has a name of some length.%d" % index
        return Sample((("a", "m"), ("b", "m")), 10, array("f", (index, 0.5, 1, 2)), "UNIX", name=name)


seen = []
wrong = []


def on_stored(index, stored):
    if stored.sample_id != 2000000000 + index or not stored.file_name.endswith(".%d.cbor" % index):
        wrong.append(index)
    if index in (20, 980):
        gc.collect()
        seen.append(gc.mem_alloc())


items = Items()
transport.socket = transport.select = counting = Counting()
with Client(sys.argv[2], url=sys.argv[1]) as client:
    count = client.upload("training", items, on_stored=on_stored)
print(count, len(wrong), counting.last.writes, seen[1] - seen[0], items.made)
