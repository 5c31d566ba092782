"""A non-blocking socket with TLS on top, if that is wanted, and the poll that waits for it.

The only module on the way of a request that has `socket` and `select`. Sockets are non-blocking and waited for with
poll: a blocking `readinto` waits until its whole buffer is filled.
"""

import select
import sys
from errno import EINPROGRESS

from micropython import const

try:
    import socket
except ImportError:
    from .import_errors import no_module

    raise no_module("socket")

READABLE = select.POLLIN
WRITABLE = select.POLLOUT

_IPPROTO_TCP = const(6)
_UNIX = sys.platform in ("linux", "darwin")
# Whether the sockets are those of extmod/modlwip.c (RP2, stm32 ...): no other ports with a network are known here
LWIP = not _UNIX and sys.platform != "esp32"
# The unix port does not name it; sockets that do not know it (lwIP on older RP2040 builds) print a complaint.
_NODELAY = 1 if _UNIX else getattr(socket, "TCP_NODELAY", None)
_REFUSAL = (
    WRITABLE | READABLE if sys.platform == "esp32" else WRITABLE
)  # events; elsewhere POLLERR or POLLHUP are there
_ENOMEM = const(12)  # as MicroPython's ssl raises it
_PROBE = bytearray(1)  # for a byte that should not be there


def addresses_of(host, port):
    """Returns the addresses of a host, as `open` takes them. Raises OSError; it blocks, MicroPython has no other."""
    found = [a for a in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM) if a[-1] is not None]
    if not found:  # ESP32 gives None for IPv6
        raise OSError("no IPv4 address")
    return found


class Transport:
    """One socket at a time. sent: how many bytes were written to it.

    `send(view)` and `receive(view)` return the number of bytes, or None when it would block; they raise OSError, and
    ValueError for a certificate that mbedTLS refuses. receive returns 0 when the peer has closed.
    """

    sent = 0
    _socket: "socket.socket" = None
    _tcp: "socket.socket" = None  # the socket below TLS; else the same
    _polled: "socket.socket" = None  # which of the two
    _poll: "select.poll" = None

    def open(self, address):
        """Starts to connect to an address from getaddrinfo; poll(WRITABLE) is true when that has come to an end."""
        self._socket = self._tcp = self._polled = sock = socket.socket(address[0], socket.SOCK_STREAM)
        sock.setblocking(False)
        self.set_nodelay(1)
        self._poll = select.poll()
        self._poll.register(sock, READABLE | WRITABLE)
        try:
            sock.connect(address[-1])
        except OSError as e:
            if e.errno != EINPROGRESS:
                raise e

    def establish(self, context, host):
        """Called when connecting has come to an end. Raises the OSError of a refusal; puts TLS on top of TCP.

        context: an SSLContext, or None; host: whose certificate it must be. The handshake happens in the first write,
        which so is non-blocking as well.
        """
        sock = self._tcp
        if self.poll(_REFUSAL, 0) != WRITABLE:
            sock.readinto(_PROBE)
            raise OSError("refused or unreachable")
        if context:
            try:
                sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
            except MemoryError:
                raise OSError(_ENOMEM)
            self._poll.unregister(self._polled)
            self._socket = self._polled = sock
            self._poll.register(sock, READABLE | WRITABLE)
        self.send = sock.write
        self.receive = sock.readinto

    def _end_handshake(self):
        """Called when bytes were sent: from now on the TCP socket itself is polled.

        That is right as long as `readinto` has returned None before, and much faster: a TLS object has no descriptor.
        """
        self._poll.unregister(self._polled)
        self._polled = self._tcp
        self._poll.register(self._tcp, READABLE | WRITABLE)

    def set_nodelay(self, on):
        """Turns Nagle's algorithm off, or on again. With lwIP only off, and only before it is connected.

        There an option that is set after the peer's RST is written through a null pointer.
        """
        if _NODELAY is not None:
            try:
                self._tcp.setsockopt(_IPPROTO_TCP, _NODELAY, on)
            except OSError:  # some systems refuse it once the peer has closed: the next write or read will tell
                pass

    def poll(self, events, timeout_ms):
        """Waits at most so long; returns which of the events are there (with POLLERR and POLLHUP)."""
        if self.sent and self._polled is not self._tcp:
            self._end_handshake()
        self._poll.modify(self._polled, events)
        for found in self._poll.ipoll(timeout_ms):
            return found[1]
        return 0

    def is_open(self):
        """True if the peer has not closed it. Nothing may be expected from the peer."""
        try:
            # TLS may hold data that the socket does not show, and what the socket shows may be no data for us.
            if self._socket is self._tcp and not self.poll(READABLE, 0):
                return True
            return self.receive(_PROBE) is None
        except (OSError, ValueError):
            return False

    def close(self):
        """Closes it; may be called twice."""
        sockets = self._socket, self._tcp  # a TLS socket whose handshake failed leaves the one below open
        self._socket = self._tcp = self._polled = self._poll = None
        for sock in sockets:
            if sock is not None:
                try:
                    sock.close()
                except OSError:  # TLS may fail to send its close_notify
                    pass
