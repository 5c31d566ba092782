"""Runs on MicroPython: a start-up with files of a spool that were not written by the library."""

import os

from spools_device import Service, files, flushed, place, restarted, wave


def start_up(folder, contents, key):
    """Recovers and sends files with these contents, [(extension, content)], and an entry that is right.

    Returns (recovered, flushed, names that were stored, number of files at the end)."""
    if folder.rsplit("/", 1)[1] in os.listdir(folder.rsplit("/", 1)[0]):
        for name in files(folder):
            os.remove(folder + place(name))
    restarted(folder, 10_000_000)
    for number, (extension, content) in enumerate(contents):
        with open("%s/%08d.%s" % (folder, number + 1, extension), "wb") as file:
            file.write(content)
    spool = restarted(folder, 10_000_000)
    spool.put("training", wave(1))
    recovered = tuple(spool.recover(key))
    service = Service()
    outcome = flushed(spool, service)
    return recovered, outcome, [each[0] for each in service.stored], len(files(folder))
