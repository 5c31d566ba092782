"""Runs on MicroPython: recordings of a spool, and what is recovered and sent of them when their files change."""

import os
from array import array

import edgeingest.spool.recovery
from edgeingest import File, errors
from edgeingest.spool import Spool
from edgeingest.spool.format import Writer
from spools_device import Service, files, flushed, place, restarted, size, wave

REC = "/000000/00000001.rec"


def begin(spool, typecode="f", axes=2, key=None, **named):
    """Begins a recording; each has the same name."""
    sensors = [("s%d" % i, "m") for i in range(axes)]
    return spool.record(
        "training", sensors, 10, "X", typecode=typecode, name="rec.1", hmac_key=key, iat=1700000000, **named
    )


def empty(folder):
    """Removes the files in the folder of a spool, if it exists."""
    for name in files(folder) if folder.rsplit("/", 1)[1] in os.listdir(folder.rsplit("/", 1)[0]) else ():
        os.remove(folder + place(name))


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def _bodies(service):
    return [each[2] for each in service.stored]


def recorded(folder, buffers, typecode, axes, key, syncs):
    """Returns (rows, bodies that are sent) of a recording of these buffers, synced after those whose index is in
    `syncs`."""
    empty(folder)
    spool = restarted(folder)
    with begin(spool, typecode, axes, key) as recording:
        for i, buffer in enumerate(buffers):
            recording.write(buffer)
            if i in syncs:
                recording.sync()
        rows = recording.rows
    service = Service()
    flushed(spool, service)
    return rows, _bodies(service)


def cut(folder, buffers, typecode, axes, key, first, step):
    """Cuts the file of a recording, synced after each buffer, at up to 300 lengths: every step-th byte from `first` on.

    Returns (lengths of the file after each sync, [(length, recovered, flushed, bodies, files) of each cut])."""
    empty(folder)
    spool = restarted(folder)
    recording = begin(spool, typecode, axes, key)
    syncs = []
    for buffer in buffers:
        recording.write(buffer)
        recording.sync()
        syncs.append(os.stat(folder + REC)[6])
    recording._file.close()
    whole = _read(folder + REC)
    found = []
    for end in range(first, min(first + 300 * step, len(whole) + 1), step):  # more results would fragment the heap
        empty(folder)
        _write(folder + REC, whole[:end])
        spool = restarted(folder)
        recovered = tuple(spool.recover(key))
        service = Service()
        outcome = flushed(spool, service)
        found.append((end, recovered, outcome, _bodies(service), files(folder)))
    return syncs, found


def recover_without_the_key(folder, key):
    """Recovers three recordings without the key, of which the second is not signed, then with it beside an open one.

    Returns (recovered, files, recovered again, recovered with the key, recovered with drop=True, flushed, bodies)."""
    spool = Spool(folder)
    for i in range(3):
        recording = begin(spool, key=key if i != 1 else None, label="x")
        recording.write(array("f", [i] * 6))
        recording.sync()
    del recording
    spool = restarted(folder)
    first = tuple(spool.recover())
    waiting = files(folder)
    again = tuple(spool.recover())
    going = begin(spool)
    going.write(array("f", [7, 7]))
    with_key = tuple(spool.recover(key))
    dropping = tuple(spool.recover(key, drop=True))
    going.close()
    service = Service()
    return first, waiting, again, with_key, dropping, flushed(spool, service), _bodies(service)


def record_until_full(folder):
    """Records until the spool has no space, flushes, and makes a recording without rows.

    Returns (text of the error, rows written, rows counted, bytes, bodies, files, bytes, entries)."""
    spool = Spool(folder, 4000)
    recording = begin(spool)
    values = 0
    error_text = None
    try:
        while True:
            recording.write(array("f", range(values, values + 20)))
            values += 20
    except errors.SpoolFull as e:
        error_text = str(e)
    rows = recording.rows
    recording.sync()
    recording.close()
    recording.close()
    filled = spool.bytes
    service = Service()
    flushed(spool, service)
    again = begin(spool)
    again.close()
    return error_text, values // 2, rows, filled, _bodies(service), files(folder), spool.bytes, spool.entries


def refusals(folder, calls):
    """Returns ([(text of the SampleError, whether the files are the same) of each expression], files at the end)."""
    spool = Spool(folder)
    recording = begin(spool)
    closed = begin(spool)
    closed.close()
    names = {"spool": spool, "begin": begin, "array": array, "recording": recording, "closed": closed}
    before = files(folder)
    found = []
    for call in calls:
        try:
            eval(call, names)
            text = "nothing"
        except errors.SampleError as e:
            text = str(e)
        found.append((text, files(folder) == before))
    recording.close()
    return found, files(folder)


