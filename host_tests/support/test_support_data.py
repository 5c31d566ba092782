"""Data travels between tests and interpreters exactly: every type, floats bit by bit, any size."""

import math
import struct
from array import array

from hypothesis import given
from hypothesis import strategies as st

from support.floats import held

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**300), 2**300)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.binary().map(bytearray)
)
arrays = st.one_of(
    *(
        st.lists(st.integers(-(2**b), 2**b - 1)).map(lambda v, t=t: array(t, v))
        for t, b in zip("bhiq", (7, 15, 31, 63), strict=True)
    ),
    *(
        st.lists(st.integers(0, 2**b - 1)).map(lambda v, t=t: array(t, v))
        for t, b in zip("BHIQ", (8, 16, 32, 64), strict=True)
    ),
    st.lists(st.floats(width=32, allow_nan=False)).map(lambda v: array("f", v)),
    st.lists(st.floats(allow_nan=False)).map(lambda v: array("d", v)),
)
values = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(st.text("abcé😀", max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
ECHO = "def echo(value):\n    return value\n"


def same(left, right):
    """Returns whether both are equal in value, type and order, at every depth."""
    if type(left) is not type(right) and not (isinstance(left, dict) and isinstance(right, dict)):
        return False
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    if isinstance(left, array):
        return left.typecode == right.typecode and left.tobytes() == right.tobytes()
    return left == right


@given(value=values)
def test_every_value_returns_unchanged(worker, value):
    assert same(worker.define(ECHO).echo(value), held(worker.mode, value))


DESCRIBE = """
import struct
def text(v): return repr(v)
def double(v): return struct.pack("<d", v)
def points(v): return [ord(c) for c in v]
def octets(v): return list(v)
def pairs(v): return [list(p) for p in v.items()]
def items(v): return [v[i] for i in range(len(v))]
"""


@given(
    number=st.integers(),
    real=st.floats(),
    text=st.text(st.characters(exclude_categories=["Cs"])),
    data=st.binary(),
    table=st.dictionaries(st.text("abcdefgh", max_size=3), st.integers(0, 9)),
)
def test_the_interpreter_sees_what_was_sent(worker, number, real, text, data, table):
    device = worker.define(DESCRIBE)
    assert device.text(number) == repr(number)
    assert device.double(real) == struct.pack("<d", held(worker.mode, real))
    assert device.points(text) == [ord(c) for c in text]
    assert device.octets(data) == list(data)
    assert device.pairs(table) == [list(pair) for pair in table.items()]
    assert device.items(array("h", [1, -2])) == [1, -2]


def test_nan_and_infinities(worker):
    echo = worker.define(ECHO).echo
    assert math.isnan(echo(math.nan))
    assert echo(math.inf) == math.inf
    assert math.copysign(1, echo(-0.0)) == -1


def test_a_megabyte(worker):
    data = bytes(range(256)) * 4096
    assert worker.run("result = (len(data), data)", data=data) == (len(data), data)
    assert worker.run("result = sum(values)", values=list(range(50_000))) == sum(range(50_000))
