"""Runs on MicroPython and on CPython: a client of sockets and TLS, as the library uses them."""

import select
import socket


def connect(port, cadata, name):
    address = socket.getaddrinfo("127.0.0.1", port, 0, socket.SOCK_STREAM)[0]
    plain = socket.socket(address[0], address[1], address[2])
    plain.connect(address[-1])
    if cadata is None:
        plain.setblocking(False)
        return plain
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=cadata)
    plain.setblocking(False)
    secure = context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
    secure.setblocking(False)
    return secure


def wait(poll, stream, events):
    """Returns the event of the stream, or None after 5 s without one."""
    poll.register(stream, events)
    for found, event in poll.ipoll(5000):
        return found is stream and event
    return None


def talk(port, cadata=None, name=None):
    """Sends b"hello"; returns the reply and whether a read had to wait for it."""
    stream = connect(port, cadata, name)
    poll = select.poll()
    log = []
    try:
        sent = 0
        while sent < 5:
            count = stream.write(b"hello"[sent:])
            if count is None:
                wait(poll, stream, select.POLLIN | select.POLLOUT)
            sent += count or 0
        buffer = bytearray(64)
        reply = b""
        while True:
            count = stream.readinto(buffer)
            if count is None:
                log.append("waited")
                wait(poll, stream, select.POLLIN)
            elif count:
                reply += bytes(buffer[:count])
            else:
                return reply, "waited" in log
    finally:
        stream.close()


def silent(port):
    """Returns what poll finds on an idle connection, and whether writes that nobody reads stop with None."""
    stream = connect(port, None, None)
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    ready = list(poll.ipoll(0))
    writes = 0
    while stream.write(bytes(65536)) is not None:
        writes += 1
    stream.close()
    return ready, writes > 0
