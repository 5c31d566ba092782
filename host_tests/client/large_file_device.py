"""Runs on MicroPython as a script with the arguments CALL URL KEY: sends one large file."""

import sys

from edgeingest import Client, File

with Client(sys.argv[3], url=sys.argv[2]) as client:
    if sys.argv[1] == "upload":
        [stored] = client.upload("training", File("large.wav"))
    else:
        stored = client.send("training", File("large.wav"))
print(stored.file_name, stored.duplicate)
