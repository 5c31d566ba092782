"""Runs in a process of its own: adds two pairs of files to a store, and kills itself before a given step.

Arguments: folder, number of steps before the kill. A step is: before or after a file is moved, or a statement of the
index. Prints the number of each pair that was added."""

import os
import pathlib
import signal
import sys

from edgeingest_tools.service import store
from support.stored import received

STATEMENTS = ("BEGIN", "INSERT", "UPDATE", "COMMIT")
left = int(sys.argv[2])
move = os.replace


def step():
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)


def replace(*arguments):
    step()
    move(*arguments)
    step()


os.replace = replace
found = store.Store(pathlib.Path(sys.argv[1]))
found._index.set_trace_callback(lambda text: step() if text.split()[0] in STATEMENTS else None)
for number in range(2):
    found.add(received(found, number), False)
    print(number, flush=True)
