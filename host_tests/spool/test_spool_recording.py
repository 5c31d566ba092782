"""Recordings: rows that are appended to an entry, what a cut at any byte leaves of them, and damage at any byte."""

import hashlib
import hmac
import io
import struct

import cbor2
import pytest
from edgeingest_tools.service.formats import inspect
from hypothesis import given, settings
from hypothesis import strategies as st
from support.spools import DEVICE

KEY = "fed53116f20684c067774ebf9e7bcbdc"
FEW = pytest.mark.modes("mpy", "cpython")
RECORD = (
    DEVICE
    + """
def begin(spool, typecode="f", axes=2, key=None, **named):
    sensors = [("s%d" % i, "m") for i in range(axes)]
    return spool.record("training", sensors, 10, "X", typecode=typecode, name="rec.1", hmac_key=key, iat=1700000000,
                        **named)

def empty(folder):
    for name in files(folder) if folder.rsplit("/", 1)[1] in os.listdir(folder.rsplit("/", 1)[0]) else ():
        os.remove(folder + "/" + name)

def recorded(folder, buffers, typecode, axes, key, syncs):
    # what is sent of a recording of these buffers
    empty(folder)
    spool = Spool(folder)
    with begin(spool, typecode, axes, key) as recording:
        for i, buffer in enumerate(buffers):
            recording.write(buffer)
            if i in syncs:
                recording.sync()
        rows = recording.rows
    service = Service()
    flushed(spool, service)
    return rows, [each[2] for each in service.stored]

def cut(folder, buffers, typecode, axes, key, first, step):
    # what is sent of a recording that was synced after each buffer, when its file ends at each of these bytes;
    # from `first` on; and where the file ended after each sync
    empty(folder)
    spool = Spool(folder)
    recording = begin(spool, typecode, axes, key)
    syncs = []
    for buffer in buffers:
        recording.write(buffer)
        recording.sync()
        syncs.append(os.stat(folder + "/00000001.rec")[6])
    recording._file.close()
    with open(folder + "/00000001.rec", "rb") as file:
        whole = file.read()
    found = []
    for end in range(first, min(first + 300 * step, len(whole) + 1), step):  # more results would lie all over the heap
        empty(folder)
        with open(folder + "/00000001.rec", "wb") as file:
            file.write(whole[:end])
        spool = Spool(folder)
        recovered = tuple(spool.recover(key))
        service = Service()
        outcome = flushed(spool, service)
        found.append((end, recovered, outcome, [each[2] for each in service.stored], files(folder)))
    return syncs, found
"""
)


@pytest.fixture
def device(worker):
    return worker.define(RECORD)


def message_of(body, key):
    """The rows of a message, which the service's own checks accept, and whose signature is right."""
    stream = io.BytesIO(body)
    message = cbor2.CBORDecoder(stream).decode()
    assert stream.read() == b""
    assert list(message) == ["payload", "protected", "signature"]
    assert message["protected"] == {"alg": "HS256" if key else "none", "ver": "v1", "iat": 1700000000}
    if key:
        assert body.endswith(message["signature"].encode())
        signed = body[:-64] + b"0" * 64
        assert message["signature"] == hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    return message["payload"]["values"]


LIMITS = {"b": 7, "B": 8, "h": 15, "H": 16, "i": 31, "I": 32, "q": 63, "Q": 64}


@st.composite
def takes(draw):
    """(typecode, axes, rows, how they are cut into buffers)"""
    typecode = draw(st.sampled_from("bBhHiIqQfd"))
    axes = draw(st.sampled_from([1, 2, 3, 30]))
    if typecode in "fd":
        number = st.floats(width=32 if typecode == "f" else 64, allow_nan=False)
    else:
        low = -(1 << LIMITS[typecode]) if typecode.islower() else 0
        number = st.integers(low, (1 << LIMITS[typecode]) - 1)
    pieces = draw(
        st.lists(st.lists(st.lists(number, min_size=axes, max_size=axes), max_size=40), min_size=1, max_size=5)
    )
    return typecode, axes, pieces, draw(st.sets(st.integers(0, 4)))


