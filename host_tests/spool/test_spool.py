"""Spool: what is put is sent as it was put, oldest first; arguments, room, numbers, and what becomes of what."""

import cbor2
import pytest
from support.spools import DEVICE

MODES = pytest.mark.modes("py", "mpy", "native", "cpython", "wasm-1.23", "wasm-1.27")
FEW = pytest.mark.modes("mpy", "cpython")


@pytest.fixture
def folder(worker, tmp_path):
    """A folder's path that the interpreter can use: WebAssembly has a file system of its own."""
    if not worker.mode.startswith("wasm"):
        return str(tmp_path / "spool")
    worker.run(
        "import os\nif 'spool' in os.listdir('/'):\n    __import__('os').rename('/spool', '/%d' % number)",
        number=id(tmp_path),
    )
    return "/spool"


def run(worker, folder, source, **data):
    return worker.run(DEVICE + source, folder=folder, **data)


PUT = """
spool = Spool(folder)
spool.put("training", wave(1))
paris = {"site": "Paris \\U0001f600", "a": ""}
spool.put("testing", File(b"\\x00\\xff" * 2000, name="a.wav"), label="L\\u00e4bel", metadata=paris)
spool.put("training", wave(2), file_name="other.9.cbor")
spool.put("split", wave(3, 3).body("json"), no_label=True, disallow_duplicates=False, add_date_id=True)
spool.put("testing", File(b"12", name="b.txt"), label="L\\u00e4bel", metadata={"a": "", "site": "Paris \\U0001f600"})
before = spool.entries, spool.bytes == size(folder), files(folder)
spool = Spool(folder)  # as after a restart
service = Service()
result = before, flushed(spool, service), service.calls, service.stored, files(folder), spool.bytes
"""


@MODES
def test_what_is_put_is_sent_as_it_was_put(worker, folder):
    before, flushed, calls, stored, left, size = run(worker, folder, PUT)
    assert before == (5, True, [f"{i:08}.ent" for i in range(1, 6)])
    assert (flushed, left, size) == ((5, 0, 0, 0, 0, None), [], 0)
    plain = [
        ("add_date_id", False),
        ("disallow_duplicates", True),
        ("label", None),
        ("metadata", None),
        ("no_label", False),
    ]
    paris = [*plain[:2], ("label", "Läbel"), ("metadata", {"site": "Paris 😀", "a": ""}), plain[4]]
    other = [("add_date_id", True), ("disallow_duplicates", False), *plain[2:4], ("no_label", True)]
    assert calls == [
        ("files", "training", plain, ["wave.1.cbor", "other.9.cbor"]),
        ("files", "testing", paris, ["a.wav", "b.txt"]),
        ("files", "split", other, ["wave.3.json"]),
    ]
    assert [each[:2] for each in stored] == [
        ("wave.1.cbor", "application/cbor"),
        ("other.9.cbor", "application/cbor"),
        ("a.wav", "audio/wav"),
        ("b.txt", "text/plain"),
        ("wave.3.json", "application/json"),
    ]
    assert cbor2.loads(stored[0][2])["payload"]["values"] == [1, 2, 3, 4, 5]
    assert cbor2.loads(stored[1][2])["payload"]["values"] == [2, 3, 4, 5, 6]
    assert (stored[2][2], stored[3][2]) == (b"\x00\xff" * 2000, b"12")


@FEW
def test_equal_names_go_into_requests_of_their_own(worker, folder):
    source = """
spool = Spool(folder)
for i in range(3):
    spool.put("training", wave(1))
spool.put("training", wave(2))
service = Service()
result = flushed(spool, service), [call[3] for call in service.calls]
"""
    flushed, names = run(worker, folder, source)
    assert flushed == (2, 2, 0, 0, 0, None)
    assert names == [["wave.1.cbor", "wave.2.cbor"], ["wave.1.cbor"], ["wave.1.cbor"]]


