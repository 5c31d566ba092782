"""Spool: entries are sent as they were put, oldest first; arguments, space, file numbers, and the outcome of errors."""

import cbor2
import pytest
from spool.results import Flushed
from support.device_source import device_source
from support.spools import DEVICE

SPOOL = device_source("spool/spool_device")
MODES = pytest.mark.modes("py", "mpy", "native", "cpython", "wasm-1.23", "wasm-1.27")
FEW = pytest.mark.modes("mpy", "cpython")


@pytest.fixture
def folder(worker, tmp_path):
    """Returns the path of a folder in the interpreter's file system; WebAssembly has its own."""
    if not worker.mode.startswith("wasm"):
        return str(tmp_path / "spool")
    worker.run(
        "import os\nif 'spool' in os.listdir('/'):\n    __import__('os').rename('/spool', '/%d' % number)",
        number=id(tmp_path),
    )
    return "/spool"


def run(worker, folder, source, **data):
    return worker.run(DEVICE + source, folder=folder, **data)


@MODES
def test_entries_are_sent_as_they_were_put(worker, folder):
    before, flushed, calls, stored, left, size = worker.define(SPOOL).put_and_restart(folder)
    assert before == (5, True, [f"{i:08}.ent" for i in range(1, 6)])
    assert (flushed, left, size) == (Flushed(stored=5), [], 0)
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
    assert flushed == Flushed(stored=2, duplicates=2, repeated=2)
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
    assert flushed == Flushed(stored=152)
    assert names[-2:] == [["big.txt"], ["small.txt"]]
    for request in names[:-2]:  # entries that do not fit wait, but only a few
        numbers = [int(name[1:-4]) for name in request]
        assert numbers == list(range(numbers[0], numbers[-1] + 1, 2)) and len(numbers) <= 16
    assert len(names) < 150 / 7 + 2
    assert stored == [name for request in names for name in request]
    assert sorted(stored) == sorted([*(f"f{i}.txt" for i in range(150)), "big.txt", "small.txt"])


@FEW
def test_a_request_takes_64_entries(worker, folder):
    source = """
spool = Spool(folder, 10_000_000)
for i in range(130):
    spool.put("training", File(b"%d" % i, name="f%d.txt" % i))
service = Service()
result = flushed(spool, service), [len(call[3]) for call in service.calls]
"""
    assert run(worker, folder, source) == (Flushed(stored=130), [64, 64, 2])


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
    assert flushed == Flushed(stored=3)
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
    "e.txt: it is empty": "spool.put('training', File(b'', name='e.txt'))",
    "big: 104857600 bytes": "spool.put('training', Big())",
    "path": "Spool('')",
    "path:": "Spool(b'x')",
    "max_bytes": "Spool(folder, 0)",
    "drop_oldest": "Spool(folder, drop_oldest=1)",
}


@FEW
def test_an_item_that_could_never_be_sent_is_refused(worker, folder):
    results = worker.define(SPOOL).refusals(folder, list(REFUSED.values()))
    for about, (text, *rest) in zip(REFUSED, results, strict=True):
        assert text.startswith(about.strip(": ")), (about, text)
        assert rest == [[], 0, 0], about


@MODES
def test_put_without_space(worker, folder):
    """Nothing is lost, and nothing is written in part."""
    refused, before, stored, entries, left = worker.define(SPOOL).put_until_full(folder)
    assert [each[:2] for each in refused] == [(2, True), (3, True)]
    assert "max_bytes=3000" in refused[0][2]
    assert before == (["00000001.ent", "00000002.ent"], 2)
    assert (stored, entries, left) == (2, 1, ["00000003.ent"])


@FEW
def test_dropping_the_oldest_is_counted(worker, folder):
    before, after, flushed, stored = worker.define(SPOOL).put_dropping_the_oldest(folder)
    kept = [f"{i:08}.ent" for i in (5, 6, 7)]
    assert before == after == (kept, 3)  # first the rejected entry is dropped, then two entries
    assert (flushed, stored) == (Flushed(stored=3), ["4.txt", "5.txt", "6.txt"])


