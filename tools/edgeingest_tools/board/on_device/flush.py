# Flushes the folder of a spool with the device's own code: on a PC, by MicroPython's unix port, for `pull`.
# A line of JSON comes in (folder, key, url, ca: a key has no place in a command line), a line of JSON goes out.
import json
import sys

from edgeingest import Client
from edgeingest.errors import IngestError
from edgeingest.retry import Retry
from edgeingest.spool import Spool

asked = json.loads(sys.stdin.readline())
retry = Retry(attempts=asked["attempts"])
try:
    with Client(asked["api_key"], asked["url"], ca=asked["ca"], retry=retry, timeout_ms=30_000) as client:
        done = Spool(asked["folder"], max_bytes=1 << 40).flush(client)
    told = list(done[:5]) + [str(done[5]) if done[5] else None]
except IngestError as e:
    told = [0, 0, 0, 0, -1, "%s: %s" % (type(e).__name__, e)]
print(json.dumps(told))