@FEW
def test_many_entries_make_requests_of_a_bounded_size(worker, folder):
    source = """
spool = Spool(folder, 10_000_000)
for i in range(150):
    spool.put("training", File(b"%d" % i, name="f%d.txt" % i), label="ab"[i % 2])
spool.put("testing", File(bytes(300_000), name="big.txt"))
spool.put("testing", File(b"s", name="small.txt"))
service = Service()
result = flushed(spool, service), [call[3] for call in service.calls], [name for name, _, _ in service.stored]
"""
    flushed, names, stored = run(worker, folder, source)
    assert flushed == (152, 0, 0, 0, 0, None)
    even, odd = [[f"f{i}.txt" for i in range(start, 150, 2)] for start in (0, 1)]
    assert names == [even[:64], odd[:64], even[64:], odd[64:], ["big.txt"], ["small.txt"]]
    assert stored == [name for request in names for name in request]


@FEW
def test_the_binary_form_goes_to_data(worker, folder):
    source = """
spool = Spool(folder)
audio = Sample((("audio", "wav"),), 0.0625, array("h", range(50)), "X", name="audio.1")
spool.put("training", wave(1), label="x")
spool.put("training", audio.body("binary"), label="x", hmac_key="unused")
spool.put("training", wave(2), label="x")
service = Service()
result = flushed(spool, service), [(call[0], call[3]) for call in service.calls]
"""
    flushed, calls = run(worker, folder, source)
    assert flushed == (3, 0, 0, 0, 0, None)
    assert calls == [("files", ["wave.1.cbor", "wave.2.cbor"]), ("data", ["audio.1.cbor"])]


REFUSED = {
    "category": "spool.put('nowhere', item)",
    "item": "spool.put('training', 5)",
    "file_name": "spool.put('training', item, file_name='a/b.cbor')",
    "file_name: ": "spool.put('training', item, file_name='a.json')",
    "label": "spool.put('training', item, label='')",
    "label:": "spool.put('training', item, label='x' * 5000)",
    "no_label": "spool.put('training', item, label='a', no_label=True)",
    "no_label: ": "spool.put('training', item, no_label=1)",
    "disallow_duplicates": "spool.put('training', item, disallow_duplicates='no')",
    "metadata": "spool.put('training', item, metadata={'a': 5})",
    "metadata:": "spool.put('training', item, metadata={'a': 'b\\n'})",
    "metadata: ": "spool.put('training', item, metadata={'a': 'b' * 5000})",
    "hmac_key": "spool.put('training', item, hmac_key='a b')",
    "values": "spool.put('training', Sample((('a', 'm'),), 10, array('f'), 'X'))",
    "item: 'x.labels'": "spool.put('training', File(b'{}', name='x.labels'))",
    "item: 'slow'": "spool.put('training', Slow())",
    "'short' ended": "spool.put('training', Short())",
    "content_type: 5002 bytes": "spool.put('training', File(b'1', name='t', content_type='a/' + 'b' * 5000))",
    "file_name: 5000 bytes": "spool.put('training', File(b'1', name='a' * 5000))",
    "e.txt: size": "spool.put('training', File(b'', name='e.txt'))",
    "big: 104857600 bytes": "spool.put('training', Big())",
    "path": "Spool('')",
    "path:": "Spool(b'x')",
    "max_bytes": "Spool(folder, 0)",
    "drop_oldest": "Spool(folder, drop_oldest=1)",
}


@FEW
def test_what_could_never_be_sent_is_refused(worker, folder):
    source = """
from edgeingest.body import Body

class Slow(Body):
    name = "slow"
    size = 5
    def readinto(self, window):
        return None

class Short(Body):
    name = "short"
    size = 1000
    left = 900
    def readinto(self, window):
        n = min(self.left, len(window))
        self.left -= n
        return n

class Big(Slow):
    name = "big"
    size = 100 * 1024 * 1024

result = []
spool = Spool(folder)
for call in calls:
    item = wave(1)
    try:
        eval(call)
        text = "nothing"
    except errors.SampleError as e:
        text = str(e)
    result.append((text, files(folder), spool.bytes, spool.entries))
"""
    results = run(worker, folder, source, calls=list(REFUSED.values()))
    for about, (text, *rest) in zip(REFUSED, results, strict=True):
        assert text.startswith(about.strip(": ")), (about, text)
        assert rest == [[], 0, 0], about


