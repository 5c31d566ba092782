# Flushes the folder of a spool with the device's own code, for `pull`: runs on a PC, in MicroPython's unix port.
# Reads the request as a line of JSON, because a key must not be in a command line; prints the result as one.
import json
import sys

from edgeingest import Client
from edgeingest.errors import IngestError
from edgeingest.retry import Retry
from edgeingest.spool import Spool

request = json.loads(sys.stdin.readline())
retry = Retry(attempts=request["attempts"])
try:
    with Client(request["api_key"], request["url"], ca=request["ca"], retry=retry, timeout_ms=30_000) as client:
        done = Spool(request["folder"], max_bytes=1 << 40).flush(client)
    result = list(done[:5]) + [str(done[5]) if done[5] else None]
except IngestError as e:
    result = [0, 0, 0, 0, -1, "%s: %s" % (type(e).__name__, e)]
print(json.dumps(result))
