"""HTTPS with the local authority: the certificate that a board needs to trust it, and the names it is valid for."""

import contextlib
import http.client
import socket
import ssl
import subprocess
import sys

import pytest
from edgeingest_tools.service import certificates
from support.service import KEY, Service, numbered, process

_HEADERS = {"x-api-key": KEY, "x-file-name": "tls.cbor"}


def test_tls_with_the_local_authority(tmp_path):
    with process(tmp_path, "--tls", stderr=subprocess.DEVNULL) as service:
        assert service.url.startswith("https://127.0.0.1:")
        der = (tmp_path / "ca.der").read_bytes()
        assert ssl.PEM_cert_to_DER_cert((tmp_path / "ca.pem").read_text()) == der
        port = service.url.rpartition(":")[2]
        for name in ("127.0.0.1", "localhost"):
            context = ssl.create_default_context(cadata=der)
            with contextlib.closing(
                http.client.HTTPSConnection("127.0.0.1", int(port), context=context, timeout=30)
            ) as client:
                client.sock = context.wrap_socket(
                    socket.create_connection(("127.0.0.1", int(port))), server_hostname=name
                )
                client.request(
                    "POST", "/api/training/data", numbered(name), {**_HEADERS, "Content-Type": "application/cbor"}
                )
                assert client.getresponse().status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            Service(service.url, tmp_path, ssl.create_default_context()).data(numbered(1))


def test_the_authority_is_kept(tmp_path):
    certificates.server_context(tmp_path, ["192.0.2.7"])
    der = (tmp_path / "ca.der").read_bytes()
    certificates.server_context(tmp_path, ["board.local", "fe80::1%eth0"])
    assert (tmp_path / "ca.der").read_bytes() == der
    if sys.platform != "win32":
        assert (tmp_path / "ca.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", ["192.0.2.7", "board.local", "::1", "localhost"])
def test_certificate_names(tmp_path, host):
    server = certificates.server_context(tmp_path, [host])
    client = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in list(ends):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
                ends.remove(end)