@MODES
def test_full(worker, folder):
    """Nothing is lost or half there when there is no room."""
    source = """
spool = Spool(folder, 3000)
data = File(bytes(1000), name="a.txt")
told = []
for i in range(4):
    try:
        spool.put("training", data)
    except errors.SpoolFull as e:
        told.append((i, isinstance(e, errors.IngestError), str(e)))
before = files(folder), spool.entries
service = Service()
flushed(spool, service)
spool.put("training", data)
result = told, before, len(service.stored), spool.entries, files(folder)
"""
    told, before, stored, entries, left = run(worker, folder, source)
    assert [each[:2] for each in told] == [(2, True), (3, True)]
    assert "max_bytes=3000" in told[0][2]
    assert before == (["00000001.ent", "00000002.ent"], 2)
    assert (stored, entries, left) == (2, 1, ["00000003.ent"])


@FEW
def test_dropping_the_oldest_is_counted(worker, folder):
    source = """
spool = Spool(folder, 3500, drop_oldest=True)
for i in range(7):
    spool.put("training", File(bytes([i]) * 1000, name="%d.txt" % i))
    if i == 1:
        flushed(spool, Service([{"0.txt": "no"}]))
seen = files(folder), spool.dropped
try:
    spool.put("training", File(bytes(4000), name="big.txt"))
except errors.SpoolFull as e:
    seen += (files(folder), spool.dropped)
service = Service()
result = seen, flushed(spool, service), [name for name, _, _ in service.stored]
"""
    seen, flushed, stored = run(worker, folder, source)
    kept = [f"{i:08}.ent" for i in (5, 6, 7)]
    assert seen == (kept, 3, kept, 3)  # what was rejected goes first, then two entries
    assert (flushed, stored) == ((3, 0, 0, 0, 0, None), ["4.txt", "5.txt", "6.txt"])


@FEW
def test_numbers_are_not_used_twice(worker, folder):
    source = """
def put(spool):
    spool.put("training", wave(1))
    return files(folder)

spool = Spool(folder)
seen = [put(spool)]
flushed(spool, Service([{"wave.1.cbor": "no"}]))
seen.append(put(Spool(folder)))
spool = Spool(folder)
flushed(spool, Service())
seen.append(put(spool))
open(folder + "/00000009.tmp", "wb").close()
open(folder + "/note.txt", "wb").close()
seen.append(put(Spool(folder)))
result = seen
"""
    rejected = ["rejected/00000001.ent", "rejected/00000001.txt"]
    assert run(worker, folder, source) == [
        ["00000001.ent"],
        ["00000002.ent", *rejected],
        ["00000003.ent", *rejected],
        ["00000003.ent", "00000010.ent", "note.txt", *rejected],
    ]


@FEW
def test_a_rejected_entry_keeps_its_reason_beside_it(worker, folder):
    source = """
spool = Spool(folder)
for i in range(3):
    spool.put("training", wave(i))
service = Service([{"wave.1.cbor": "no such thing: \\u00e4"}])
first = flushed(spool, service), len(service.stored)
with open(folder + "/rejected/00000002.txt", "rb") as file:
    reason = file.read()
whole = os.stat(folder + "/rejected/00000002.ent")[6] > 100
result = first, files(folder), reason, flushed(Spool(folder), service), whole
"""
    first, left, reason, again, whole = run(worker, folder, source)
    assert first == ((2, 0, 1, 0, 0, None), 2)
    assert left == ["rejected/00000002.ent", "rejected/00000002.txt"]
    assert reason.decode() == "no such thing: ä"
    assert again == (0, 0, 0, 0, 0, None) and whole


