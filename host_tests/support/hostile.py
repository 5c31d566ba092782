"""Hostile replies: name -> (result of `send`, result of `upload`, function that yields the bytes)."""

import itertools
import random
import struct

GB = 1 << 30
OK = b"HTTP/1.1 200 OK\r\n"
NO = b"HTTP/1.1 500 No\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
FILES = OK + b"Content-Type: application/json\r\n\r\n"
BEGIN = FILES + b'{"success":true,"files":['
RESULT = b'{"success":true,"projectId":1,"sampleId":1,"fileName":"a"}'


def _endless(head, piece):
    """Returns a function that yields the head, then the piece repeated up to a gigabyte."""
    block = piece * max(1, (1 << 14) // len(piece))
    return lambda: itertools.chain((head,), itertools.repeat(block, GB // len(block)))


def _once(*pieces):
    return lambda: iter(pieces)


def _noise(seed, head=b""):
    chance = random.Random(seed)
    return lambda: itertools.chain((head,), (chance.randbytes(1 << 12) for _ in range(1 << 18)))


def _sized(body):
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


P, N, S = "ProtocolError", "NetworkError", "ServiceError"
HOSTILE = {
    # heads
    "endless status line": (P, P, _endless(b"HTTP/1.1 200 ", b"x")),
    "endless reason of NULs": (P, P, _endless(b"HTTP/1.1 200 ", b"\0")),
    "endless header line": (P, P, _endless(OK + b"A: ", b"x")),
    "endless header name": (P, P, _endless(OK, b"x")),
    "endless headers": (P, P, _endless(OK, b"A: b\r\n")),
    "endless empty headers": (P, P, _endless(OK, b"a:\r\n")),
    "endless equal lengths": (P, P, _endless(OK, b"Content-Length: 1\r\n")),
    "endless connection options": (P, P, _endless(OK, b"Connection: x\r\n")),
    "endless line ends": (P, P, _endless(b"", b"\r\n")),
    "flood of 1xx": (P, P, _endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n")),
    "flood of 1xx with headers": (P, P, _endless(b"", b"HTTP/1.1 103 Hints\r\n" + b"A: b\r\n" * 1000 + b"\r\n")),
    "101": (P, P, _once(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n")),
    "204": (P, P, _once(b"HTTP/1.1 204 No Content\r\n\r\n")),
    "304": (S, S, _once(b"HTTP/1.1 304 Not Modified\r\n\r\n")),
    "status 999": (S, S, _once(b"HTTP/1.1 999 ?\r\n\r\n")),
    "folded": (P, P, _once(OK + b"A: b\r\n c\r\n\r\n")),
    # bodies
    "1 GB, announced": (P, P, _endless(OK + b"Content-Length: %d\r\n\r\n" % GB, b"x")),
    "1 GB, to the end": (P, P, _endless(OK + b"\r\n", b"x")),
    "1 GB in one chunk": (P, P, _endless(CHUNKED + b"40000000\r\n", b"x")),
    "1 GB in small chunks": (P, P, _endless(CHUNKED, b"1\r\nx\r\n")),
    "1 GB of refusal": (S, S, _endless(NO + b"Content-Length: %d\r\n\r\n" % GB, b"x")),
    "1 GB of refusal, in small chunks": (S, S, _endless(NO + CHUNKED[17:], b"1\r\nx\r\n")),
    "1 GB of spaces": (P, P, _endless(OK + b"\r\n", b" ")),
    "1 GB of refused spaces": (S, S, _endless(NO + b"\r\n", b" ")),
    "a log-in page": ("ProtocolError", "ProtocolError", _once(_sized(b"<html>Welcome to the hotel</html>"))),
    "bytes that are no UTF-8": (P, P, _once(_sized(b"\xff\xfe" * 600))),
    # lengths and chunks
    "length too large": (N, N, _once(OK + b"Content-Length: 99\r\n\r\nstored.cbor")),
    "length too small": ("Stored", P, _once(OK + b"Content-Length: 6\r\n\r\nstored.cbor" + RESULT)),
    "length that is no number": (P, P, _once(OK + b"Content-Length: many\r\n\r\nstored")),
    "length below zero": (P, P, _once(OK + b"Content-Length: -1\r\n\r\nstored")),
    "length of 40 digits": (P, P, _once(OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\nstored")),
    "two lengths": (P, P, _once(OK + b"Content-Length: 6\r\nContent-Length: 7\r\n\r\nstored!")),
    "length and chunks": (P, P, _once(OK + b"Content-Length: 6\r\n" + CHUNKED[17:] + b"6\r\nstored\r\n0\r\n\r\n")),
    "chunk size zz": (P, P, _once(CHUNKED + b"zz\r\nstored\r\n")),
    "chunk size -1": (P, P, _once(CHUNKED + b"-1\r\nstored\r\n")),
    "chunk size empty": (P, P, _once(CHUNKED + b"\r\nstored\r\n")),
    "chunk size of nine digits": (P, P, _once(CHUNKED + b"100000006\r\nstored\r\n")),
    "chunk size too small": (P, P, _once(CHUNKED + b"5\r\nstored\r\n0\r\n\r\n")),
    "chunk size too large": (P, P, _once(CHUNKED + b"9\r\nstored\r\n0\r\n\r\n")),
    "chunk size of ffffffff": (P, P, _endless(CHUNKED + b"ffffffff\r\n", b"x")),
    "no last chunk": (N, N, _once(CHUNKED + b"6\r\nstored\r\n")),
    "endless chunk extension": (P, P, _endless(CHUNKED + b"6;", b"x")),
    "endless trailers": (P, P, _endless(CHUNKED + b"6\r\nstored\r\n0\r\n", b"A: b\r\n")),
    "gzip": (P, P, _once(OK + b"Transfer-Encoding: gzip\r\n\r\n\x1f\x8b")),
    # results
    "endless result": (P, P, _endless(BEGIN + b'{"success":true,"fileName":"', b"x")),
    "endless escapes": (P, P, _endless(BEGIN + b'{"success":true,"fileName":"', b"\\u0061")),
    "endless results": (P, P, _endless(BEGIN, RESULT + b",")),
    "endless empty results": (P, P, _endless(BEGIN, b"{},")),
    "endless digits": (P, P, _endless(BEGIN + b'{"success":true,"fileName":"a","sampleId":', b"9")),
    "endless nesting": (P, P, _endless(BEGIN + b'{"a":', b"[")),
    "nested refusal": (S, S, _endless(NO + b"\r\n", b"[")),
    "endless members": (P, P, _endless(FILES + b"{", b'"a":1,')),
    "results for others": (P, P, _once(_sized(b'{"success":true,"files":[' + RESULT + b"," + RESULT + b"]}"))),
    "no results": (P, P, _once(_sized(b'{"success":true,"files":[]}'))),
    "results of other kinds": (P, P, _once(_sized(b'{"success":true,"files":[null,5,"x",[]]}'))),
    # other protocols
    "SSH": (P, P, _once(b"SSH-2.0-OpenSSH_9.2\r\n")),
    "a TLS alert": (N, N, _once(b"\x15\x03\x01\x00\x02\x02\x46")),
    "HTTP/2": (N, N, _once(struct.pack(">BHBBI", 0, 0, 4, 0, 0))),
    "noise": (P, P, _noise(1)),
    "noise after a status line": (P, P, _noise(2, OK)),
    "noise as chunks": (P, P, _noise(3, CHUNKED)),
    "noise as a body": (P, P, _noise(4, OK + b"\r\n")),
    "noise as a refusal": (S, S, _noise(5, NO + b"\r\n")),
    "noise as results": (P, P, _noise(6, BEGIN)),
    "nothing": (N, N, _once()),
}  # fmt: skip
