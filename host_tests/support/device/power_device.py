"""Runs on MicroPython: a spool on a block device in RAM whose power fails at any program or erase.

The workload runs once, and every operation of the device is logged, with what the spool had promised by then. For each
operation the device is then restored as a power cut there would have left it, and the next start-up is tried on it.
"""

import os
import random
from array import array

import vfs
from edgeingest import File, Sample
from edgeingest.errors import FilesError, NetworkError
from edgeingest.ingestion import Stored
from edgeingest.spool.format import Entry
from spools_device import files, place, restarted

MORE = b"once more"
REFUSED = 4  # the entry that the service refuses
KEY = "fed53116f20684c067774ebf9e7bcbdc"
SENSORS = (("accX", "m/s2"), ("accY", "m/s2"))
TEARS = ("not begun", "a part of it done", "noise where it works", "any of those since the last sync done")
_PROGRAM, _ERASE, _SYNC = 0, 1, 2


class Device:
    """What VfsLfs2 (flash: bits are erased to 1, programmed to 0) or VfsFat (sectors that are overwritten) runs on."""

    def __init__(self, flash):
        self.flash = flash
        self.block = 4096 if flash else 512
        self.data = bytearray(b"\xff" * ((64 if flash else 512) * self.block))
        self.log = None  # (operation, start, bytes, promised)
        self.promised = None
        self.left = -1  # operations until the power fails; negative: it does not
        self.rest = None  # what becomes of the operation at which it fails

    def readblocks(self, block, buffer, offset=0):
        if self.left == 0:
            raise OSError(5)
        start = block * self.block + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self._do(_PROGRAM, block * self.block + offset, bytes(buffer))

    def ioctl(self, operation, value):
        if operation == 3:
            self._do(_SYNC, 0, b"")
        elif operation == 4:
            return len(self.data) // self.block
        elif operation == 5:
            return self.block
        elif operation == 6 and self.flash:
            self._do(_ERASE, value * self.block, b"\xff" * self.block)
        return 0

    def _do(self, operation, start, data):
        if self.left == 0:
            raise OSError(5)
        if self.log is not None:
            self.log.append((operation, start, data, len(self.promised)))
        if operation != _SYNC and self.left > 0:
            self.left -= 1
            if not self.left:
                raise OSError(5)
        self.apply(operation, start, data)

    def apply(self, operation, start, data):
        end = start + len(data)
        if self.flash and operation == _PROGRAM:
            old = self.data[start:end]
            data = bytes(a & b for a, b in zip(old, data)) if old.count(b"\xff") < len(old) else data
        self.data[start:end] = data

    def tear(self, kind, operation, start, data):
        """The power fails in the middle of an operation."""
        if kind == 1:
            self.apply(operation, start, data[: random.randrange(len(data) + 1)])
        elif kind == 2:
            old = self.data[start : start + len(data)]
            noise = os.urandom(len(data))
            if not self.flash:
                torn = noise
            elif operation == _PROGRAM:
                torn = bytes(a & (b | c) for a, b, c in zip(old, data, noise))
            else:
                torn = bytes(a | b for a, b in zip(old, noise))
            self.data[start : start + len(data)] = torn


class Service:
    """A client double: keeps what it got, and stores by content as the service does."""

    def __init__(self, promised, stored=()):
        self.promised = promised
        self.stored = dict.fromkeys(stored)
        self.fails_after = None

    def upload(self, category, items, on_stored, disallow_duplicates, **rest):
        reasons = [None] * len(items)
        for index in range(len(items)):
            if items[index].name == "file.%d.txt" % REFUSED:
                reasons[index] = "no"
                continue
            if index == self.fails_after:
                self.fails_after = None
                raise NetworkError("no network")
            body = read(items[index])
            duplicate = body in self.stored
            self.stored[body] = None
            self.promised.append(("stored", body))
            on_stored(index, Stored(items[index].name, None, duplicate))
        if any(reasons):
            raise FilesError("one was not stored", 200, "no", None, reasons)


