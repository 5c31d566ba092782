"""Measures what a spool on littlefs reads and erases for an entry, with few and with many entries in it."""

import vfs
from edgeingest import File
from edgeingest.ingestion import Stored
from edgeingest.spool import Spool
from rounds import options, report

_BLOCK = 4096
_ENTRIES = 8  # put, dropped, or flushed in each measurement


class Flash:
    """A block device in RAM, as the flash of a board, which counts what is read, programmed and erased."""

    def __init__(self, blocks):
        self._data = memoryview(bytearray(blocks * _BLOCK))
        self._blocks = blocks
        self.read = self.programs = self.erases = 0

    def readblocks(self, block, buffer, offset=0):
        start = block * _BLOCK + offset
        buffer[:] = self._data[start : start + len(buffer)]
        self.read += len(buffer)

    def writeblocks(self, block, buffer, offset=0):
        start = block * _BLOCK + offset
        self._data[start : start + len(buffer)] = buffer
        self.programs += 1

    def ioctl(self, operation, value):
        if operation == 4:
            return self._blocks
        if operation == 5:
            return _BLOCK
        self.erases += operation == 6
        return 0


class Service:
    """A client double that reads every item, as a Client does: once for the size, once to send it."""

    def __init__(self):
        self._window = memoryview(bytearray(512))

    def upload(self, category, items, on_stored, **rest):
        for send in (False, True):
            for i in range(len(items)):
                body = items[i]
                while send and body.readinto(self._window):
                    pass
                if send:
                    on_stored(i, Stored(body.name, None, False))


def put(spool, first, count):
    """Puts entries of 300 bytes of content, which all have the same name. Returns how many."""
    for number in range(first, first + count):
        spool.put("training", File(b"%6d" % number * 50, name="same.txt"))
    return count


def _cost(flash, action):
    """Returns what each of the entries of an action costs: bytes read, programs, erases. action: returns how many."""
    read, programs, erases = flash.read, flash.programs, flash.erases
    count = action()
    return [(flash.read - read) / count, (flash.programs - programs) / count, (flash.erases - erases) / count]


def costs(entries):
    """Returns {operation: its cost} with so many entries in the spool."""
    flash = Flash(entries * 5 // 4 + 64)
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    spool = Spool("/flash/spool", 1 << 30)
    put(spool, 0, entries)
    found = {"put": _cost(flash, lambda: put(spool, entries, _ENTRIES))}
    full = Spool("/flash/spool", spool.bytes, drop_oldest=True)
    found["put, dropping the oldest"] = _cost(flash, lambda: put(full, entries + _ENTRIES, _ENTRIES))
    found["flush"] = _cost(flash, lambda: spool.flush(Service()).stored)
    vfs.umount("/flash")
    return found


report(spool={entries: costs(entries) for entries in options()["entries"]})
