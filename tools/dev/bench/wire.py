"""The raw upload loop that the library is compared with, and a null socket that accepts everything."""

import select
import socket

from edgeingest import transport


class Raw:
    """The least work in Python: one kept connection, head and body in one buffer, replies of a known length."""

    def __init__(self, host, port, ca, reply):
        self._sock = sock = socket.socket()
        sock.connect(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1])
        if ca:
            import ssl

            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.verify_mode = ssl.CERT_REQUIRED
            with open(ca, "rb") as file:
                context.load_verify_locations(cadata=file.read())
            self._sock = context.wrap_socket(sock, server_hostname=host)
        self._reply = reply
        self._head = (
            b"POST /api/training/data HTTP/1.1\r\nHost: %s\r\nX-Api-Key: ei_bench\r\nContent-Length: %%d\r\n\r\n" % host
        )
        self.writes = 0

    def post(self, source, size, view):
        """Sends `size` bytes of a file through the buffer and reads the reply."""
        head = self._head % size
        start = len(head)
        view[:start] = head
        sock = self._sock
        capacity = len(view)
        n = start + source.readinto(view[start:])
        while True:
            sock.write(view if n == capacity else view[:n])
            self.writes += 1
            n = source.readinto(view)
            if not n:
                break
        sock.read(self._reply)

    def post_bytes(self, data):
        """Sends bytes in one write and reads the reply."""
        self.writes += 1
        self._sock.write((self._head % len(data)) + data)
        self._sock.read(self._reply)


class Nowhere:
    """A null socket, its module and its poll in one: accepts all bytes at once, and has the reply as soon as asked."""

    def __init__(self):
        self.answer = b""
        self._events = 0

    def getaddrinfo(self, *arguments):
        return [(0, 0, 0, "", b"")]

    def socket(self, *arguments):
        return self

    def poll(self):
        return self

    def _nothing(self, *arguments):
        pass

    connect = setblocking = setsockopt = unregister = close = _nothing

    def register(self, sock, events):
        self._events = events

    modify = register

    def ipoll(self, timeout_ms):
        if self._events & select.POLLOUT:
            return ((self, select.POLLOUT),)
        return ((self, select.POLLIN),) if timeout_ms else ()

    def write(self, data):
        return len(data)

    def writes_of(self, run):
        """Returns the writes during one call of `run`; not used while measuring, because counting takes time."""
        count = 0

        def write(data):
            nonlocal count
            count += 1
            return len(data)

        self.write = write
        run()
        del self.write
        return count

    def readinto(self, view):
        view[: len(self.answer)] = self.answer
        return len(self.answer)

    def __getattr__(self, name):
        return getattr(select if name.startswith("POLL") else socket, name)


def nowhere():
    """Replaces the library's sockets by a Nowhere and returns it."""
    stand_in = Nowhere()
    transport.socket = transport.select = stand_in
    return stand_in