def read(body):
    """Returns all bytes of a body."""
    data = bytearray(body.size)
    window = memoryview(bytearray(700))
    at = 0
    while n := body.readinto(window):
        data[at : at + n] = window[:n]
        at += n
    body.close()
    if at != body.size:
        raise ValueError("a body of another size than it says")
    return bytes(data)


def content(number):
    """Returns the content of an entry: different bytes, 60 bytes to 9 KB."""
    if number % 3 == 0:
        values = array("f", [number + i / 8 for i in range(2 * (3 + 5 * number))])
        return Sample(SENSORS, 10, values, "UNIX", name="sample.%d" % number, iat=False).body(hmac_key=KEY)
    size = 9000 if number == 7 else 60 + 97 * number
    return File(bytes((number * 7 + i * 31) & 0xFF for i in range(size)), name="file.%d.txt" % number)


def value(recording, index):
    """Returns a recorded value."""
    return index * 0.5 - recording


def flush(spool, service):
    """Flushes the spool, which goes on after an error of the file system: here that is raised."""
    stuck = spool.flush(service).stuck
    if stuck:
        raise OSError(stuck)


def workload(promised):
    """20 entries, of which one is refused, 2 recordings, 2 flushes, of which the first is cut short by the network."""
    service = Service(promised)
    spool = restarted("/f/spool")

    def put(first, end):
        for number in range(first, end):
            label = "a" if number % 4 else "b"
            spool.put("training", content(number), label=label, metadata={"site": "Paris"} if number % 5 == 0 else None)
            promised.append(("put", number))

    def rows(number, recording, first, count, sync=True):
        recording.write(array("f", [value(number, i) for i in range(2 * first, 2 * (first + count))]))
        if sync:
            recording.sync()
            promised.append(("synced", number, first + count))

    put(0, 5)
    one = spool.record("training", SENSORS, 10, "UNIX", name="recording.0", label="a", hmac_key=KEY, iat=1700000000)
    rows(0, one, 0, 3)
    rows(0, one, 3, 40, False)
    put(5, 8)
    rows(0, one, 43, 100)
    service.fails_after = 3
    flush(spool, service)
    rows(0, one, 143, 200, False)
    one.close()
    promised.append(("synced", 0, 343))
    put(8, 12)
    two = spool.record("training", SENSORS, 10, "UNIX", name="recording.1", label="c")
    for i in range(6):
        rows(1, two, 50 * i, 50, i % 2)
        put(12 + i, 13 + i)
    two.close()
    promised.append(("synced", 1, 300))
    put(18, 20)
    flush(spool, service)
    return spool


