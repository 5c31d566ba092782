"""Runs in a process of its own: the service at one port, killed again and again at random moments until SIGTERM.

Arguments: its folder, the port, the HMAC key, the seed, the longest time between two kills in seconds. At the end it
prints how many kills there were. Each service is a fork, so that it runs again at once.
"""

import asyncio
import os
import pathlib
import random
import signal
import sys
import threading

from edgeingest_tools.service.app import Settings
from edgeingest_tools.service.server import run

folder, port, hmac_key, seed, most_s = sys.argv[1:6]
settings = Settings(pathlib.Path(folder), hmac_key=hmac_key)
chance = random.Random(int(seed))
ended = threading.Event()
kills = 0
while not ended.is_set():
    child = os.fork()
    if not child:
        sys.stdout = sys.stderr
        asyncio.run(run(settings, "127.0.0.1", int(port), None))
        os._exit(1)
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    kills += not ended.wait(chance.uniform(0.05, float(most_s)))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(kills)
