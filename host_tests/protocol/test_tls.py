"""HTTPS: which certificates are trusted; errors of the others, to whose servers no request is sent."""

import ssl
import threading

import pytest
import trustme
from support.chains import FAULTS, bad_chain, issued
from support.peer import DEVICE, answering, peer, stored
from support.service import running
from support.worker import DeviceError

BOTH = pytest.mark.modes("mpy", "cpython")
BOARD = pytest.mark.modes("mpy")

SEND = (
    DEVICE
    + """
before = descriptors()
client = Client(KEY, url=url, ca=ca, insecure=insecure, timeout_ms=5000)
try:
    result = [client.send("training", File(b"data", name="a.cbor")).file_name for _ in range(count)]
finally:
    client.close()
    if descriptors() != before:
        raise ValueError("a socket is still open")
"""
)


@pytest.fixture(scope="module")
def good():
    return issued()


def url(made):
    return f"https://localhost:{made.port}"


def run(worker, made, ca=None, insecure=False, count=1):
    return worker.run(SEND, url=url(made), ca=ca, insecure=insecure, count=count)


@BOTH
@pytest.mark.parametrize("key_type", list(trustme.KeyType), ids=lambda kind: kind.name)
@pytest.mark.parametrize("child", [False, True], ids=["direct", "intermediate"])
def test_good_chains(worker, key_type, child):
    chain = issued(key_type, child=child)
    with peer(answering(), chain.context) as made:
        assert run(worker, made, chain.der, count=3) == ["stored.cbor"] * 3
    assert len(made.connections) == 1  # one handshake for all
    assert [request.body for request in made.requests] == [b"data"] * 3
    assert made.requests[0].field("Host") == f"localhost:{made.port}"


@BOTH
def test_the_authority_as_der_or_pem_as_bytes_or_path(worker, good, tmp_path):
    other = trustme.CA().cert_pem.bytes()
    (tmp_path / "ca.der").write_bytes(good.der)
    (tmp_path / "ca.pem").write_bytes(good.pem)
    (tmp_path / "two.pem").write_bytes(b"# mine\r\n" + other + b"\n" + good.pem.replace(b"\n", b"\r\n"))
    with peer(answering(), good.context) as made:
        for ca in (good.der, good.pem, bytearray(good.der), *[str(path) for path in sorted(tmp_path.iterdir())]):
            assert run(worker, made, ca) == ["stored.cbor"]


@BOTH
@pytest.mark.parametrize("fault", FAULTS)
def test_bad_certificates_are_refused_before_a_byte_of_the_request(worker, fault, tmp_path):
    context, ca = bad_chain(fault, tmp_path)
    with peer(answering(), context) as made, pytest.raises(DeviceError) as caught:
        run(worker, made, ca)
    error = caught.value
    assert error.family[:3] == ["CertificateError", "NetworkError", "IngestError"], error
    assert error.sent == 0
    assert f"localhost:{made.port} did not prove who it is" in error.text
    if worker.mode != "cpython":
        assert all(word in error.text for word in FAULTS[fault]), error.text
    assert [bytes(connection.received) for connection in made.connections] == [b""]
    assert "ei_" not in error.text


@BOTH
def test_insecure_accepts_any_certificate(worker, tmp_path):
    context, _ = bad_chain("self-signed", tmp_path)
    with peer(answering(), context) as made:
        assert run(worker, made, insecure=True, count=2) == ["stored.cbor"] * 2
    assert len(made.connections) == 1


@BOTH
def test_a_peer_that_speaks_plain_http_on_the_tls_port(worker, good):
    def handler(made, connection, number):
        connection.recv()
        connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        connection.until_closed()

    with peer(handler) as made, pytest.raises(DeviceError) as caught:
        run(worker, made, good.der)
    assert caught.value.type == "NetworkError"
    assert "TLS" in caught.value.text or "SSL" in caught.value.text
    assert b"ei_" not in made.connections[0].received and b"POST" not in made.connections[0].received


@BOTH
def test_plain_http_to_a_tls_port(worker, good):
    source = DEVICE + "Client(KEY, url=url).send('training', File(b'data', name='a.cbor'))"
    with peer(answering(), good.context) as made, pytest.raises(DeviceError) as caught:
        worker.run(source, url=f"http://127.0.0.1:{made.port}")
    assert caught.value.type in ("NetworkError", "ProtocolError")
    assert made.requests == []