@FEW
def test_numbers_are_not_used_twice(worker, folder):
    rejected = ["rejected/00000001.ent", "rejected/00000001.txt"]
    assert worker.define(SPOOL).numbers(folder) == [
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
with open(folder + "/rejected/000000/00000002.txt", "rb") as file:
    reason = file.read()
whole = os.stat(folder + "/rejected/000000/00000002.ent")[6] > 100
result = first, files(folder), reason, flushed(Spool(folder), service), whole
"""
    first, left, reason, again, whole = run(worker, folder, source)
    assert first == (Flushed(stored=2, rejected=1), 2)
    assert left == ["rejected/00000002.ent", "rejected/00000002.txt"]
    assert reason.decode() == "no such thing: ä"
    assert again == Flushed() and whole


OUTCOMES = {
    "NetworkError('x')": "kept",
    "DeadlineError('x')": "kept",
    "ProtocolError('x')": "kept",
    **{f"ServiceError('x', {status})": "kept" for status in (408, 425, 429, 500, 503, 599)},
    **{f"ServiceError('x', {status}, 'bad values')": "rejected" for status in (400, 413, 415, 421, 422)},
    **{f"ServiceError('x', {status}, '<html>')": "kept" for status in (400, 413, 415, 421, 422)},
    "ServiceError('x', 400, ' \\n{\"proxy\": 5}')": "kept",
    "ServiceError('x', 400)": "kept",
    "ServiceError('x', 200, 'no')": "kept",
    "LimitError('x')": "kept",
    "CertificateError('x')": "raised",
    **{f"ServiceError('x', {status})": "raised" for status in (301, 401, 403, 404, 405, 407)},
}


@FEW
def test_outcome_of_each_error(worker, folder):
    device = worker.define(SPOOL)
    assert {error: device.outcome_of_error(folder, error) for error in OUTCOMES} == OUTCOMES


@FEW
def test_one_bad_entry_does_not_have_others_rejected(worker, folder):
    source = """
spool = Spool(folder)
for i in range(4):
    spool.put("training", wave(i))
service = Service(bad="wave.2.cbor")
result = flushed(spool, service), [call[3] for call in service.calls], files(folder)
"""
    flushed, names, left = run(worker, folder, source)
    assert flushed == Flushed(stored=3, rejected=1)
    assert names == [[f"wave.{i}.cbor" for i in range(4)], *([f"wave.{i}.cbor"] for i in range(4))]
    assert left == ["rejected/00000003.ent", "rejected/00000003.txt"]


@FEW
def test_an_entry_acknowledged_before_the_connection_broke_is_not_sent_again(worker, folder):
    flushed, left = worker.define(SPOOL).flush_to_a_broken_connection(folder)
    assert flushed == Flushed(stored=1, duplicates=1, kept=2, error="NetworkError")
    assert left == ["00000003.ent", "00000004.ent"]


@FEW
def test_flushing_with_an_async_client(worker, folder):
    first, status, last, refusals, stored = worker.define(SPOOL).flush_async(folder)
    assert first == Flushed(stored=2, kept=1, error="ServiceError")  # it goes on after one failure
    assert status == 401
    assert last == Flushed(stored=1, kept=1)
    assert len(refusals) == 1 and refusals[0].startswith("flush: ") and stored == 1


@FEW
def test_nothing_is_dropped_when_that_does_not_make_space(worker, folder):
    """An open recording cannot be dropped, nor an entry that is being sent."""
    (entries, dropped), after = worker.define(SPOOL).put_beside_a_recording(folder)
    assert (entries, dropped) == (3, 0)
    entries, dropped, size = after
    assert (entries, dropped) == (3, 1) and size <= 4000


@FEW
def test_a_full_file_system_and_a_body_of_another_class(worker, folder):
    """The body has no `rewindable`, and no name where one is given; without space the oldest entry is dropped."""
    assert worker.define(SPOOL).put_in_a_full_file_system(folder) == (1, 1, ["00000002.ent"])


@FEW
def test_stored_entries_are_removed_before_others_are_set_aside(worker, folder):
    """To set an entry aside needs space: an error there must not make the spool send the stored ones again."""
    (first, left), (second, rejected) = worker.define(SPOOL).flush_without_space_to_set_aside(folder)
    assert first == Flushed(stored=2, kept=1, stuck={1: "no (not moved to rejected/: no space)"})
    assert left == ["00000001.ent"]
    assert second == Flushed(rejected=1)
    assert rejected == ["rejected/00000001.ent", "rejected/00000001.txt"]


@FEW
def test_what_cannot_be_removed_is_not_sent_again(worker, folder):
    (first, second, third), sent, left = worker.define(SPOOL).flush_what_cannot_be_removed(folder)
    assert (first[:6], list(first[7])) == (Flushed(stored=4, kept=1)[:6], [2]) and "stored, but" in first[7][2]
    assert second[:5] == Flushed(kept=1)[:5] and list(second[7]) == [2]
    assert (third, sent, left) == (Flushed(), [f"wave.{i}.cbor" for i in range(4)], [])


@FEW
def test_an_entry_is_set_aside_only_if_it_is_unreadable(worker, folder):
    """With too many open files the entry stays. An entry that the file system cannot read is set aside."""
    device = worker.define(SPOOL)
    assert device.flush_unreadable(folder, 24) == (24, 1)
    assert device.flush_unreadable(folder, 5) == (Flushed(damaged=2), 0)
    assert device.flush_unreadable(folder, 84) == (Flushed(damaged=1), 0)


@pytest.mark.modes("mpy")
def test_a_damaged_length_takes_no_memory(worker, folder):
    flushed, largest = worker.define(SPOOL).flush_a_damaged_length(folder)
    assert flushed == Flushed(damaged=1)
    assert largest <= 16640