FATES = {
    "NetworkError('x')": "kept",
    "DeadlineError('x')": "kept",
    "ProtocolError('x')": "kept",
    **{f"ServiceError('x', {status})": "kept" for status in (408, 425, 429, 500, 503, 599)},
    **{f"ServiceError('x', {status})": "rejected" for status in (200, 400, 413, 415, 421, 422)},
    "LimitError('x')": "rejected",
    "CertificateError('x')": "raised",
    **{f"ServiceError('x', {status})": "raised" for status in (301, 401, 403, 404, 405, 407)},
}


@FEW
def test_what_becomes_of_entries_that_were_not_stored(worker, folder):
    source = """
result = []
for fate in fates:
    spool = Spool(folder)
    spool.put("training", wave(1))
    before = len([name for name in files(folder) if "/" in name])
    error = eval("errors." + fate)
    try:
        outcome = flushed(spool, Service([error]))
        kind = "rejected" if len([name for name in files(folder) if "/" in name]) == before + 2 else "kept"
        if kind == "kept" and outcome != (0, 0, 0, 0, 1, type(error).__name__):
            kind = outcome
        if kind == "rejected" and outcome != (0, 0, 1, 0, 0, None):
            kind = outcome
    except errors.IngestError as e:
        kind = "raised" if e is error and spool.entries == 1 else repr(e)
    result.append(kind)
    flushed(spool, Service())
"""
    assert dict(zip(FATES, run(worker, folder, source, fates=list(FATES)), strict=True)) == FATES


@FEW
def test_one_bad_entry_does_not_take_its_neighbours_with_it(worker, folder):
    source = """
spool = Spool(folder)
for i in range(4):
    spool.put("training", wave(i))
service = Service(bad="wave.2.cbor")
result = flushed(spool, service), [call[3] for call in service.calls], files(folder)
"""
    flushed, names, left = run(worker, folder, source)
    assert flushed == (3, 0, 1, 0, 0, None)
    assert names == [[f"wave.{i}.cbor" for i in range(4)], *([f"wave.{i}.cbor"] for i in range(4))]
    assert left == ["rejected/00000003.ent", "rejected/00000003.txt"]


@FEW
def test_what_was_acknowledged_before_the_connection_broke_is_not_sent_again(worker, folder):
    source = """
class Broken(Service):
    def upload(self, category, items, on_stored, **rest):
        on_stored(0, Stored("x", None, False))
        on_stored(1, Stored("x", None, True))
        raise errors.NetworkError("gone")

spool = Spool(folder)
for i in range(4):
    spool.put("training", wave(i))
result = flushed(spool, Broken()), files(folder)
"""
    assert run(worker, folder, source) == ((1, 1, 0, 0, 2, "NetworkError"), ["00000003.ent", "00000004.ent"])


ASYNC = """
import asyncio

async def main():
    spool = Spool(folder)
    for i in range(3):
        spool.put("training", wave(i), label=str(i))
    service = AsyncService([None, errors.ServiceError("busy", 503)])
    first = await spool.flush_async(service)
    try:
        await spool.flush_async(AsyncService([errors.ServiceError("key", 401)]))
    except errors.ServiceError as e:
        status = e.status
    class Slow(AsyncService):
        async def upload(self, category, items, **named):
            try:
                spool.flush(Service())
            except errors.SampleError as e:
                self.told = str(e)
            spool.put("training", wave(9))
            await asyncio.sleep(0.01)
            await super().upload(category, items, **named)
    slow = Slow()
    last = await spool.flush_async(slow)
    return tuple(first[:5]), type(first.error).__name__, status, tuple(last), slow.told, len(slow.stored)

result = asyncio.run(main())
"""


@FEW
def test_flushing_with_an_async_client(worker, folder):
    first, error, status, last, told, stored = run(worker, folder, ASYNC)
    assert (first, error, status) == ((1, 0, 0, 0, 2), "ServiceError", 401)
    assert last == (2, 0, 0, 0, 2, None)
    assert told.startswith("flush: ") and stored == 2


