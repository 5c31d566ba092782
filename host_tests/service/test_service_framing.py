"""Bodies: their length, their type, and the limits of their size and number."""

import contextlib
import http.client
import socket

import pytest
from edgeingest_tools.service.app import Settings
from support.service import FORM, KEY, Service, form, numbered, part, running

_DATA, _FILES = "/api/training/data", "/api/training/files"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


def _raw(service: Service, request: bytes) -> bytes:
    with socket.create_connection(service.address.split(":"), 30) as plain:
        plain.sendall(request)
        response = http.client.HTTPResponse(plain)
        response.begin()
        return response.status, response.read().decode()


@pytest.mark.parametrize("path", [_DATA, _FILES])
def test_content_length_is_required(service, path):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {KEY}\r\nx-file-name: a.cbor\r\nContent-Type: {FORM}\r\n"
    for rest in (b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"):
        status, text = _raw(service, head.encode() + rest)
        assert status == 411
        assert "Content-Length is missing: send it, and no chunked transfer encoding" in text


def test_content_encoding_is_refused(service):
    for reply in (
        service.data(numbered(1), Content_Encoding="identity"),
        service.files(part("a.cbor", numbered(1)), Content_Encoding="gzip"),
    ):
        assert reply.status == 400
        assert "Content-Encoding is" in reply.error


@pytest.mark.parametrize("path", [_DATA, _FILES])
def test_content_type_is_required(service, path):
    reply = service.request(path, b"x", {"x-api-key": KEY, "x-file-name": "a"})
    assert reply.status == 400
    assert reply.error.startswith("Content-Type is missing")


@pytest.mark.parametrize("content_type", ["text/plain", "image/jpeg", "application/x-www-form-urlencoded"])
def test_data_takes_messages_only(service, content_type):
    reply = service.data(numbered(1), Content_Type=content_type)
    assert reply.status == 400
    assert reply.text == (
        f"Content-Type is {content_type!r}: /data takes application/cbor, application/json, "
        "application/octet-stream; send others to /files"
    )


def test_data_takes_no_forms(service):
    reply = service.data(form(part("a.cbor", numbered(1))), Content_Type=FORM)
    assert (reply.status, reply.text.startswith("Content-Type is multipart: /data takes one message")) == (400, True)


def test_content_type_parameters_are_ignored(service):
    assert service.data(numbered("p"), Content_Type="application/cbor; charset=binary").status == 200


def test_files_takes_forms_only(service):
    reply = service.files(body=numbered(1), Content_Type="application/cbor")
    assert (reply.status, reply.error) == (
        400,
        "Content-Type is 'application/cbor': /files takes multipart/form-data",
    )


def test_empty_uploads(service):
    assert service.data(b"").text == "'wave.01.cbor' is empty: send at least one byte"
    assert service.files(part("a.cbor", b"")).error == "'a.cbor' is empty: send at least one byte"
    assert "no data file" in service.files().error
    assert service.files(body=b"").status == 400


def test_expect_100_continue(service):
    head = f"POST {_DATA} HTTP/1.1\r\nHost: x\r\nx-api-key: {KEY}\r\nx-file-name: e.cbor\r\n"
    head += "Content-Type: application/cbor\r\n"
    body = numbered("expect")
    with socket.create_connection(service.address.split(":"), 30) as plain:
        plain.sendall(f"{head}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert plain.recv(1024).startswith(b"HTTP/1.1 100 Continue")
        plain.sendall(body)
        response = http.client.HTTPResponse(plain)
        response.begin()
        assert (response.status, response.read()) == (200, b"e.cbor")


def test_one_connection_serves_many_requests(service):
    with contextlib.closing(service.connect()) as connection:
        connection.connect()
        first = connection.sock
        for number in range(3):
            headers = {"x-api-key": KEY, "x-file-name": "keep.cbor", "Content-Type": "application/cbor"}
            connection.request("POST", _DATA, numbered(f"keep {number}"), headers)
            response = connection.getresponse()
            assert (response.status, response.read() != b"") == (200, True)
            assert connection.sock is first


# -- limits


def test_default_limits_are_the_documented_ones(tmp_path):
    settings = Settings(tmp_path)
    assert (settings.max_file_size, settings.max_files) == (100 * 1024 * 1024, 1000)


def test_data_larger_than_the_limit_is_refused_before_it_is_sent(service):
    with contextlib.closing(service.connect()) as connection:
        connection.putrequest("POST", _DATA)
        for name, value in (
            ("x-api-key", KEY),
            ("x-file-name", "a.cbor"),
            ("Content-Type", "application/cbor"),
            ("Content-Length", str(100 * 1024 * 1024)),
        ):
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        assert response.status == 400
        assert "'a.cbor' has 104857600 bytes or more: a file must be smaller" in response.read().decode()


def test_file_of_exactly_the_limit_is_refused(tmp_path):
    body = numbered(1)
    with running(tmp_path, max_file_size=len(body)) as service:
        assert service.data(body).status == 400
        reply = service.files(part("a.cbor", body))
        assert (reply.status, reply.error.startswith(f"'a.cbor' has {len(body)} bytes or more")) == (400, True)
        assert service.on_disk() == []
    with running(tmp_path, max_file_size=len(body) + 1) as service:
        assert service.data(body).status == 200
        assert service.files(part("a.cbor", body)).status == 200


def test_a_thousand_files(tmp_path):
    parts = [part(f"a.{number}.cbor", numbered(number)) for number in range(1001)]
    with running(tmp_path) as service:
        reply = service.files(*parts)
        assert (reply.status, reply.error) == (400, "more than 1000 files: send them in several requests")
        assert service.on_disk() == []
        reply = service.files(*parts[:1000])
        assert reply.status == 200
        assert [entry["fileName"] for entry in reply.json["files"]] == [f"a.{number}.cbor" for number in range(1000)]
        assert [entry["sampleId"] for entry in reply.json["files"]] == [row["id"] for row in service.rows()]
        assert len(service.on_disk()) == 1000
