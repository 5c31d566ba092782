"""The log of the local service: one line for each request."""

import json
import re
import signal
import socket
import ssl
import subprocess

import pytest
from rich.console import Console
from support.observed import Log
from support.service import HMAC_KEY, KEY, changed, numbered, part, process, running, signed
from support.uploads import JPEG

_START = r"^\d\d:\d\d:\d\d 127\.0\.0\.1 "


def _colours(log):
    """Returns a console that writes to the log with colours."""
    return Console(file=log, force_terminal=True, color_system="standard", width=200)


@pytest.fixture(autouse=True)
def colours(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_short_line_for_each_request_and_no_key(tmp_path):
    log = Log()
    with running(tmp_path, api_keys=(KEY, "plainkey"), hmac_key="0" * 32, console=Console(file=log)) as service:
        service.data(numbered(1))
        service.files(part("a.cbor", numbered(2)), part("b.cbor", numbered(3)))
        service.data(numbered(1), x_api_key="ei_wrongkey")
        service.data(numbered(1), x_api_key="plainkey", x_file_name="plainkey%1B[31m.cbor")
        service.request(f"/api/{KEY}/data", b"", {"x-api-key": KEY})
        service.request("/ei_wrongkey%1B%5B31m%0Aforged", b"", {})
        service.request("/plainkey?key=ei_query", b"", {})
        log.wait_for("404 POST /*** ")
    text = log.getvalue()
    for line in (
        r"200 POST /api/training/data \d+ B \d+ ms  wave\.01\.cbor, wave\.01\.cbor not signed$",
        r"200 POST /api/training/files \d+ B \d+ ms  2 files, a\.cbor, b\.cbor not signed$",
        r"401 POST /api/training/data \d+ B \d+ ms  x-api-key is not valid",
    ):
        assert re.search(_START + line, text, re.MULTILINE)
    for secret in (KEY, "plainkey", "ei_wrongkey", "ei_query", "\x1b", "0" * 32):
        assert secret not in text
    assert len(text.splitlines()) == 7


def _json(message):
    return json.dumps(message).encode()


_GOOD, _BAD = signed(_json), signed(_json, key="x" * 32)
_PLAIN = _json(changed("signature", "00"))


@pytest.mark.parametrize(
    ("key", "files", "note", "colour"),
    [
        (HMAC_KEY, [("hm.1.json", _BAD)], "1 file, signature of hm.1.json INVALID", "33"),
        (HMAC_KEY, [("hm.1.json", _PLAIN)], "1 file, hm.1.json not signed", "33"),
        (HMAC_KEY, [("hm.1.json", _GOOD), ("a.jpg", JPEG)], "2 files", "32"),
        (HMAC_KEY, [(f"{n}.json", _BAD) for n in range(5)], "signature of 0.json, 1.json, 2.json and 2 more INV", "33"),
        (None, [("hm.1.json", _BAD), ("b.json", _PLAIN)], "2 files", "32"),
    ],
)
def test_signatures(tmp_path, key, files, note, colour):
    log = Log()
    with running(tmp_path, hmac_key=key, console=_colours(log)) as service:
        assert service.files(*(part(*each) for each in files)).status == 200
        log.wait_for(note)
        log.wait_for("\n")
    assert log.getvalue().startswith(f"\x1b[{colour}m")
    assert ("INVALID" in log.getvalue(), "not signed" in log.getvalue()) == ("INV" in note, "not signed" in note)


def test_signature_on_data(tmp_path):
    log = Log()
    with running(tmp_path, hmac_key=HMAC_KEY, console=_colours(log)) as service:
        service.data(_BAD, Content_Type="application/json", x_file_name="hm.1.json")
        log.wait_for("hm.1.json, signature of hm.1.json INVALID")


def test_labels_that_are_not_what_names_seem_to_say(tmp_path):
    log = Log()
    with running(tmp_path, console=_colours(log)) as service:
        names = ["T%C3%BCr.01.cbor", ".hidden.cbor", "wave.01.cbor", "my wave-2.cbor"]
        for number, name in enumerate(names):
            service.data(numbered(number), x_file_name=name)
        log.wait_for("my_wave-2.cbor\x1b[0m\n")
        assert [row["label"] for row in service.rows()] == ["T", None, "wave", "my wave-2"]
        lines = log.getvalue().splitlines()
        assert "label from the name: Tür.01.cbor -> T (give label= if another is meant)" in lines[0]
        assert "label from the name: .hidden.cbor -> none (give label= if another is meant)" in lines[1]
        assert [line.startswith("\x1b[33m") for line in lines] == [True, True, False, False]
        service.files(part("ä.cbor", numbered(7)), part("b.cbor", numbered(8)), part("+.cbor", numbered(9)))
        log.wait_for("3 files, label from the name: ä.cbor -> none, +.cbor -> none (give")
        service.data(numbered(10), x_file_name="%C3%A4.cbor", x_label="door")
        service.data(numbered(11), x_file_name="%C3%A4.cbor", x_no_label="1")
        service.data(numbered(12), x_file_name="last.cbor")
        log.wait_for("last.cbor\x1b[0m\n")
    assert log.getvalue().count("label from the name") == 3


def test_duplicates_are_not_logged_as_failures(tmp_path):
    log = Log()
    with running(tmp_path, console=_colours(log)) as service:
        service.data(numbered(1))
        reply = service.data(numbered(1), x_disallow_duplicates="1", x_file_name="again.cbor")
        assert (reply.status, reply.text) == (400, "An item with this hash already exists (ids: 1)")
        log.wait_for("  duplicate: again.cbor")
        service.files(part("b.cbor", numbered(1)), part("c.cbor", numbered(2)), x_disallow_duplicates="1")
        log.wait_for("  2 files, duplicate: b.cbor")
        assert "\x1b[31m" not in log.getvalue()
        service.data(b"")
        log.wait_for("\x1b[31m")


def _raw(service, request):
    with socket.create_connection(service.address.split(":"), 30) as plain:
        plain.sendall(request)
        assert plain.recv(100).startswith(b"HTTP/1.0 400 ")


def test_a_request_that_is_not_http_is_one_readable_line(tmp_path):
    with process(tmp_path, stderr=subprocess.PIPE) as service:
        _raw(service, b"POST / HTTP/1.1\r\nx-api-key: ei_" + b"a" * 9000 + b"\r\n\r\n")
        _raw(service, b"secret words\r\n\r\n")
        with (
            socket.create_connection(service.address.split(":"), 30) as plain,
            pytest.raises(ssl.SSLError),
        ):
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
        lines = [service.child.stderr.readline() for _ in range(3)]
        service.child.send_signal(signal.SIGTERM)
        assert service.child.stderr.read() == ""
    for line, words in zip(
        lines,
        (
            "no HTTP: Got more than 8190 bytes when reading",
            "no HTTP: Invalid method encountered",
            "no HTTP: the client speaks TLS, this port does not; give --tls here, or http:// there",
        ),
        strict=True,
    ):
        assert re.fullmatch(_START + "400 " + re.escape(words) + "\n", line)
