"""The reply parser compared with h11, byte by byte and at every limit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.device_source import device_source
from support.replies_by_h11 import read_by_h11
from support.worker import DeviceError

DEVICE = device_source("protocol/http_device")

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
# name: (bytes, status, body, kept, whether the end of the connection ends it)
GOOD = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", True, False),
    "no reason": (b"HTTP/1.1 400\r\nContent-Length: 2\r\n\r\nno", 400, b"no", True, False),
    "empty reason": (b"HTTP/1.1 400 \r\nContent-Length: 2\r\n\r\nno", 400, b"no", True, False),
    "odd reason": (b"HTTP/1.1 421 Mis\xe4 \t!\r\ncontent-length:0\r\n\r\n", 421, b"", True, False),
    "equal lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True, False),
    "equal lengths in one": (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx", 200, b"x", True, False),
    "204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", 204, b"", True, False),
    "304": (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", 304, b"", True, False),
    "chunked": (CHUNKED + b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, b"abc0123456789", True, False),
    "extensions": (CHUNKED + b'03;a;b="c"\r\nabc\r\n00 ;x=1\r\n\r\n', 200, b"abc", True, False),
    "last chunk of zeros": (CHUNKED + b"3\r\nabc\r\n000\r\n\r\n", 200, b"abc", True, False),
    "last chunk of many zeros": (
        CHUNKED + b"0000000000003\r\nabc\r\n0000000000000;x=1\r\nDigest: x\r\n y\r\n\r\n", 200, b"abc", True, False,
    ),
    "status 600": (b"HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nno", 600, b"no", True, False),
    "status 999": (b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nno", 999, b"no", True, False),
    "folded": (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\t\r\n d: e\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True, False),
    "folded length": (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n \t 5\r\n \r\n\r\nhello", 200, b"hello", True, False),
    "folded lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1,\r\n 1\r\n\r\nx", 200, b"x", True, False),
    "folded, of no meaning": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nA: b\r\n Content-Length: 2\r\n\r\nx", 200, b"x", True, False,
    ),
    "folded coding": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200, b"x", True, False,
    ),
    "folded options": (
        b"HTTP/1.1 200 OK\r\nConnection: x,\r\n close\r\nContent-Length: 1\r\n\r\nx", 200, b"x", False, False,
    ),
    "trailers": (CHUNKED + b"1\r\n\n\r\n0\r\nDigest: x\r\nOther: y\r\n\r\n", 200, b"\n", True, False),
    "to the end": (b"HTTP/1.1 500 Oops\r\n\r\nall of it", 500, b"all of it", False, True),
    "to the end, empty": (b"HTTP/1.1 500 Oops\r\n\r\n", 500, b"", False, True),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, b"x", False, False),
    "Close, in a list": (
        b"HTTP/1.1 200 OK\r\nConnection: foo, Close , keep-alive\r\nContent-Length: 0\r\n\r\n", 200, b"", False, False,
    ),
    "1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x", False, False),
    "1.0 kept": (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True, False),
    "1.0 closed": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
        200, b"x", False, False,
    ),
    "interim": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nContent-Length: 7\r\nConnection: close\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", True, False,
    ),
    "sixteen interim": (
        b"HTTP/1.1 102 P\r\n\r\n" * 16 + b"HTTP/1.1 201 C\r\nContent-Length: 0\r\n\r\n", 201, b"", True, False,
    ),
}  # fmt: skip

BAD = {
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n",
    "lower case": b"http/1.1 200 OK\r\n",
    "blank first": b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    "two spaces": b"HTTP/1.1  200 OK\r\n",
    "two digits": b"HTTP/1.1 20 OK\r\n",
    "four digits": b"HTTP/1.1 2000 OK\r\n",
    "letters": b"HTTP/1.1 2x0 OK\r\n",
    "status 099": b"HTTP/1.1 099 OK\r\n",
    "101": b"HTTP/1.1 101 Switching\r\n\r\n",
    "seventeen interim": b"HTTP/1.1 100 C\r\n\r\n" * 17,
    "bare LF in the status line": b"HTTP/1.1 200 OK\n",
    "bare LF in a header": b"HTTP/1.1 200 OK\r\nA: b\n",
    "bare CR": b"HTTP/1.1 200 OK\r\nA: b\rc\r\n",
    "NUL": b"HTTP/1.1 200 OK\r\nA: b\0c\r\n",
    "no colon": b"HTTP/1.1 200 OK\r\nhello\r\n",
    "no name": b"HTTP/1.1 200 OK\r\n: x\r\n",
    "space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n",
    "folded status line": b"HTTP/1.1 200 OK\r\n c\r\nA: b\r\n",
    "folded status line, in tabs": b"HTTP/1.1 200 OK\r\n\tA: b\r\n\r\n",
    "folded status line after an interim reply": b"HTTP/1.1 100 C\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n A: b\r\n\r\n",
    "folded digits": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n",
    "folded digits, equal without spaces": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2, 12\r\n\r\n",
    "folded colon": b"HTTP/1.1 200 OK\r\nContent-Length\r\n : 5\r\n\r\n",
    "name with a bracket": b"HTTP/1.1 200 OK\r\nA[]: b\r\n",
    "name of bytes": b"HTTP/1.1 200 OK\r\n\xe4: b\r\n",
    "lengths differ": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "lengths differ in one": b"HTTP/1.1 200 OK\r\nContent-Length: 5,6\r\n\r\n",
    "length -1": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "length +1": b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
    "length 0x1": b"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n",
    "length 1_0": b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
    "length squared": b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
    "empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    "endless length": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "chunked twice": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "chunk size empty": CHUNKED + b"\r\n",
    "chunk size x": CHUNKED + b"x\r\n",
    "chunk size -1": CHUNKED + b"-1\r\n",
    "chunk size +1": CHUNKED + b"+1\r\n",
    "chunk size 0x1": CHUNKED + b"0x1\r\n",
    "chunk size 1_0": CHUNKED + b"1_0\r\n",
    "chunk size after space": CHUNKED + b" 1\r\n",
    "chunk size after a form feed": CHUNKED + b"\x0c1\r\n",
    "chunk size too long": CHUNKED + b"100000001\r\n",
    "chunk size of nine digits": CHUNKED + b"0100000001\r\n",
    "chunk line LF": CHUNKED + b"1\n",
    "chunk too long": CHUNKED + b"1\r\nab\r\n",
    "chunk end LF": CHUNKED + b"1\r\na\n",
    "trailer LF": CHUNKED + b"0\r\nA: b\n",
}


def kind(call, *arguments, **named):
    """Returns the class of the error that a call raises."""
    with pytest.raises(DeviceError) as caught:
        call(*arguments, **named)
    return caught.value.type


def test_good_replies_in_pieces_of_every_size_and_with_trailing_bytes(worker):
    parse = worker.define(DEVICE).parse
    for name, (data, status, body, kept, at_end) in GOOD.items():
        for step in (0, 1, 2, 3, 7):
            used, done, *found = parse(data, step, closed=at_end)
            assert (used, done, found[:3]) == (len(data), True, [status, body, kept]), (name, step)
        for step in (0, 1, 5) if not at_end else ():
            used, done, *found = parse(data + b"HTTP/1.1 500 next", step)
            assert (used, done, found[:3]) == (len(data), True, [status, body, kept]), (name, step)


def test_a_reply_that_is_cut_is_not_complete(worker):
    device = worker.define(DEVICE)
    for name, (data, *_, at_end) in GOOD.items():
        assert device.cuts(data[:-1] if at_end else data, not at_end) == [], name


def test_malformed_replies_are_refused(worker):
    parse = worker.define(DEVICE).parse
    for name, data in BAD.items():
        for step in (0, 1):
            assert kind(parse, data, step) == "ProtocolError", name


def test_headers_are_found_whatever_their_case_and_joined(worker):
    data = b"HTTP/1.1 429 X\r\nRetry-After:\t 7 \r\nA: one\r\nRetry-After-Not: 8\r\na:\r\n"
    data += b"A: \xe4;a: 3\r\nContent-Length: 0\r\n\r\n"
    names = ["retry-after", "RETRY-AFTER", "A", "retry", "after", "content-length", "", "8"]
    found = worker.define(DEVICE).parse(data, 0, names=names)[-1]
    assert found == ["7", "7", "one, , \xe4;a: 3", None, None, "0", None, None]


def test_a_folded_field_is_one_field(worker):
    """RFC 9112, section 5.2: line end and white space between the parts count as spaces."""
    data = b"HTTP/1.1 429 X\r\nA: b\r\n  c: d \r\n\te\r\nB:\r\n 7\r\nC: x\r\n B: 8\r\nA: f\r\nContent-Length: 0\r\n\r\n"
    for step in (0, 1, 3):
        found = worker.define(DEVICE).parse(data, step, names=["A", "b", "c"])[-1]
        assert found == ["b c: d e, f", "7", "x B: 8"]


def test_headers_of_interim_replies_do_not_count(worker):
    data = b"HTTP/1.1 100 C\r\nRetry-After: 7\r\n\r\nHTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n"
    assert worker.define(DEVICE).parse(data, 0, names=["retry-after"])[-1] == [None]


@pytest.mark.parametrize("step", [0, 1])
def test_limits_are_exact(worker, step):
    parse = worker.define(DEVICE).parse

    def attempt(data, **limits):
        try:
            return parse(data, step, limits=list(limits.items()))[1]
        except DeviceError as error:
            return error.type

    line = b"HTTP/1.1 200 OK" + b"k" * 85
    head = line + b"\r\nContent-Length: 30\r\nX: " + b"y" * 80 + b"\r\n\r\n"
    assert attempt(head + b"z" * 30, limit_line=len(line), limit_headers=len(head), limit_body=30) is True
    for wrong in (
        {"limit_line": len(line) - 1},
        {"limit_headers": len(head) - 1},
        {"limit_body": 29},
        {"limit_line": 99, "limit_body": 31},
    ):
        assert attempt(head + b"z" * 30, **wrong) == "ProtocolError", wrong
    chunks = CHUNKED + b"a\r\n0123456789\r\n" * 3 + b"0\r\n\r\n"
    assert attempt(chunks, limit_body=30) is True
    assert attempt(chunks, limit_body=31) is True
    assert attempt(chunks, limit_body=29) == "ProtocolError"


def test_sizes_beyond_a_machine_word(worker):
    """A board has words of 32 bits and takes no larger number as an index; the wasm builds have such words, too."""
    parse = worker.define(DEVICE).parse
    for size in (2**30, 2**31 - 1, 2**31, 2**32 - 1):
        data = CHUNKED + b"%x\r\nhello" % size
        assert parse(data)[:4] == (len(data), False, 200, b"hello")
    for size in (2**31, 2**32, 10**15 - 1):
        data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nhello" % size
        assert parse(data)[:4] == (len(data), False, 200, b"hello")


FLOODS = (
    b"HTTP/1.1 200 " + b"x" * 20_000,
    b"HTTP/1.1 200 OK\r\nA: " + b"x" * 20_000,
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 4000,
    b"HTTP/1.1 100 C\r\n\r\n" * 4000,
    CHUNKED + b"1;" + b"x" * 20_000,
    CHUNKED + b"0\r\n" + b"A: b\r\n" * 4000,
    CHUNKED + b"1\r\nx\r\n" * 4000,
    b"HTTP/1.1 200 OK\r\n\r\n" + bytes(20_000),
)


def test_floods_end(worker):
    for flood in FLOODS:
        assert kind(worker.define(DEVICE).parse, flood, 512) == "ProtocolError", flood[:80]


def test_a_sink_gets_every_body_byte_with_the_status(worker):
    data = CHUNKED.replace(b"200", b"503") + b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    for step in (1, 2, 50, 1000):
        done, body, got = worker.define(DEVICE).sunk(data, step)
        assert (done, body) == (True, b"")
        assert {status for status, _ in got} == {503}
        assert b"".join(piece for _, piece in got) == b"abcdefg"


TOKEN = st.text("abcXYZ019-_.!#", min_size=1, max_size=8).filter(
    lambda name: name.lower() not in ("content-length", "transfer-encoding", "connection")
)
VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
FOLDED = st.lists(VALUE.filter(bool), min_size=2, max_size=3).map("\r\n ".join)
HEADERS = st.lists(st.tuples(TOKEN, VALUE | FOLDED), max_size=4)


@st.composite
def replies(draw):
    """(bytes, whether the end of the connection ends it)"""
    data = b""
    for _ in range(draw(st.integers(0, 2))):
        data += b"HTTP/1.1 %d\r\n%s\r\n" % (draw(st.sampled_from([100, 102, 103])), lines(draw(HEADERS)))
    status = draw(st.sampled_from([200, 201, 204, 301, 304, 400, 401, 413, 421, 500, 599]))
    headers = draw(HEADERS)
    body = draw(st.binary(max_size=60))
    form = draw(st.sampled_from(["length", "chunked", "close"]))
    if draw(st.booleans()):
        headers.append(("Connection", draw(st.sampled_from(["close", "keep-alive", "Close, x", "x, keep-alive"]))))
    if form == "length":
        headers.append(("Content-Length", str(len(body))))
    elif form == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
        body = draw(chunked(body))
    version = draw(st.sampled_from([b"1.0", b"1.1"]))
    head = b"HTTP/%s %d %s\r\n" % (version, status, draw(st.sampled_from([b"", b"OK", b"a b"]))) + lines(headers)
    if status in (204, 304):
        body, form = b"", "length"
    return data + head + b"\r\n" + body, form == "close"


def lines(headers):
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in headers)


@st.composite
def chunked(draw, body):
    data = b""
    while body:
        size = draw(st.integers(1, len(body)))
        data += b"%x%s\r\n%s\r\n" % (size, draw(st.sampled_from([b"", b";a", b';a="b;c"', b" "])), body[:size])
        body = body[size:]
    return data + b"0\r\n" + lines(draw(HEADERS)) + b"\r\n"


def compare(parse, data, step, closed):
    """Returns whether both parsers read it; checks that they agree then."""
    theirs = read_by_h11(data, closed)
    names = sorted({name.decode() for name, _ in theirs[2]}) if theirs else []
    try:
        _, done, status, body, kept, values = parse(data, step, closed=closed, names=names)
    except DeviceError as error:
        assert error.type == "ProtocolError", error
        return False
    if not done or theirs is None:
        return False
    assert (status, body) == theirs[:2]
    joined = [b", ".join(value for key, value in theirs[2] if key == name.encode()) for name in names]
    assert [value.encode("latin-1") for value in values] == joined
    if theirs[4] == b"1.1" and not closed:  # h11 never keeps a connection of 1.0
        assert kept == theirs[3]
    return True


@settings(max_examples=40)
@given(reply=replies(), step=st.sampled_from([0, 1, 2, 5, 13]), extra=st.sampled_from([b"", b"HTTP/1.1 2"]))
def test_what_h11_reads_is_read_alike(worker, reply, step, extra):
    data, at_end = reply
    assert compare(worker.define(DEVICE).parse, data + (b"" if at_end else extra), step, closed=at_end)


@settings(max_examples=40)
@given(data=st.data())
def test_damaged_replies_are_read_alike_or_refused(worker, data):
    reply, at_end = data.draw(replies())
    damaged = bytearray(reply)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged)))
        new = data.draw(st.sampled_from([b"", b"\0", b"\r", b"\n", b"\r\n", b":", b" ", b"\xff", b"1", b"x"]))
        damaged[at : at + data.draw(st.integers(0, 2))] = new
    compare(worker.define(DEVICE).parse, bytes(damaged), data.draw(st.sampled_from([0, 1, 7])), at_end)


@settings(max_examples=40)
@given(start=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", CHUNKED]), noise=st.binary(max_size=300))
def test_noise_is_a_protocol_error_or_nothing(worker, start, noise):
    try:
        worker.define(DEVICE).parse(start + noise, 16)
    except DeviceError as error:
        assert error.type == "ProtocolError"