@FEW
def test_nothing_is_dropped_when_that_makes_no_room(worker, folder):
    """A recording at work cannot be dropped, nor what is being sent."""
    source = """
spool = Spool(folder, 4000, drop_oldest=True)
recording = spool.record("training", (("a", "m"),), 10, "X")
recording.write(array("f", range(400)))
for i in range(3):
    spool.put("training", File(b"%d" % i, name="%d.txt" % i))
try:
    spool.put("training", File(bytes(3300), name="big.txt"))
    result = []
except errors.SpoolFull:
    result = [(spool.entries, spool.dropped)]
spool.put("training", File(bytes(2000), name="less.txt"))
result.append((spool.entries, spool.dropped, spool.bytes <= 4000))
recording.close()
"""
    assert run(worker, folder, source) == [(3, 0), (3, 1, True)]


@FEW
def test_a_full_file_system_and_a_body_of_ones_own(worker, folder):
    """Without `rewindable`, and without a name where one is given; without space the oldest entry goes."""
    source = """
class Own:
    name = None
    size = 5
    content_type = "text/plain"

    def readinto(self, window):
        n = min(self.left, len(window))
        self.left -= n
        return n

    def rewind(self):
        self.left = 5

    def close(self):
        pass

spool = Spool(folder, drop_oldest=True)
spool.put("training", wave(1))
write = spool._folder.write
full = [True]

def writes(number, fill):
    if full.pop():
        full.append(False)
        raise errors.SpoolFull("no space")
    write(number, fill)

spool._folder.write = writes
spool.put("training", Own(), file_name="own.txt")
result = spool.dropped, spool.entries, files(folder)
"""
    assert run(worker, folder, source) == (1, 1, ["00000002.ent"])


@FEW
def test_what_was_stored_is_removed_before_anything_is_set_aside(worker, folder):
    """To set aside needs room: what fails there must not have the others sent again."""
    source = """
spool = Spool(folder)
for i in range(3):
    spool.put("training", wave(i), disallow_duplicates=False)

def full(*arguments):
    raise errors.SpoolFull("no space")

spool._folder.set_aside = full
try:
    spool.flush(Service([{"wave.0.cbor": "no"}]))
    result = None
except errors.SpoolFull:
    result = spool.entries, files(folder)
"""
    assert run(worker, folder, source) == (1, ["00000001.ent"])


@FEW
def test_an_entry_is_not_to_blame_for_every_error(worker, folder):
    """Too many open files, for one: the entry stays. What the file system cannot read is set aside."""
    source = """
import edgeingest.spool.flush

result = []
for number in (24, 5, 84):
    spool = Spool(folder)
    spool.put("training", wave(1))
    entry = edgeingest.spool.flush.Entry

    def fails(path, each):
        raise OSError(number, "x")

    edgeingest.spool.flush.Entry = fails
    try:
        found = flushed(spool, Service())
    except OSError as e:
        found = e.errno
    finally:
        edgeingest.spool.flush.Entry = entry
    result.append((found, spool.entries))
"""
    damaged = (0, 0, 0, 1, 0, None), 0
    assert run(worker, folder, source) == [(24, 1), ((0, 0, 0, 2, 0, None), 0), damaged]


@pytest.mark.modes("mpy")
def test_a_damaged_length_takes_no_memory(worker, folder):
    source = """
import edgeingest.spool.format

spool = Spool(folder)
spool.put("training", File(bytes(100_000), name="a.bin"))
with open(folder + "/00000001.ent", "r+b") as file:
    file.seek(2)
    file.write(b"\\xf0")  # the header has 61440 bytes more
asked = []
make = bytearray

def counted(size):
    asked.append(size)
    return make(size)

edgeingest.spool.format.bytearray = counted
try:
    result = flushed(spool, Service()), max(asked, default=0)
finally:
    del edgeingest.spool.format.bytearray
"""
    flushed, most = run(worker, folder, source)
    assert flushed == (0, 0, 0, 1, 0, None)
    assert most <= 16640