@pytest.mark.modes("mpy", "native", "cpython")
@settings(max_examples=25)
@given(take=takes(), key=st.sampled_from([None, KEY]))
def test_what_is_recorded_is_what_was_written(worker, tmp_path_factory, take, key):
    typecode, axes, pieces, syncs = take
    folder = str(tmp_path_factory.getbasetemp() / f"recorded-{worker.mode}")
    buffers = [struct.pack(f"<{axes * len(piece)}{typecode}", *[v for row in piece for v in row]) for piece in pieces]
    rows, sent = worker.define(RECORD).recorded(folder, buffers, typecode, axes, key, list(syncs))
    expected = [row for piece in pieces for row in piece]
    assert rows == len(expected)
    if not expected:
        assert sent == []
        return
    [body] = sent
    values = message_of(body, key)
    assert values == (expected if axes > 1 else [row[0] for row in expected])
    assert b"values\x9f" in body


@pytest.mark.modes("mpy")
@pytest.mark.parametrize("key", [None, KEY])
def test_the_service_accepts_a_recording(device, tmp_path, key):
    buffers = [struct.pack("<300f", *range(300))]
    _, [body] = device.recorded(str(tmp_path / "spool"), buffers, "f", 3, key, [])
    (tmp_path / "body").write_bytes(body)
    facts = inspect(tmp_path / "body", "cbor", KEY)
    assert (facts.rows, facts.kind, facts.signature) == (100, "cbor", "valid" if key else "none")


@pytest.mark.modes("mpy", "cpython")
@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(("axes", "counts"), [(1, (3, 1)), (2, (2, 30, 60))])
def test_a_recording_that_is_cut_at_any_byte(device, tmp_path, torture, counted, key, axes, counts):
    """Where a file system may leave any part of a file: whole rows, at least those that were synced, or nothing."""
    buffers, first = [], 0
    for count in counts:
        buffers.append(struct.pack(f"<{count * axes}f", *range(first, first + count * axes)))
        first += count * axes
    found, more, step = [], True, 1 if torture else 6
    while more:
        syncs, more = device.cut(str(tmp_path / "spool"), buffers, "f", axes, key, step * len(found), step)
        found += more
    synced = [sum(counts[: i + 1]) for i in range(len(counts))]
    for end, recovered, outcome, sent, left in found:
        safe = max([rows for rows, at in zip(synced, syncs, strict=True) if end >= at], default=0)
        if not sent:
            assert safe == 0 and outcome == (0, 0, 0, 0, 0, None)
            assert recovered in ((0, 0, 1, 0), (0, 0, 0, 1)), (end, recovered)
            assert left == [] or left == ["damaged/00000001.ent", "damaged/00000001.txt"]
            continue
        assert (recovered, outcome, left) == ((1, 0, 0, 0), (1, 0, 0, 0, 0, None), []), end
        values = message_of(sent[0], key)
        flat = values if axes == 1 else [value for row in values for value in row]
        assert flat == list(range(len(flat))) and safe <= len(values)
        assert end < syncs[-1] or len(values) == sum(counts)
    counted(len(found))


KEYS = """
spool = Spool(folder)
for i in range(3):
    recording = begin(spool, key=key if i != 1 else None, label="x")
    recording.write(array("f", [i] * 6))
    recording.sync()
del recording
spool = Spool(folder)
first = tuple(spool.recover())
waiting = files(folder)
middle = tuple(spool.recover())
going = begin(spool)
going.write(array("f", [7, 7]))
last = tuple(spool.recover(key)), tuple(spool.recover(key, drop=True))
going.close()
service = Service()
result = first, waiting, middle, last, flushed(spool, service), [each[2] for each in service.stored]
"""


@FEW
def test_without_the_key_what_was_to_be_signed_waits(worker, tmp_path):
    folder = str(tmp_path / "spool")
    first, waiting, middle, last, flushed, sent = worker.run(RECORD + KEYS, folder=folder, key=KEY)
    assert first == (1, 2, 0, 0)
    assert waiting == ["00000001.rec", "00000002.ent", "00000003.rec"]
    assert middle == (0, 2, 0, 0)
    assert last == ((2, 0, 0, 0), (0, 0, 0, 0))  # the one at work is not touched
    assert flushed[0] + flushed[1] == 4
    assert [message_of(body, key)[0] for body, key in zip(sent, (KEY, None, KEY, None), strict=False)]


