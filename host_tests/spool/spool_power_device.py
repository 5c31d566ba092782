"""Runs on MicroPython: the benches of power_device, each made once, in the form in which the host uses them."""

import os

from edgeingest.spool.folder import Folder
from power_device import Bench

benches = {}


def bench(kind):
    """Returns the bench of "VfsLfs2" or "VfsFat"."""
    if kind not in benches:
        benches[kind] = Bench(kind)
    return benches[kind]


def cuts(kind):
    """Returns how many cuts there are."""
    return len(bench(kind).cuts)


def run(kind, first, step, tear):
    """Tries every step-th cut from `first` on.

    Returns (number of cuts, bodies of the recordings that were sent, lost promises, unreadable file systems, damaged
    entries)."""
    made = bench(kind)
    made.others = {}
    made.lost = made.unreadable = made.damaged = 0
    tried = made.run(first, step, (tear,), 1000 * first + tear)
    return tried, list(made.others), made.lost, made.unreadable, made.damaged


def live(kind, cut):
    """Returns what Bench.live() does."""
    return bench(kind).live(cut)


def _write_without_renaming(self, number, fill):
    with self.create(number, "ent") as file:
        fill(file)
    self.entries += 1
    self.bytes += os.stat(self.path(number, "ent"))[6]


def error_without_renaming():
    """Returns the text of the error of a bench in which entries are written under their final names at once."""
    kept, Folder.write = Folder.write, _write_without_renaming
    try:
        made = Bench("VfsLfs2")
        try:
            made.run(3, 5, (0,), 1)
        except RuntimeError as e:
            return str(e)
    finally:
        Folder.write = kept
