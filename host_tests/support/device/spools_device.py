"""Runs on MicroPython: a client double that stores or refuses as a test wants, and functions that look at a spool."""

import os
from array import array

import edgeingest.spool.folder
from edgeingest import Sample, errors
from edgeingest.ingestion import Stored
from edgeingest.spool import Spool


class Service:
    """Stores in memory what a Client would send.

    fates: one for each request: None, an error to raise, or {name: reason} of the items that are refused. bad: a name
    with which the whole request is refused."""

    def __init__(self, fates=(), bad=None):
        self.fates = list(fates)
        self.bad = bad
        self.calls = []
        self.stored = []

    def send(self, category, item, **arguments):
        self.calls.append(("data", category, sorted(arguments.items()), [item.name]))
        self.take(item)
        return Stored(item.name, None, False)

    def upload(self, category, items, on_stored, **arguments):
        names = [items[i].name for i in range(len(items))]
        self.calls.append(("files", category, sorted(arguments.items()), names))
        fate = self.fates.pop(0) if self.fates else None
        if self.bad in names:
            fate = errors.ServiceError("the service answered 400: bad", 400, "bad")
        if isinstance(fate, Exception):
            raise fate
        results = [None] * len(items)
        for i in range(len(items)):
            if fate and items[i].name in fate:
                results[i] = fate[items[i].name]
            else:
                content = self.take(items[i])
                on_stored(i, Stored(items[i].name, None, content in [each[2] for each in self.stored[:-1]]))
        if fate:
            raise errors.FilesError("some were not stored", 200, "no", None, results)

    def take(self, body):
        content = bytearray()
        window = bytearray(100)
        while n := body.readinto(window):
            content += window[:n]
        body.close()
        if len(content) != body.size:
            raise ValueError("%d bytes, size says %d" % (len(content), body.size))
        self.stored.append((body.name, body.content_type, bytes(content)))
        return bytes(content)


class AsyncService(Service):
    async def upload(self, *args, **named):
        super().upload(*args, **named)

    async def send(self, *args, **named):
        return super().send(*args, **named)


def files(path):
    """Returns the sorted paths of the files in a folder and in those below it; of a shard only the file's name."""
    found = []
    for name in sorted(os.listdir(path)):
        if os.stat(path + "/" + name)[0] & 0x4000:
            found += [each if name.isdigit() else name + "/" + each for each in files(path + "/" + name)]
        else:
            found.append(name)
    return found


def place(name):
    """Returns the path in a spool of a file that `files` lists."""
    folder, _, name = ("/" + name).rpartition("/")
    return "%s/%06d/%s" % (folder, int(name.split(".")[0]) >> 5, name)


def size(path):
    return sum(os.stat(path + "/" + place(name))[6] for name in files(path))


def restarted(*args, **named):
    """Returns a Spool as it is after a restart of the board: what the program knew of its folder is gone."""
    edgeingest.spool.folder._folders.clear()
    return Spool(*args, **named)


def flushed(spool, service):
    result = spool.flush(service)
    if spool.bytes != size(spool._folder._path) or result.kept != spool.entries:
        raise ValueError("counted %d bytes, there are %d" % (spool.bytes, size(spool._folder._path)))
    return tuple(result[:5]) + (None if result.error is None else type(result.error).__name__,) + tuple(result[6:])


def wave(number, axes=1):
    values = array("f", range(number, number + 5 * axes))
    sensors = [("s%d" % i, "m") for i in range(axes)]
    return Sample(sensors, 10, values, "X", name="wave.%d" % number)
