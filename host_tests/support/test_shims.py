"""The replacements on CPython for modules of MicroPython behave like them: the same code runs on both."""

import socket
import ssl
import threading
from array import array

import pytest
import trustme

from support.device_source import device_source

BOTH = pytest.mark.modes("py", "cpython")

CLIENT = device_source("support/device/shims_device")


def serve(handler, context=None):
    """Runs handler(connection) for one connection in a thread; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        connection, _ = listener.accept()
        try:
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            handler(connection)
        except OSError:
            pass  # the client did not trust this server; the test checks the side of the client
        finally:
            connection.close()
            listener.close()

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def shout(connection):
    connection.settimeout(5)
    threading.Event().wait(0.05)  # the client finds nothing to read at first
    data = b""
    while len(data) < 5:
        data += connection.recv(100)
    connection.sendall(data.upper() * 100)


@BOTH
def test_plain_sockets(worker):
    assert worker.define(CLIENT).talk(serve(shout)) == (b"HELLO" * 100, True)


@BOTH
def test_nothing_to_read_and_no_space_to_write(worker):
    done = threading.Event()
    port = serve(lambda connection: done.wait(10))
    assert worker.define(CLIENT).silent(port) == ([], True)
    done.set()


@pytest.fixture(scope="module")
def authority():
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # as far as MicroPython's TLS goes
    ca.issue_cert("localhost").configure_cert(context)
    return context, ssl.PEM_cert_to_DER_cert(ca.cert_pem.bytes().decode())


@BOTH
def test_tls(worker, authority):
    context, root = authority
    reply, waited = worker.define(CLIENT).talk(serve(shout, context), root, "localhost")
    assert reply == b"HELLO" * 100
    assert waited


@BOTH
@pytest.mark.parametrize("fault", ["name", "authority"])
def test_tls_refuses_another_name_and_another_authority(worker, authority, fault):
    context, root = authority
    if fault == "authority":
        root = ssl.PEM_cert_to_DER_cert(trustme.CA().cert_pem.bytes().decode())
    source = CLIENT + "try:\n    talk(port, root, name)\nexcept (OSError, ValueError) as e:\n    result = 'refused'\n"
    name = "localhost" if fault == "authority" else "example.org"
    assert worker.run(source, port=serve(shout, context), root=root, name=name) == "refused"


@BOTH
def test_ticks_wrap(worker):
    source = (
        "import time\nlast = time.ticks_add(0, -1)\nresult = [time.ticks_diff(a, b) for a, b in ((3, last), (last, 3))]"
    )
    assert worker.run(source) == [4, -4]
    assert (
        worker.run("import time\na = time.ticks_ms()\ntime.sleep_ms(5)\nresult = time.ticks_diff(time.ticks_ms(), a)")
        >= 4
    )


@BOTH
def test_raw_bytes_of_an_array(worker):
    source = """
import uctypes
view = uctypes.bytearray_at(uctypes.addressof(values), 4)
before = bytes(view)
view[0] = 9
result = (before, values)
"""
    assert worker.run(source, values=array("h", [1, 2])) == (b"\x01\x00\x02\x00", array("h", [9, 2]))