@BOTH
@pytest.mark.parametrize("when", ["in the handshake", "after it"])
def test_a_peer_that_closes_before_the_handshake(worker, good, when):
    def handler(made, connection, number):
        if when == "after it":
            made.take(connection)
        else:
            connection.recv()

    with peer(handler, good.context if when == "after it" else None) as made, pytest.raises(DeviceError) as caught:
        run(worker, made, good.der)
    assert caught.value.type == "NetworkError"  # and never CertificateError, which is final
    assert (caught.value.sent > 0) == (when == "after it")


@BOTH
def test_a_reply_that_ends_with_the_connection_needs_close_notify(worker, good):
    """Without close_notify anybody on the way may have cut the reply; only a counted body is complete."""

    def handler(made, connection, number):
        made.take(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nstored")

    with peer(handler, good.context) as made, pytest.raises(DeviceError) as caught:
        run(worker, made, good.der)
    assert caught.value.type == "NetworkError"


@BOTH
def test_a_kept_connection_that_was_closed_is_replaced(worker, good):
    done = threading.Event()

    def handler(made, connection, number):
        made.take(connection)
        connection.reply()
        if number == 0:
            connection.socket = connection.socket.unwrap()
        done.set()

    source = SEND.replace("for _ in range(count)", "for _ in range(count) if not time.sleep_ms(100)")
    with peer(handler, good.context) as made:
        assert (
            worker.run("import time\n" + source, url=url(made), ca=good.der, insecure=False, count=2)
            == ["stored.cbor"] * 2
        )
    assert len(made.connections) == 2


@BOTH
@pytest.mark.parametrize("size", [1, 16384, 300_000])
def test_bodies_of_every_size(worker, good, size):
    source = DEVICE + (
        "with Client(KEY, url=url, ca=ca, buffer_size=buffer_size) as client:\n"
        "    files = [File(b'\\xfe' * size, name='a.cbor'), File(b'\\xff' * size, name='b.cbor')]\n"
        "    result = client.upload('training', files)[1].file_name\n"
    )
    with peer(answering(stored("a", "b")), good.context) as made:
        assert worker.run(source, url=url(made), ca=good.der, size=size, buffer_size=2048) == "b"
        assert worker.run(source, url=url(made), ca=good.der, size=size, buffer_size=40_000) == "b"
    for request in made.requests:
        assert len(request.body) == int(request.field("Content-Length"))
        assert (request.body.count(b"\xfe"), request.body.count(b"\xff")) == (size, size)


@BOARD
def test_an_early_refusal_over_tls(worker, good):
    def handler(made, connection, number):
        connection.read_until(b"\r\n\r\n")
        connection.reply("too large", 413)
        made.closing.wait(10)

    source = DEVICE + (
        "class Long:\n"
        "    name, content_type, size, rewindable = 'a.cbor', 'application/cbor', 5000000, True\n"
        "    def readinto(self, window): return len(window)\n"
        "    def rewind(self): pass\n"
        "    def close(self): pass\n"
        "Client(KEY, url=url, ca=ca).send('training', Long())"
    )
    with peer(handler, good.context) as made, pytest.raises(DeviceError) as caught:
        worker.run(source, url=url(made), ca=good.der)
    assert (caught.value.type, caught.value.status) == ("ServiceError", 413)


@BOTH
def test_the_local_service_over_https(worker, good, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root = trustme.CA()
    root.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    source = DEVICE + (
        "from array import array\n"
        "sample = Sample([('x', 'm'), ('y', 'm')], 1, array('f', range(3000)), 'UNIX', name='wave.1')\n"
        "with Client(KEY, url=url, ca=ca, hmac_key='fed53116f20684c067774ebf9e7bcbdc') as client:\n"
        "    client.upload('testing', [sample])\n    result = client.send('testing', sample).duplicate\n"
    )
    with running(tmp_path, tls=context, hmac_key="fed53116f20684c067774ebf9e7bcbdc") as service:
        address = service.url.replace("127.0.0.1", "localhost")
        worker.run(source, url=address, ca=root.cert_pem.bytes())
        assert {(row["label"], row["rows"], row["signature"]) for row in service.rows()} == {("wave", 1500, "valid")}
