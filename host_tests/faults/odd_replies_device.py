"""Runs on MicroPython as a script with the arguments URL COUNT: uploads so many files, or sends one if it is 0."""

import sys

from edgeingest import Client, File, errors

url, count = sys.argv[1], int(sys.argv[2])
client = Client("ei_0123456789abcdef0123456789abcdef0123456789abcdef", url=url)
try:
    if count:
        client.upload("training", [File(b"data", name="%d.wav" % i) for i in range(count)])
    else:
        client.send("training", File(b"data", name="a.wav"))
    print("Stored")
except errors.IngestError as e:
    print(type(e).__name__, getattr(e, "status", None), str(e)[:100])
if client._connection._socket is not None:
    print("it is open")
