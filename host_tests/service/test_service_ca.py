"""`edgeingest ca`: finds the root certificate that verifies a server; here each server has its own authority."""

import contextlib
import hashlib
import socket
import ssl
import threading

import certifi
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from edgeingest_tools import roots
from support.service import command


@contextlib.contextmanager
def tls_server(authority):
    """Runs a server that closes after the TLS handshake; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            # Ends when the listener is shut down; in some tests the client refuses the certificate.
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()


def der_of(authority):
    return x509.load_pem_x509_certificate(authority.cert_pem.bytes()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def root():
    return trustme.CA(organization_name="The Root")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, root):
    """Writes trusted roots as certifi does: several, in PEM; the right one is not the first."""
    path = tmp_path_factory.mktemp("roots") / "bundle.pem"
    others = [trustme.CA(organization_name=f"Other {number}") for number in range(3)]
    path.write_bytes(b"".join(ca.cert_pem.bytes() for ca in (*others[:2], root, others[2])))
    return path


@pytest.mark.parametrize("intermediates", [0, 1, 2])
def test_root_of_a_chain(tmp_path, root, bundle, intermediates):
    authority = root
    for _ in range(intermediates):
        authority = authority.create_child_ca()
    with tls_server(authority) as port:
        result = command("ca", f"localhost:{port}", "-o", tmp_path / "ca.der", "--bundle", bundle)
    assert result.returncode == 0, result.stderr
    der = (tmp_path / "ca.der").read_bytes()
    assert der == der_of(root)
    lines = dict(line.split(None, 1) for line in result.stdout.splitlines())
    assert "O=The Root" in lines["subject"]
    assert lines["expires"] == x509.load_der_x509_certificate(der).not_valid_after_utc.date().isoformat()
    assert lines["size"] == f"{len(der)} bytes"
    assert lines["SHA-256"].replace(":", "").lower() == hashlib.sha256(der).hexdigest()
    assert lines["written"] == str(tmp_path / "ca.der")


def test_the_root_verifies_the_server(tmp_path, root, bundle):
    with tls_server(root.create_child_ca()) as port:
        der = roots.root_for("127.0.0.1", port, bundle, 10)
        context = ssl.create_default_context(cadata=der)
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            assert secure.getpeercert()


def _failure(tmp_path, *arguments):
    result = command("ca", *arguments, "-o", tmp_path / "ca.der")
    assert (result.returncode, result.stdout) == (1, "")
    assert not (tmp_path / "ca.der").exists()
    return result.stderr


def test_authority_that_is_not_in_the_bundle(tmp_path, bundle):
    with tls_server(trustme.CA()) as port:
        text = _failure(tmp_path, f"localhost:{port}", "--bundle", bundle)
        assert f"edgeingest: localhost:{port} is not trusted by {bundle}: " in text
        assert "ask its owner for the root certificate" in text
        text = _failure(tmp_path, f"localhost:{port}")
        assert f"is not trusted by {certifi.where()}" in text


def test_wrong_name(root, bundle, monkeypatch):
    real = socket.create_connection
    with tls_server(root) as port:
        monkeypatch.setattr(socket, "create_connection", lambda _, timeout: real(("127.0.0.1", port), timeout))
        with pytest.raises(roots.RootError, match="Hostname mismatch"):
            roots.root_for("other.example", port, bundle, 10)


def test_no_network(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = _failure(tmp_path, f"127.0.0.1:{port}")
    assert f"cannot connect to 127.0.0.1:{port}: " in text
    assert "check the port and this computer's network" in text


def test_unknown_host(monkeypatch, bundle):
    def fail(*_):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(roots.RootError, match="cannot find nowhere.example: Name or service not known; check the name"):
        roots.root_for("nowhere.example", 443, bundle, 1)


def test_server_without_tls(bundle):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(4096)

        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(roots.RootError, match=f"^127.0.0.1:{port} does not speak TLS; check the port$"):
            roots.root_for("127.0.0.1", port, bundle, 10)
        thread.join()


def test_bundle_that_cannot_be_read(tmp_path):
    assert "cannot read roots from nowhere.pem" in _failure(tmp_path, "localhost:1", "--bundle", "nowhere.pem")
    (tmp_path / "empty.pem").write_text("")
    assert "give a PEM file with --bundle" in _failure(tmp_path, "localhost:1", "--bundle", tmp_path / "empty.pem")


def test_output_that_cannot_be_written(tmp_path, root, bundle):
    with tls_server(root) as port:
        result = command("ca", f"localhost:{port}", "--bundle", bundle, "-o", tmp_path / "no" / "ca.der")
    assert (result.returncode, "give another file with -o" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("ingestion.edgeimpulse.com", "ingestion.edgeimpulse.com", 443),
        ("localhost:4810", "localhost", 4810),
        ("[::1]:4810", "::1", 4810),
        ("https://ingestion.edgeimpulse.com/api", "ingestion.edgeimpulse.com", 443),
    ],
)
def test_hosts(text, host, port):
    assert roots.split_host(text) == (host, port)


@pytest.mark.parametrize("text", ["", ":443", "host:port", "host:99999", "[::1"])
def test_not_a_host(text):
    with pytest.raises(roots.RootError, match="is not a host"):
        roots.split_host(text)