class Bench:
    """Runs the workload on littlefs or FAT, and checks what is left after every cut."""

    def __init__(self, kind):
        self.kind = getattr(vfs, kind)
        self.flash = kind == "VfsLfs2"
        self.device = Device(self.flash)
        self.kind.mkfs(self.device)
        self.before = bytes(self.device.data)
        self.expected = {read(content(number)): number for number in range(20)}
        self.expected[MORE] = 20
        self.others = {}  # bodies that were sent and are none of those: recordings, for the host to look into
        self.lost = self.unreadable = self.damaged = 0
        self.device.log = self.log = []
        self.device.promised = self.promised = []
        vfs.mount(self.mounted(self.device), "/f")
        workload(self.promised)
        vfs.umount("/f")
        self.device.log = None
        self.cuts = [i for i in range(len(self.log)) if self.log[i][0] != _SYNC]

    def mounted(self, device):
        # small units of littlefs make many programs, and so many places to cut
        return self.kind(device, readsize=16, progsize=16, lookahead=16) if self.flash else self.kind(device)

    def images(self, wanted, tears):
        """Yields the device as each of these cuts leaves it, and how much was promised before."""
        device = self.device
        image = bytearray(self.before)
        synced = bytearray(self.before)
        pending = []
        for i, (operation, start, data, promised) in enumerate(self.log):
            if operation == _SYNC:
                synced[:] = image
                pending = []
                continue
            pending.append((operation, start, data))
            if i in wanted:
                for kind in tears:
                    device.data[:] = synced if kind == 3 else image
                    if kind == 3:
                        for each in pending:
                            if random.getrandbits(1):
                                device.apply(*each)
                    else:
                        device.tear(kind, operation, start, data)
                    yield i, kind, promised
            device.data[:] = image
            device.apply(operation, start, data)
            image[:] = device.data

    def run(self, first, step, tears, seed):
        """Tries every step-th cut, from the first on; returns how many."""
        random.seed(seed)
        tried = 0
        for i, kind, promised in self.images(set(self.cuts[first::step]), tears):
            tried += 1
            try:
                self.start_up(self.promised[:promised])
            except Exception as e:
                raise RuntimeError("cut at operation %d of %d, %s: %r" % (i, len(self.log), TEARS[kind], e))
        return tried

    def live(self, cut):
        """The workload on a device that fails at this cut and then refuses everything, and the next start-up on what
        that left: (what was raised, whether as much was promised as the log says)."""
        device = Device(self.flash)
        device.data[:] = self.before
        device.left = cut + 1
        promised = []
        raised = None
        vfs.mount(self.mounted(device), "/f")
        try:
            workload(promised)
        except Exception as e:
            raised = e
        vfs.umount("/f")
        device.left = -1
        self.device = device
        self.start_up(promised)
        return type(raised).__name__, len(promised) == self.log[self.cuts[cut]][3]

    def start_up(self, promised):
        """Does what a board does when the power is back; checks that everything promised is there."""
        service = Service([], [each[1] for each in promised if each[0] == "stored"])
        mounted = False
        try:
            vfs.mount(self.mounted(self.device), "/f")
            mounted = True
            self.send(service, ("put", REFUSED) in promised)
        except OSError as e:  # a file system that is damaged itself
            if self.flash:
                raise e
            self.unreadable += 1
        finally:
            if mounted:
                vfs.umount("/f")
        self.check(promised, service.stored)

    def send(self, service, refused):
        """Recovers, sends everything, and uses the spool again."""
        spool = restarted("/f/spool")
        recovered = spool.recover(KEY)
        flushed = spool.flush(service)
        damaged = recovered.damaged + flushed.damaged
        self.damaged += damaged
        spool.put("testing", File(MORE, name="more.txt"))
        last = spool.flush(service)
        clean = flushed.error is None and (last.stored, last.kept, last.rejected) == (1, 0, 0) and not recovered.waiting
        aside = rejected() if self.flash else 0
        if not clean or self.flash and (damaged or spool.bytes != aside or refused and not aside):
            raise ValueError("%r %r %r %d" % (recovered, flushed, last, spool.bytes))

    def check(self, promised, stored):
        """Checks that nothing promised is lost; keeps what is not an entry for the host."""
        rows = [0, 0]
        for body in stored:
            if body not in self.expected:
                self.others[body] = None
                number, found = recorded(body)
                rows[number] = max(rows[number], found)
        found = [self.expected[body] for body in stored if body in self.expected]
        for each in promised:
            if (
                each[0] == "put"
                and each[1] not in found
                and each[1] != REFUSED
                or each[0] == "synced"
                and rows[each[1]] < each[2]
            ):
                self.lost += 1
                if self.flash:
                    raise ValueError("lost: %r; there are %r, rows %r" % (each, found, rows))


def rejected():
    """Returns the bytes in rejected/; checks that the refused entry is there unchanged, with its reason."""
    total = 0
    for name in files("/f/spool"):
        if not name.startswith("rejected/"):
            continue
        path = "/f/spool" + place(name)
        total += os.stat(path)[6]
        if name.endswith(".ent"):
            if read(Entry(path, int(name[-12:-4]))) != read(content(REFUSED)):
                raise ValueError("another entry is in rejected/")
            with open(path[:-3] + "txt") as file:
                if file.read() != "no":
                    raise ValueError("there is no reason in rejected/")
    return total


def recorded(body):
    """(number, rows) of a recording by its size; the host looks at the rest."""
    number = 0 if body.find(b"HS256") > 0 else 1
    head = body.find(b"values\x9f") + 7
    return number, (body.find(b"\xff\x69protected", head + 0) - head) // 11
