"""The kept corpus of `make fuzz` on every interpreter, and mutations of it on the real MicroPython."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FUZZ = Path(__file__).parent
CORPUS = {
    folder.name: [path.read_bytes() for path in sorted(folder.iterdir())] for folder in sorted(FUZZ.glob("corpus/*"))
}
DEVICE = (
    (FUZZ / "targets.py").read_text()
    + """
def run(name, inputs, path):
    global PATH
    PATH = path
    return [TARGETS[name](data) for data in inputs]
"""
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """A file for the target that reads one."""
    return str(tmp_path_factory.mktemp("fuzz") / "scratch")


def test_the_corpus_is_small():
    sizes = [len(data) for inputs in CORPUS.values() for data in inputs]
    assert len(CORPUS) >= 4
    assert sum(sizes) < 200_000


@pytest.mark.modes("py", "mpy", "native", "cpython")
@pytest.mark.parametrize("name", CORPUS)
def test_the_kept_corpus(worker, name, scratch, counted):
    results = worker.define(DEVICE).run(name, CORPUS[name], scratch)
    assert len(results) == len(CORPUS[name])
    assert {result[0] for result in results if result} == {"ok", "error"}
    counted(len(results))


def plain(value):
    """The value without the order of maps, which MicroPython does not keep."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def test_interpreters_agree(workers, scratch):
    """MicroPython and CPython give the same results for the corpus."""
    for name in CORPUS:
        here, there = [workers(mode).define(DEVICE).run(name, CORPUS[name], scratch) for mode in ("mpy", "cpython")]
        assert [plain(one) for one in here] == [plain(one) for one in there], name


TOKENS = [
    b"\r\n", b"\n", b"\0", b":", b" ", b"\xff", b"0", b"9", b"f", b"-", b"e9", b"%", b"@", b"//", b"https", b"[::1]",
    b"HTTP/1.1 ", b"chunked", b"Content-Length", b"Transfer-Encoding", b"{", b"}", b"[", b"]", b'"', b"\\", b",",
    b"files", b"success", b"true", b"false", b"null", b"error", b"fileName", b"\\ud83d",
    b"An item with this hash already exists",
]  # fmt: skip


@pytest.mark.modes("mpy")
@pytest.mark.parametrize("name", CORPUS)
@settings(max_examples=100)
@given(data=st.data())
def test_mutations_of_the_corpus(worker, name, scratch, data):
    changed = bytearray(data.draw(st.sampled_from(CORPUS[name])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed)))
        new = data.draw(st.sampled_from(TOKENS) | st.binary(max_size=8) | st.sampled_from(CORPUS[name]))
        changed[at : at + data.draw(st.integers(0, 6))] = new
    worker.define(DEVICE).run(name, [bytes(changed)[:4096]], scratch)