@FEW
def test_recordings_are_dropped_when_told(worker, tmp_path):
    source = """
spool = Spool(folder)
begin(spool, key=key).write(array("f", range(4)))
begin(spool).sync()
spool = Spool(folder)
result = tuple(spool.recover(drop=True)), files(folder), spool.bytes
"""
    assert worker.run(RECORD + source, folder=str(tmp_path / "spool"), key=KEY) == ((0, 0, 2, 0), [], 0)


@FEW
def test_a_recording_and_room(worker, tmp_path):
    """What has no room is not taken, and the recording goes on; its end has always room."""
    source = """
spool = Spool(folder, 4000)
recording = begin(spool)
taken = 0
told = None
try:
    while True:
        recording.write(array("f", range(taken, taken + 20)))
        taken += 20
except errors.SpoolFull as e:
    told = str(e)
rows = recording.rows
recording.sync()
recording.close()
recording.close()
filled = spool.bytes
service = Service()
flushed(spool, service)
again = begin(spool)
again.close()
sent = [each[2] for each in service.stored]
result = told, taken // 2 == rows, filled, sent, files(folder), spool.bytes, spool.entries
"""
    told, same, size, [body], left, *rest = worker.run(RECORD + source, folder=str(tmp_path / "spool"))
    assert "max_bytes=4000" in told and same and 3000 < size <= 4000
    values = message_of(body, None)
    assert values == [[2 * i, 2 * i + 1] for i in range(len(values))]
    assert (left, rest) == ([], [0, 0])


WRONG = {
    "buffer: 4 bytes": "recording.write(array('f', [1]))",
    "buffer: an array of 'h'": "recording.write(array('h', [1, 2]))",
    "buffer: values": "recording.write('abcdefgh')",
    "buffer: this": "closed.write(array('f', [1, 2]))",
    "sync: this": "closed.sync()",
    "typecode": "begin(spool, typecode='x')",
    "sensors": "begin(spool, axes=0)",
    "hmac_key": "begin(spool, key='a b')",
    "label": "begin(spool, label='')",
    "category": "spool.record('x', (('a', 'm'),), 10, 'X')",
    "interval_ms": "spool.record('split', (('a', 'm'),), 0, 'X')",
    "device_type": "spool.record('split', (('a', 'm'),), 1, '')",
    "file_name": "spool.record('split', (('a', 'm'),), 1, 'x', name='a/b')",
    "name": "spool.record('split', (('a', 'm'),), 1, 'x', name='')",
    "iat": "spool.record('split', (('a', 'm'),), 1, 'x', iat='now')",
}


@FEW
def test_wrong_arguments_of_recordings(worker, tmp_path):
    source = """
spool = Spool(folder)
recording = begin(spool)
closed = begin(spool)
closed.close()
before = files(folder)
result = []
for call in calls:
    try:
        eval(call)
        text = "nothing"
    except errors.SampleError as e:
        text = str(e)
    result.append((text, files(folder) == before))
recording.close()
result.append(files(folder))
"""
    *results, left = worker.run(RECORD + source, folder=str(tmp_path / "spool"), calls=list(WRONG.values()))
    assert left == []
    for about, (text, same) in zip(WRONG, results, strict=True):
        assert text.startswith(about) and same, (about, text)


DAMAGE = """
empty(folder)
spool = Spool(folder)
if finished:
    spool.put("training", File(bytes(range(200)) * 3, name="a.txt"), label="x")
else:
    recording = begin(spool, key=key)
    recording.write(array("f", range(12)))
    recording.sync()
    recording._file.close()
name = folder + "/00000001." + ("ent" if finished else "rec")
with open(name, "rb") as file:
    whole = file.read()
result = []
for at in range(first, min(first + 300 * step, len(whole)), step):
    empty(folder)
    changed = bytearray(whole)
    changed[at] ^= 1 << at % 8
    with open(name, "wb") as file:
        file.write(changed)
    spool = Spool(folder)
    spool.put("training", wave(2))
    recovered = tuple(spool.recover(key))
    service = Service()
    outcome = flushed(spool, service)
    result.append((recovered, outcome, [each[2] for each in service.stored[:-1]], files(folder)))
"""