def damaged(folder, finished, key, first, step):
    """Changes one bit of a file at up to 300 places: every step-th byte from `first` on. The file is an entry, if
    `finished`, or a recording.

    Returns [(recovered, flushed with an entry that is right, other bodies, files) of each change]."""
    empty(folder)
    spool = restarted(folder)
    if finished:
        spool.put("training", File(bytes(range(200)) * 3, name="a.txt"), label="x")
    else:
        recording = begin(spool, key=key)
        recording.write(array("f", range(12)))
        recording.sync()
        recording._file.close()
    name = folder + "/000000/00000001." + ("ent" if finished else "rec")
    whole = _read(name)
    found = []
    for at in range(first, min(first + 300 * step, len(whole)), step):
        empty(folder)
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        _write(name, changed)
        spool = restarted(folder)
        spool.put("training", wave(2))
        recovered = tuple(spool.recover(key))
        service = Service()
        outcome = flushed(spool, service)
        found.append((recovered, outcome, _bodies(service)[:-1], files(folder)))
    return found


class FailingReader(edgeingest.spool.recovery.Reader):
    """A Reader of a file that the file system cannot read."""

    def next(self):
        raise OSError(84)


def recover_before_rows(folder, unreadable):
    """Recovers a recording of which all before its rows is damaged or unreadable. Returns (recovered, files)."""
    empty(folder)
    spool = restarted(folder)
    recording = begin(spool)
    recording.sync()
    start = os.stat(folder + REC)[6]
    recording.write(array("f", range(400)))
    recording.sync()
    recording._file.close()
    with open(folder + REC, "r+b") as file:
        file.seek(60 if unreadable else start - 20)  # in the header; in the frame of the payload
        file.write(b"?")
    reader = edgeingest.spool.recovery.Reader
    if unreadable:
        edgeingest.spool.recovery.Reader = FailingReader
    try:
        return tuple(restarted(folder).recover()), files(folder)
    finally:
        edgeingest.spool.recovery.Reader = reader


def recover_without_space(folder, torn):
    """Recovers a recording, whose last frame is torn or not, when flash is full and again when it is not.

    Returns ((recovered, files, whether `bytes` is right) without and with space, flushed)."""
    spool = Spool(folder)
    recording = begin(spool)
    recording.write(array("f", range(12)))
    recording.sync()
    recording._file.close()
    if torn:
        with open(folder + REC, "ab") as file:
            file.write(b"D")

    def fails(writer, tail):
        writer.frame(b"T", tail)
        raise OSError(28, "no space")

    kept, Writer.end_recording = Writer.end_recording, fails
    try:
        spool = restarted(folder)
        without = tuple(spool.recover()), files(folder), spool.bytes == size(folder)
    finally:
        Writer.end_recording = kept
    after = tuple(spool.recover()), files(folder), spool.bytes == size(folder)
    return without, after, flushed(spool, Service())


class Interrupt(BaseException):
    """Comes at any moment, as Ctrl-C does."""


class Interrupted:
    """A file or an Hmac of which a call is interrupted, in its middle or at its end, when the counter comes to 0."""

    def __init__(self, inner, counter, error):
        self.inner = inner
        self.counter = counter
        self.error = error

    def __getattr__(self, name):
        method = getattr(self.inner, name)

        def call(*args):
            self.counter[0] -= 1
            if self.counter[0] == 0:
                if name == "write":
                    method(args[0][: len(args[0]) // 2])
                raise self.error()
            result = method(*args)
            self.counter[0] -= 1
            if self.counter[0] == 0:
                raise self.error()
            return result

        return call if callable(method) else method


def interrupted(folder, key, axes, typecode, counts, calls, error, where):
    """Interrupts a recording after so many beginnings and ends of calls of its file and its Hmac.

    Returns (whether it was interrupted, rows that were written before, recovered, flushed, bodies, files)."""
    empty(folder)
    spool = Spool(folder)
    counter = [-1]
    error = {"interrupt": Interrupt, "memory": MemoryError}[error]
    hit = False
    rows = 0
    recording = begin(spool, typecode, axes, key)
    writer = recording._writer
    recording._file = writer.file = Interrupted(recording._file, counter, error)
    if key:
        writer.hmac = Interrupted(writer.hmac, counter, error)
    try:
        with recording:
            for i, count in enumerate(counts):
                if where == "write" and i == 1:
                    counter[0] = calls
                recording.write(array(typecode, [rows % 100] * (axes * count)))
                rows += count
                if where == "sync":
                    counter[0] = calls
                    recording.sync()
            if where == "write":
                counter[0] = -1
            if where == "close":
                counter[0] = calls
    except error:
        hit = True
    counter[0] = -1
    try:
        recording.close()
    except errors.SampleError:
        pass
    if spool.bytes != size(folder):
        raise ValueError("counted %d bytes, there are %d" % (spool.bytes, size(folder)))
    spool = Spool(folder)
    left = files(folder)
    recovered = tuple(spool.recover(key))
    service = Service()
    return hit, rows, recovered, flushed(spool, service), _bodies(service), left
