"""How every script here measures: the contenders take turns, round by round, and one line of JSON tells everything.

The collector is off while one runs, so that its garbage can be read off the heap. That favours who makes most of it.
"""

import gc
import json
import sys
import time
from collections import OrderedDict

_SLOW_US = 1000000
_LEAST_US = 2000  # shorter runs are repeated: the clock ticks in microseconds


def options():
    """What the driver asks for: JSON on standard input."""
    return json.load(sys.stdin)


def report(**found):
    """To the driver."""
    print(json.dumps(found))


def _run(run, repeat):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    start = time.ticks_us()
    for _ in range(repeat):
        run()
    passed = time.ticks_diff(time.ticks_us(), start)
    heap = gc.mem_alloc() - before
    gc.enable()
    return passed / repeat, heap / repeat


def measure(contenders, rounds, repeats=None):
    """{name: {"us": [of each round, per call], "heap": bytes allocated by one call}} of (name, function) pairs.

    repeats: {name: calls in a row}, otherwise as many as the clock needs. Who takes longer than a second runs once.
    """
    found = OrderedDict()
    chosen = {}
    for name, run in contenders:
        passed, heap = _run(run, 1)  # loads what is loaded on first use
        slow = passed > _SLOW_US
        if not slow:
            passed, heap = _run(run, 1)
        counts = slow or not repeats and passed >= _LEAST_US
        found[name] = {"us": [passed] if counts else [], "heap": heap}
        chosen[name] = 0 if slow else repeats[name] if repeats else max(1, int(_LEAST_US // max(passed, 1)))
    for _ in range(rounds):
        for name, run in contenders:
            if chosen[name] and len(found[name]["us"]) < rounds:
                passed, heap = _run(run, chosen[name])
                found[name]["us"].append(passed)
                found[name]["heap"] = heap
    return found
