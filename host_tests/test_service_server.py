"""The service as a process and under strain: memory, clients that leave, the log, TLS, a clean end."""

import http.client
import io
import re
import signal
import socket
import struct
import subprocess
import threading

import pytest
from edgeingest_tools.server import own_address, url
from rich.console import Console
from service_support import (
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
)

_HEADERS = {"x-api-key": KEY, "x-file-name": "big.cbor"}


# -- clients that leave, stall, or come together


class _Log(io.StringIO):
    """Waits for a line, so that a test need not sleep."""

    def __init__(self):
        super().__init__()
        self._more = threading.Condition()

    def write(self, text):
        with self._more:
            self._more.notify_all()
            return super().write(text)

    def wait_for(self, text):
        with self._more:
            assert self._more.wait_for(lambda: text in self.getvalue(), 30), self.getvalue()


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
def test_client_that_leaves_in_the_middle_leaves_nothing(tmp_path, path, content_type, body, reset):
    log = _Log()
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
def test_client_that_stalls_is_told(tmp_path, path, content_type):
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


# -- the log


def test_log_has_a_short_line_for_each_request_and_no_key(tmp_path):
    log = _Log()
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
    assert re.search(r"^200 POST /api/training/data \d+ B \d+ ms  wave\.01\.cbor$", text, re.MULTILINE)
    assert re.search(r"^200 POST /api/training/files \d+ B \d+ ms  2 files$", text, re.MULTILINE)
    assert re.search(r"^401 POST /api/training/data \d+ B \d+ ms  x-api-key is not valid", text, re.MULTILINE)
    for secret in (KEY, "plainkey", "ei_wrongkey", "ei_query", "\x1b", "0" * 32):
        assert secret not in text
    assert len(text.splitlines()) == 7


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


def test_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = command("serve", "--port", taken.getsockname()[1], "--dir", tmp_path)
    assert result.returncode == 1
    assert "address already in use" in result.stderr
    assert "give another --host, --port or --dir" in result.stderr.replace("\n", " ")


def test_wildcard_host_tells_the_address_for_boards(tmp_path):
    with process(tmp_path, "--host", "0.0.0.0") as service:
        port = service.url.rpartition(":")[2]
        assert service.url == f"http://0.0.0.0:{port}"
        assert Service(f"http://127.0.0.1:{port}", tmp_path).data(numbered(1)).status == 200
        if address := own_address():  # there is none without a network
            assert service.child.stdout.readline() == f"From a board: http://{address}:{port}\n"


def test_what_is_not_http_is_one_line_in_the_log(tmp_path):
    with process(tmp_path, stderr=subprocess.PIPE) as service:
        for request in (
            b"\x16\x03\x01 hello\r\n\r\n",
            b"POST / HTTP/1.1\r\nx-api-key: ei_" + b"a" * 9000 + b"\r\n\r\n",
        ):
            with socket.create_connection(service.address.split(":"), 30) as plain:
                plain.sendall(request)
                assert plain.recv(100).startswith(b"HTTP/1.0 400 ")
        with socket.create_connection(service.address.split(":"), 30) as plain:
            plain.sendall(_request("/api/training/data", "application/cbor", 10, b"half"))
        lines = [service.child.stderr.readline() for _ in range(3)]
        service.child.send_signal(signal.SIGTERM)
        assert service.child.stderr.read() == ""
    assert [line.split()[:2] for line in lines] == [["400", "UNKNOWN"], ["400", "UNKNOWN"], ["400", "POST"]]
    assert lines[2].endswith("the client went away; nothing was stored\n")


@pytest.mark.parametrize(
    ("address", "expected"), [("127.0.0.1", "http://127.0.0.1:4810"), ("::1", "http://[::1]:4810")]
)
def test_url(address, expected):
    assert url("http", address, 4810) == expected
