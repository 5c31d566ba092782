"""Runs on MicroPython as a script with the arguments URL KEY HMAC_KEY: a thousand samples in one request."""

import sys
from array import array

from edgeingest import Client, Sample


class Items:
    def __len__(self):
        return 1000

    def __getitem__(self, index):
        return Sample((("a", "m"), ("b", "m")), 10, array("f", (index, 0.5, 1, 2)), "UNIX", name="many.%d" % index)


seen = []


def on_stored(index, stored):
    if index % 100 == 0:
        seen.append(index)


url, key = sys.argv[1:3]
with Client(key, url=url) as client:
    print(client.upload("training", Items(), on_stored=on_stored), seen)
