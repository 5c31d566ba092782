"""Runs on MicroPython: a spool on a littlefs in RAM whose space runs out."""

from array import array

import vfs
from edgeingest import File
from edgeingest.errors import SpoolFull
from edgeingest.spool import Spool
from power_device import KEY, SENSORS, Device, Service
from spools_device import size

FOLDER = "/f/spool"
LIMIT = 10_000_000  # more than the flash has


class Flash:
    """Mounts a new littlefs at /f."""

    def __enter__(self):
        device = Device(True)
        vfs.VfsLfs2.mkfs(device)
        vfs.mount(vfs.VfsLfs2(device), "/f")

    def __exit__(self, *error):
        vfs.umount("/f")


def _put(spool, number):
    spool.put("training", File(bytes([number]) * 3000, name="%d.txt" % number))


def _bytes_in_files():
    return size(FOLDER)


def put_until_full():
    """Puts entries until there is no space, flushes, and puts another.

    Returns (number of entries, text of the error, (entries, bytes, bytes in files) when it is full, flushed, (number of
    bodies stored, number of those that are as they were put), entries at the end)."""
    with Flash():
        spool = Spool(FOLDER, LIMIT)
        number = 0
        try:
            while True:
                _put(spool, number)
                number += 1
        except SpoolFull as e:
            error_text = str(e)
        full = spool.entries, spool.bytes, _bytes_in_files()
        service = Service([])
        flushed = tuple(spool.flush(service))
        intact = sum(body == body[:1] * 3000 for body in service.stored)
        _put(spool, 1)
        return number, error_text, full, flushed, (len(service.stored), intact), spool.entries


def put_dropping_the_oldest():
    """Puts 100 entries. Returns (number of dropped, sorted numbers of those that are sent)."""
    with Flash():
        spool = Spool(FOLDER, LIMIT, drop_oldest=True)
        for number in range(100):
            _put(spool, number)
        dropped = spool.dropped
        service = Service([])
        spool.flush(service)
        return dropped, sorted(body[0] for body in service.stored)


def record_until_full():
    """Records until there is no space, flushes the entries, recovers the recording and flushes it.

    Returns (text of the error, rows that were synced, whether `bytes` is right, recovered, flushed, body)."""
    with Flash():
        spool = Spool(FOLDER, LIMIT)
        for number in range(30):
            _put(spool, number)
        recording = spool.record("training", SENSORS, 10, "UNIX", name="recording.0", hmac_key=KEY, iat=1700000000)
        synced = rows = 0
        try:
            while True:
                recording.write(array("f", range(100)))
                rows += 50
                recording.sync()
                synced = rows
        except SpoolFull as e:
            error_text = str(e)
        recording.close()
        right = spool.bytes == _bytes_in_files()
        spool.flush(Service([]))
        recovered = tuple(spool.recover(KEY))
        service = Service([])
        flushed = tuple(spool.flush(service))
        [body] = service.stored
        return error_text, synced, right, recovered, flushed, body