def damaged(worker, tmp_path, torture, **named):
    found, more, step = [], True, 1 if torture else 5
    while more:
        first = step * len(found)
        more = worker.run(RECORD + DAMAGE, folder=str(tmp_path / "spool"), first=first, step=step, **named)
        found += more
    return found


@FEW
def test_an_entry_that_is_damaged_anywhere_is_set_aside(worker, tmp_path, torture, counted):
    found = damaged(worker, tmp_path, torture, finished=True, key=None)
    for recovered, outcome, sent, left in found:
        assert (recovered, outcome, sent) == ((0, 0, 0, 0), (1, 0, 0, 1, 0, None), [])
        assert left == ["damaged/00000001.ent", "damaged/00000001.txt"]
    counted(len(found))


@FEW
def test_a_recording_that_is_damaged_anywhere(worker, tmp_path, torture, counted):
    """All of its rows are in one frame here: none of them is sent, and nothing is invented."""
    found = damaged(worker, tmp_path, torture, finished=False, key=KEY)
    for recovered, outcome, sent, left in found:
        assert outcome[:2] in ((1, 0), (2, 0)) and sent == [], (recovered, outcome)
        assert left in ([], ["damaged/00000001.ent", "damaged/00000001.txt"])
    counted(len(found))


@FEW
def test_rows_after_damage_are_kept_for_a_person(worker, tmp_path):
    """Whether the first frame of them is bad, or the file system cannot read it."""
    source = """
import edgeingest.spool.recovery

result = []
for unreadable in (False, True):
    empty(folder)
    spool = Spool(folder)
    recording = begin(spool)
    recording.sync()
    start = os.stat(folder + "/00000001.rec")[6]
    recording.write(array("f", range(400)))
    recording.sync()
    recording._file.close()
    with open(folder + "/00000001.rec", "r+b") as file:
        file.seek(60 if unreadable else start - 20)  # of the header; of the payload's frame
        file.write(b"?")
    reader = edgeingest.spool.recovery.Reader
    if unreadable:

        class Fails(reader):
            def next(self):
                raise OSError(84)

        edgeingest.spool.recovery.Reader = Fails
    try:
        result.append((tuple(Spool(folder).recover()), files(folder)))
    finally:
        edgeingest.spool.recovery.Reader = reader
"""
    left = ["damaged/00000001.ent", "damaged/00000001.txt"]
    assert worker.run(RECORD + source, folder=str(tmp_path / "spool")) == [((0, 0, 0, 1), left)] * 2


@FEW
@pytest.mark.parametrize("torn", [False, True])
def test_a_recording_waits_while_flash_is_full(worker, tmp_path, torn):
    """Recovery needs room, which the flush after it makes: a program must get there."""
    source = """
from edgeingest.spool.format import Writer

spool = Spool(folder)
recording = begin(spool)
recording.write(array("f", range(12)))
recording.sync()
recording._file.close()
if torn:
    with open(folder + "/00000001.rec", "ab") as file:
        file.write(b"D")
end_recording = Writer.end_recording

def fails(writer, tail):
    writer.frame(b"T", tail)
    raise OSError(28, "no space")

Writer.end_recording = fails
try:
    spool = Spool(folder)
    result = [tuple(spool.recover()), files(folder), spool.bytes == size(folder)]
finally:
    Writer.end_recording = end_recording
result += [tuple(spool.recover()), files(folder), spool.bytes == size(folder), flushed(spool, Service())]
"""
    found = worker.run(RECORD + source, folder=str(tmp_path / "spool"), torn=torn)
    waits, recovered = [(0, 1, 0, 0), ["00000001.rec"], True], [(1, 0, 0, 0), ["00000001.ent"], True]
    assert found == [*waits, *recovered, (1, 0, 0, 0, 0, None)]
