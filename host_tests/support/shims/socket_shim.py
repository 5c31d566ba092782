"""MicroPython's `socket`: stream methods on the socket itself; None where CPython raises BlockingIOError."""

import socket as _socket
from socket import *  # noqa: F403  # the constants

# `import *` leaves these out or brings CPython's
getaddrinfo = _socket.getaddrinfo
_AGAIN = (BlockingIOError, InterruptedError)


class Stream:
    """The methods that plain and TLS sockets share on MicroPython, on a CPython socket in self._socket."""

    again: tuple = _AGAIN

    def __init__(self, made):
        self._socket = made

    def write(self, data):
        try:
            return self._socket.send(data)
        except self.again:
            return None

    def readinto(self, buffer, size=None):
        """Blocking, it waits for the whole buffer or the end, as MicroPython does."""
        view = memoryview(buffer)[:size]
        got = 0
        while got < len(view):
            try:
                count = self._socket.recv_into(view[got:])
            except self.again:
                return got or None
            if not count:
                break
            got += count
        return got

    def read(self, size=-1):
        data = bytearray(size if size >= 0 else 1 << 16)
        got = self.readinto(data)
        return None if got is None else bytes(data[:got])

    def readline(self):
        line = bytearray()
        while not line.endswith(b"\n"):
            byte = self.read(1)
            if not byte:
                break
            line += byte
        return bytes(line)

    def setblocking(self, flag):
        self._socket.setblocking(flag)

    def close(self):
        self._socket.close()

    def fileno(self):
        return self._socket.fileno()

    def pending(self):
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class socket(Stream):
    def __init__(self, family=_socket.AF_INET, kind=_socket.SOCK_STREAM, protocol=0, made=None):
        super().__init__(made or _socket.socket(family, kind, protocol))

    def accept(self):
        made, address = self._socket.accept()
        return socket(made=made), address

    def send(self, data):
        return self._socket.send(data)

    def recv(self, size):
        return self._socket.recv(size)

    def __getattr__(self, name):
        if name in ("bind", "connect", "listen", "recvfrom", "sendall", "sendto", "setsockopt", "settimeout"):
            return getattr(self._socket, name)
        raise AttributeError(f"MicroPython's sockets have no {name!r}")
