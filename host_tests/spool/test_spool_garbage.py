"""Files of a spool with any contents: the next start-up succeeds, and the entries that are right are sent."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spool.results import Flushed, Recovered
from support.device_source import device_source

DEVICE = device_source("spool/spool_garbage_device")

texts = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"training\0\0%s\0a.txt\0text/plain" % pairs for pairs in (b"", b"a\1b", b"a\1b\1c", b"\1")]),
    st.lists(st.text(max_size=8), min_size=5, max_size=5).map(lambda each: "\0".join(each).encode(errors="replace")),
)
header = st.builds(
    lambda version, flags, number, rest: struct.pack("<BBI", version, flags, number) + rest,
    st.sampled_from([1] * 9 + [0, 255]),
    st.integers(0, 255),
    st.sampled_from([1] * 9 + [2]),
    texts,
)
about = st.builds(
    lambda signed, start, row, rest: struct.pack("<BII", signed, start, row) + rest,
    st.integers(0, 2),
    st.one_of(st.integers(0, 40), st.just(0xFFFFFFFF)),
    st.sampled_from([0, 1, 5, 0xFFFFFFFF]),
    st.binary(max_size=30),
)
frame = st.one_of(
    st.tuples(st.sampled_from(b"HRDTEX"), st.binary(max_size=600)),
    st.tuples(st.just(ord("H")), header),
    st.tuples(st.just(ord("R")), about),
    st.tuples(st.just(ord("D")), st.binary(max_size=40)),
    st.tuples(st.just(ord("E")), st.integers(0, 100).map(lambda number: struct.pack("<I", number))),
)


def sealed(frames, torn):
    """Returns the frames with their checksums, without the last `torn` bytes."""
    data, total = b"", 0
    for kind, content in frames:
        head = struct.pack("<BH", kind, len(content))
        total = zlib.crc32(head + content, total)
        data += head + content + struct.pack("<I", total)
    return data[: len(data) - torn]


tails = st.lists(frame, max_size=5)
entries = st.builds(lambda first, rest: [(ord("H"), first), *rest], header, tails)
recordings = st.builds(lambda first, second, rest: [(ord("H"), first), (ord("R"), second), *rest], header, about, tails)
whole = st.builds(
    lambda first, data: [(ord("H"), first), (ord("D"), data), (ord("E"), struct.pack("<I", len(data)))],
    header,
    st.binary(min_size=1, max_size=40),
)
content = st.one_of(
    st.binary(max_size=300),
    st.builds(
        sealed,
        st.one_of(tails, entries, recordings, whole),
        st.one_of(st.just(0), st.integers(0, 30)),
    ),
)


@pytest.mark.modes("mpy", "cpython")
@settings(max_examples=150)
@given(contents=st.lists(st.tuples(st.sampled_from(["ent", "rec"]), content), min_size=1, max_size=2))
def test_start_up_with_any_files(worker, tmp_path_factory, contents):
    folder = str(tmp_path_factory.getbasetemp() / f"garbage-{worker.mode}")
    recovered, outcome, sent, left = worker.define(DEVICE).start_up(folder, contents, "key")
    recovered, outcome = Recovered(*recovered), Flushed(*outcome)
    assert (outcome.kept, outcome.error) == (0, None)
    assert sent.count("wave.1.cbor") >= 1
    assert recovered.waiting == 0
    set_aside = outcome.rejected + outcome.damaged + recovered.damaged
    assert left % 2 == 0 and left >= 2 * set_aside  # each with its reason
