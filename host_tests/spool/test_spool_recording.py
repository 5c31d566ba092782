"""Recordings: rows that are appended to an entry, recovery from a cut at any byte, and damage at any byte."""

import hashlib
import hmac
import io
import struct

import cbor2
import pytest
from edgeingest_tools.service.formats import inspect
from hypothesis import given, settings
from hypothesis import strategies as st
from spool.results import Flushed, Recovered
from support.device_source import device_source

KEY = "fed53116f20684c067774ebf9e7bcbdc"
FEW = pytest.mark.modes("mpy", "cpython")
DEVICE = device_source("spool/spool_recording_device")
ASIDE = ["damaged/00000001.ent", "damaged/00000001.txt"]


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


def checked_rows(body, key):
    """Returns the rows of a message after checking its form and its signature."""
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


@pytest.mark.modes("mpy", "cpython")
@pytest.mark.parametrize("where", ["write", "sync", "close"])
@pytest.mark.parametrize("key", [None, KEY])
def test_a_recording_that_is_interrupted(device, tmp_path, key, where):
    """Ctrl-C or a MemoryError in any call of the file and of the hash: what is sealed ends with its last whole row."""
    folder = str(tmp_path / "spool")
    for axes, typecode, counts in ((3, "f", (5, 100, 3)), (1, "h", (5, 400)), (200, "q", (1, 2, 1))):
        for error in ("interrupt", "memory"):
            for calls in range(1, 120):
                hit, rows, recovered, flushed, bodies, left = device.interrupted(
                    folder, key, axes, typecode, counts, calls, error, where
                )
                assert left == ["00000001.ent"] and recovered == Recovered() and flushed == Flushed(stored=1)
                values = checked_rows(bodies[0], key)
                assert rows <= len(values) <= sum(counts)
                assert all(axes == 1 or len(row) == axes for row in values)
                if not hit:
                    break
            assert not hit and calls > 2


LIMITS = {"b": 7, "B": 8, "h": 15, "H": 16, "i": 31, "I": 32, "q": 63, "Q": 64}


@st.composite
def written(draw):
    """(typecode, axes, buffers of rows, indexes of the buffers after which it is synced)"""
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
@given(take=written(), key=st.sampled_from([None, KEY]))
def test_the_rows_sent_are_those_written(worker, tmp_path_factory, take, key):
    typecode, axes, pieces, syncs = take
    folder = str(tmp_path_factory.getbasetemp() / f"recorded-{worker.mode}")
    buffers = [struct.pack(f"<{axes * len(piece)}{typecode}", *[v for row in piece for v in row]) for piece in pieces]
    rows, sent = worker.define(DEVICE).recorded(folder, buffers, typecode, axes, key, list(syncs))
    expected = [row for piece in pieces for row in piece]
    assert rows == len(expected)
    if not expected:
        assert sent == []
        return
    [body] = sent
    values = checked_rows(body, key)
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
    """A file system may leave any part of a file: complete rows are sent, at least those that were synced, or none."""
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
            assert safe == 0 and outcome == Flushed()
            assert recovered in (Recovered(dropped=1), Recovered(damaged=1)), (end, recovered)
            assert left in ([], ASIDE)
            continue
        assert (recovered, outcome, left) == (Recovered(finished=1), Flushed(stored=1), []), end
        values = checked_rows(sent[0], key)
        flat = values if axes == 1 else [value for row in values for value in row]
        assert flat == list(range(len(flat))) and safe <= len(values)
        assert end < syncs[-1] or len(values) == sum(counts)
    counted(len(found))


@FEW
def test_without_the_key_recordings_that_are_signed_wait(device, tmp_path):
    first, waiting, again, with_key, dropping, flushed, sent = device.recover_without_the_key(
        str(tmp_path / "spool"), KEY
    )
    assert first == Recovered(finished=1, waiting=2)
    assert waiting == ["00000001.rec", "00000002.ent", "00000003.rec"]
    assert again == Recovered(waiting=2)
    assert (with_key, dropping) == (Recovered(finished=2), Recovered())  # the open recording stays
    flushed = Flushed(*flushed)
    assert flushed.stored + flushed.duplicates == 4
    assert [checked_rows(body, key)[0] for body, key in zip(sent, (KEY, None, KEY, None), strict=False)]


@FEW
def test_recordings_are_dropped_on_request(worker, tmp_path):
    source = """
spool = Spool(folder)
begin(spool, key=key).write(array("f", range(4)))
begin(spool).sync()
spool = restarted(folder)
result = tuple(spool.recover(drop=True)), files(folder), spool.bytes
"""
    found = worker.run(DEVICE + source, folder=str(tmp_path / "spool"), key=KEY)
    assert found == (Recovered(dropped=2), [], 0)


@FEW
def test_a_recording_without_space(device, tmp_path):
    """Rows that do not fit are refused, and the recording goes on; there is always space for its end."""
    error_text, written, counted, size, [body], left, *rest = device.record_until_full(str(tmp_path / "spool"))
    assert "max_bytes=4000" in error_text and written == counted and 3000 < size <= 4000
    values = checked_rows(body, None)
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
def test_wrong_arguments_of_recordings(device, tmp_path):
    results, left = device.refusals(str(tmp_path / "spool"), list(WRONG.values()))
    assert left == []
    for about, (text, same) in zip(WRONG, results, strict=True):
        assert text.startswith(about) and same, (about, text)


def damaged(device, tmp_path, torture, **named):
    """Returns what becomes of a file with one wrong bit, in each byte, or in every fifth without --torture."""
    found, more, step = [], True, 1 if torture else 5
    while more:
        more = device.damaged(str(tmp_path / "spool"), first=step * len(found), step=step, **named)
        found += more
    return found


@FEW
def test_an_entry_that_is_damaged_anywhere_is_set_aside(device, tmp_path, torture, counted):
    found = damaged(device, tmp_path, torture, finished=True, key=None)
    for recovered, outcome, sent, left in found:
        assert (recovered, outcome, sent) == (Recovered(), Flushed(stored=1, damaged=1), [])
        assert left == ASIDE
    counted(len(found))


@FEW
def test_a_recording_that_is_damaged_anywhere(device, tmp_path, torture, counted):
    """All of its rows are in one frame here: none of them is sent."""
    found = damaged(device, tmp_path, torture, finished=False, key=KEY)
    for recovered, outcome, sent, left in found:
        outcome = Flushed(*outcome)
        assert (outcome.stored, outcome.duplicates) in ((1, 0), (2, 0)) and sent == [], (recovered, outcome)
        assert left in ([], ASIDE)
    counted(len(found))


@FEW
def test_rows_after_damage_are_kept_for_a_person(device, tmp_path):
    """Whether the first frame of the recording is damaged, or the file system cannot read it."""
    for unreadable in (False, True):
        found = device.recover_before_rows(str(tmp_path / "spool"), unreadable)
        assert found == (Recovered(damaged=1), ASIDE)


@FEW
@pytest.mark.parametrize("torn", [False, True])
def test_a_recording_waits_while_flash_is_full(device, tmp_path, torn):
    """Recovery needs space that only the flush after it frees: a program must not fail before."""
    without, after, flushed = device.recover_without_space(str(tmp_path / "spool"), torn)
    assert without == (Recovered(waiting=1), ["00000001.rec"], True)
    assert after == (Recovered(finished=1), ["00000001.ent"], True)
    assert flushed == Flushed(stored=1)
