"""Measures contenders, which take turns round by round; every script here prints the results as one line of JSON.

The garbage collector is off while a contender runs, so that its allocations can be read from the heap. This favours
contenders that allocate most.
"""

import gc
import json
import sys
import time
from collections import OrderedDict

_SLOW_US = 1000000
_LEAST_US = 2000  # shorter runs are repeated, because the clock has a resolution of one microsecond


def options():
    """Returns the options from bench.py, which are JSON on standard input."""
    return json.load(sys.stdin)


def report(**found):
    """Prints the results for bench.py."""
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
    """Measures (name, function) pairs; returns {name: {"us": [time per call, of each round], "heap": bytes per call}}.

    `repeats` is {name: calls in a row}; without it, as many as the clock's resolution needs. A contender that takes
    longer than a second runs once.
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
