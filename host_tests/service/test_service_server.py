"""The service as a process and with clients that disconnect, stall or connect at once; errors of the disk."""

import http.client
import re
import signal
import socket
import struct
import threading

import cbor2
import pytest
from edgeingest_tools.service.server import own_address, url
from rich.console import Console
from support.observed import Log
from support.service import (
    BOUNDARY,
    FORM,
    KEY,
    Service,
    command,
    form,
    numbered,
    part,
    process,
    running,
    signed,
)

_HEADERS = {"x-api-key": KEY, "x-file-name": "big.cbor"}


# -- clients that disconnect, stall, or connect at once


def _request(path, content_type, size, body):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {KEY}\r\nx-file-name: a.cbor\r\n"
    return f"{head}Content-Type: {content_type}\r\nContent-Length: {size}\r\n\r\n".encode() + body


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/api/training/data", "application/cbor", numbered(1)[:-1]),
        ("/api/training/files", FORM, b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data; na"),
        (
            "/api/training/files",
            FORM,
            form(part("a.cbor", numbered(1)))[: -len(BOUNDARY) - 8],
        ),
    ],
)
def test_nothing_is_stored_when_a_client_disconnects(tmp_path, path, content_type, body, reset):
    log = Log()
    with running(tmp_path, console=Console(file=log)) as service:
        with socket.create_connection(service.address.split(":"), 30) as plain:
            plain.sendall(_request(path, content_type, 10_000, body))
            if reset:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        log.wait_for("the client went away")
        assert service.on_disk() == []
        assert service.rows() == []
        assert service.data(numbered(1)).status == 200


@pytest.mark.parametrize(
    ("path", "content_type"), [("/api/training/data", "application/cbor"), ("/api/training/files", FORM)]
)
def test_client_that_stalls_gets_a_408(tmp_path, path, content_type):
    with (
        running(tmp_path, idle_s=0.05) as service,
        socket.create_connection(service.address.split(":"), 30) as plain,
    ):
        plain.sendall(_request(path, content_type, 10_000, b"--"))
        response = http.client.HTTPResponse(plain)
        response.begin()
        assert response.status == 408
        assert "no byte came for 0.05 s" in response.read().decode()
        assert service.on_disk() == []


def test_many_clients_at_once(tmp_path):
    with running(tmp_path) as service:
        replies = []

        def upload(worker):
            for number in range(10):
                replies.append(service.data(numbered(f"{worker} {number}"), x_disallow_duplicates="1").text)

        threads = [threading.Thread(target=upload, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(replies)) == 80
        assert sorted(replies) == sorted(row["stored_name"] for row in service.rows())
        assert len(service.on_disk()) == 80


def test_disk_error_is_a_500(tmp_path):
    with running(tmp_path) as service:
        (tmp_path / "incoming").rmdir()
        for reply in (service.data(numbered(1)), service.files(part("a.cbor", numbered(1)))):
            assert reply.status == 500
            assert reply.error == "the service could not store the upload: No such file or directory"
        (tmp_path / "incoming").mkdir()
        assert service.data(numbered(1)).status == 200


# -- the process


def test_process_prints_where_it_listens_and_ends_cleanly(tmp_path):
    with process(tmp_path, "--api-key", "ei_one", "--api-key", "ei_two", "--list-labels") as service:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", service.url)
        assert service.data(numbered(1), x_api_key="ei_two").status == 200
        assert service.data(numbered(2), x_api_key="ei_three").status == 401
        service.child.send_signal(signal.SIGTERM)
        assert service.child.wait(30) == 0
    with process(tmp_path) as service:
        assert service.data(numbered(1), x_disallow_duplicates="1").status == 400
        service.child.send_signal(signal.SIGINT)
        assert service.child.wait(30) == 0


def test_keys_from_the_environment(tmp_path, monkeypatch):
    """Other users of the computer cannot see them there, as they can in a command line."""
    monkeypatch.setenv("EDGEINGEST_API_KEY", "ei_one")
    monkeypatch.setenv("EDGEINGEST_HMAC_KEY", "another")
    with process(tmp_path) as service:
        assert service.data(numbered(1), x_api_key="ei_two").status == 401
        assert service.data(signed(cbor2.dumps), x_api_key="ei_one").status == 200
        assert service.row()["signature"] == "invalid"
    assert "another" not in command("serve", "--help").stdout


def test_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = command("serve", "--port", taken.getsockname()[1], "--dir", tmp_path)
        port = taken.getsockname()[1]
    assert result.returncode == 1
    assert result.stderr == f"edgeingest: port {port} is in use: give another --port\n"


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_host_of_another_computer(tmp_path, host):
    result = command("serve", "--host", host, "--port", 0, "--dir", tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(f"edgeingest: --host {host} is no address of this computer: give one that is")


def test_wildcard_host_prints_the_address_for_boards(tmp_path):
    with process(tmp_path, "--host", "0.0.0.0") as service:
        port = service.url.rpartition(":")[2]
        assert service.url == f"http://0.0.0.0:{port}"
        assert Service(f"http://127.0.0.1:{port}", tmp_path).data(numbered(1)).status == 200
        if address := own_address():  # there is none without a network
            assert service.child.stdout.readline() == f"From a board: http://{address}:{port}\n"


@pytest.mark.parametrize(
    ("address", "expected"), [("127.0.0.1", "http://127.0.0.1:4810"), ("::1", "http://[::1]:4810")]
)
def test_url(address, expected):
    assert url("http", address, 4810) == expected
