"""Attacks on the local service: connections that send nothing, hostile heads and forms."""

import contextlib
import re
import socket
import subprocess
import zlib

import pytest
from support.observed import resident_kb
from support.service import BOUNDARY, KEY, form, numbered, part, process, running

HEAD = f"POST /api/training/data HTTP/1.1\r\nHost: x\r\nx-api-key: {KEY}\r\n".encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()


# -- connections that send nothing


@pytest.mark.parametrize("beginning", [b"", b"P", HEAD, HEAD + b"x-file-name: " + b"a" * 2000], ids=len)
def test_200_connections_that_send_nothing(tmp_path, beginning):
    with running(tmp_path, kept_s=1.5) as service, contextlib.ExitStack() as stack:
        address = tuple(service.address.split(":"))
        idle = [stack.enter_context(socket.create_connection(address, 30)) for _ in range(200)]
        for one in idle:
            one.sendall(beginning)
        for number in range(10):  # all others are served as usual
            assert service.data(numbered(number)).status == 200
        for one in idle:  # and these are closed at the time limit
            with contextlib.suppress(ConnectionResetError):
                assert one.recv(1) == b""
        assert service.data(numbered(10)).status == 200


def test_200_bodies_that_never_come(tmp_path):
    head = HEAD + b"x-file-name: a.cbor\r\nContent-Type: application/cbor\r\nContent-Length: 500\r\n\r\n\xa3"
    with running(tmp_path, idle_s=1.5) as service, contextlib.ExitStack() as stack:
        address = tuple(service.address.split(":"))
        idle = [stack.enter_context(socket.create_connection(address, 30)) for _ in range(200)]
        for one in idle:
            one.sendall(head)
        for number in range(10):
            assert service.data(numbered(number)).status == 200
        for one in idle:
            assert b" 408 " in one.recv(100)
        assert len(service.on_disk()) == 10


# -- heads


HEADS = {
    "a field of 9 KB": HEAD + b"x-label: " + b"a" * 9000 + b"\r\n\r\n",
    "a field of 1 MB": HEAD + b"x-label: " + b"a" * (1 << 20) + b"\r\n\r\n",
    "a field without an end": HEAD + b"x-label: " + b"a" * (1 << 20),
    "a thousand fields": HEAD + b"x-a: b\r\n" * 1000 + b"\r\n",
    "a path of 1 MB": b"POST /" + b"a" * (1 << 20) + b" HTTP/1.1\r\n\r\n",
    "a method of 1 MB": b"P" * (1 << 20),
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "length and chunks": HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length of 30 digits": HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "a folded field": HEAD + b"x-label: a\r\n b\r\n\r\n",
    "NUL": HEAD + b"x-label: a\0b\r\n\r\n",
    "noise": bytes(range(256)) * 400,
}


def test_hostile_heads(tmp_path, counted):
    log = tmp_path / "log"
    with log.open("wb") as stderr, process(tmp_path / "data", stderr=stderr) as service:
        assert service.data(numbered(0)).status == 200
        before = resident_kb(service.child.pid)
        for number, (name, head) in enumerate(HEADS.items(), 1):
            with contextlib.suppress(ConnectionError), socket.create_connection(service.address.split(":")) as plain:
                plain.settimeout(30)
                plain.sendall(head)
                plain.shutdown(socket.SHUT_WR)
                assert re.match(rb"HTTP/1\.[01] 4\d\d |$", plain.recv(100)), name
            assert service.data(numbered(number)).status == 200, name
        assert len(service.rows()) == len(HEADS) + 1
        assert resident_kb(service.child.pid) - before < 16 * 1024
    text = log.read_text(errors="replace")
    assert KEY not in text
    assert "Traceback" not in text
    assert max(map(len, text.splitlines())) < 1000
    counted(len(HEADS))


# -- forms


def nested(depth):
    """Returns nested forms."""
    return b"".join(
        b'--%d\r\nContent-Disposition: form-data; name="data"; filename="a.cbor"\r\n'
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n" % (level, level + 1)
        for level in range(depth)
    ).replace(b"--0\r\n", f"--{BOUNDARY}\r\n".encode(), 1)


def odd(fields=b"", name=b"a.cbor", content=b"x"):
    """Returns a form of one part with more lines in its head."""
    head = b'--%s\r\nContent-Disposition: form-data; name="data"; filename="%s"' % (BOUNDARY.encode(), name)
    return head + fields + b"\r\nContent-Type: application/cbor\r\n\r\n" + content + END


_CHARSET = b'--%s\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nutf-16\r\n' % BOUNDARY.encode()
FORMS = {
    "10,000 tiny parts": form(*[part(f"{n}.cbor", b"x") for n in range(10_000)]),
    "10,000 nameless parts": (b"--%s\r\n\r\n\r\n" % BOUNDARY.encode()) * 10_000 + END,
    "100,000 boundaries": (b"--%s\r\n" % BOUNDARY.encode()) * 100_000,
    "nested 1000 times": nested(1000),
    "no end": odd(content=bytes(1 << 20))[: -len(END)],
    "no end of the head": odd(name=b"a" * (1 << 20)).partition(b'aaa"')[0],
    "a file name of 1 MB": odd(name=b"a" * (1 << 20) + b".cbor"),
    "10,000 fields in a part": odd(b"\r\nX-A: b" * 10_000),
    "10,000 parameters": odd(b"; a=b" * 10_000),
    "10,000 continued names": odd(b"".join(b"; filename*%d=a" % n for n in range(10_000))),
    "1 MB before the first part": b"x" * (1 << 20) + b"\r\n" + form(part("a.cbor", b"x")),
    "1 MB of line ends": b"\r\n" * (1 << 19),
    "a part's length of 30 digits": odd(b"\r\nContent-Length: " + b"9" * 30),
    "a part's length below zero": odd(b"\r\nContent-Length: -5"),
    "64 MB deflated": odd(b"\r\nContent-Encoding: deflate", content=zlib.compress(bytes(64 << 20))),
    "base64 that is none": odd(b"\r\nContent-Transfer-Encoding: base64", content=b"=" * 9999),
    "a charset of its own": _CHARSET + form(part("a.cbor", b"x")),
    "NULs": bytes(1 << 20),
    "only the end": END[2:],
}


@pytest.mark.timeout(240)
def test_hostile_forms(tmp_path, counted):
    log = tmp_path / "log"
    with log.open("wb") as stderr, process(tmp_path / "data", stderr=stderr) as service:
        for number in range(2):
            assert service.files(part("a.cbor", numbered(f"before {number}"))).status == 200
        before = resident_kb(service.child.pid)
        for number, (name, body) in enumerate(FORMS.items()):
            with contextlib.suppress(ConnectionError):  # refused before its end
                reply = service.files(body=body)
                assert (reply.status, reply.json["success"]) == (400, False), (name, reply)
                assert len(reply.error) < 400, name
            assert service.files(part("a.cbor", numbered(number))).status == 200, name
            assert list((service.directory / "incoming").iterdir()) == [], name
        assert len(service.rows()) == len(service.on_disk()) == len(FORMS) + 2
        assert resident_kb(service.child.pid) - before < 32 * 1024
    text = log.read_text(errors="replace")
    assert KEY not in text
    assert "Traceback" not in text
    counted(len(FORMS))


def test_it_listens_to_this_computer_only(tmp_path):
    with process(tmp_path, stderr=subprocess.DEVNULL) as service:
        host, _, port = service.address.partition(":")
        assert host == "127.0.0.1"
        others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        for other in others - {"127.0.0.1"}:
            with pytest.raises(OSError):
                socket.create_connection((other, int(port)), 2)
