"""The only room with sockets: name look-up, connecting, TLS, waiting, and limits of time.

Sockets are non-blocking and waited for with poll: a blocking `readinto` waits until its whole buffer is full.
"""

import select
import socket
import sys
import time
from errno import EINPROGRESS

from .errors import DeadlineError

# The unix port does not name it; sockets that do not know it (lwIP on older RP2040 builds) complain on the console.
_NODELAY = 1 if sys.platform in ("linux", "darwin") else getattr(socket, "TCP_NODELAY", None)
PROBE = bytearray(1)  # for a byte that should not be there
READ = select.POLLIN
WRITE = select.POLLOUT


def pause(ms):
    """Wait, for nothing that a socket could tell."""
    time.sleep_ms(ms)


def ticks(ms):
    """Of the time so many milliseconds from now."""
    return time.ticks_add(time.ticks_ms(), ms)


class Stream:
    """One connection, which can be closed and made anew. `write` and `readinto` never wait: None means not now. TLS
    shakes hands in the first write.

    Two limits of time: `timeout_ms` for the present phase, and the ticks at which the whole call must be over, or None.
    """

    def __init__(self, host, port, context, timeout_ms):
        self.host = host
        self._port = port
        self._context = context
        self._timeout = timeout_ms
        self._sock = self._plain = self._polled = self._poll = self.deadline = None
        self.sent = 0  # bytes of the present request

    def restart(self, ms=None):
        """A phase begins, of timeout_ms or of its own length."""
        self._end = ticks(self._timeout if ms is None else ms)

    def left(self):
        """Milliseconds until the nearer of the two limits; 0 when it has passed."""
        now = time.ticks_ms()
        left = time.ticks_diff(self._end, now)
        if self.deadline is not None:
            left = min(left, time.ticks_diff(self.deadline, now))
        return max(left, 0)

    def fits(self, ms):
        """Whether the whole call has more time than so much."""
        return self.deadline is None or time.ticks_diff(self.deadline, time.ticks_ms()) > ms

    def check(self, doing):
        """A DeadlineError, if a limit has passed."""
        if not self.left():
            text = "no time left while %s %s, after %d bytes were sent" % (doing, self.host, self.sent)
            raise DeadlineError(text, None, self.sent)

    def addresses(self):
        """What the name stands for. The look-up itself cannot be bounded in time on MicroPython."""
        try:
            return socket.getaddrinfo(self.host, self._port, 0, socket.SOCK_STREAM)
        except OSError as e:
            raise self.error("cannot be found", e)

    def begin(self, address):
        """Start to connect to one of the addresses; `poll(WRITE)` becomes true when that is decided."""
        try:
            self._sock = self._plain = self._polled = sock = socket.socket(address[0], socket.SOCK_STREAM)
            sock.setblocking(False)
            self._poll = select.poll()
            self._poll.register(sock, READ | WRITE)
            sock.connect(address[-1])
        except OSError as e:
            if e.errno != EINPROGRESS:
                raise self.error("cannot be connected to", e)

    def established(self):
        """After `poll(WRITE)`: raises the NetworkError if the connection was refused; puts TLS on top."""
        sock = self._sock
        try:
            if self.poll(WRITE, 0) != WRITE:  # POLLERR or POLLHUP besides
                sock.readinto(PROBE)
                raise OSError("refused or unreachable")
            if self._context:
                self._poll.unregister(sock)
                sock = self._context.wrap_socket(sock, server_hostname=self.host, do_handshake_on_connect=False)
                self._sock = self._polled = sock
                self._poll.register(sock, READ | WRITE)
        except (OSError, ValueError) as e:
            raise self.error("cannot be connected to", e)
        self.write = sock.write
        self.readinto = sock.readinto

    def settle(self):
        """After the first write: hands were shaken, from now on the socket itself is waited for.

        That is right as long as `readinto` has said None before, and much faster: a TLS object has no descriptor.
        """
        if self._polled is not self._plain:
            self._poll.unregister(self._polled)
            self._poll.register(self._plain, READ | WRITE)
            self._polled = self._plain

    def push(self, on):
        """Before the last of several windows: it must not wait for the ACK of those before it (Nagle's algorithm)."""
        if _NODELAY is not None:
            try:
                self._plain.setsockopt(6, _NODELAY, on)  # 6: IPPROTO_TCP
            except OSError:  # some systems argument_error it once the peer has closed: the next write or read will tell
                pass

    def poll(self, events, timeout_ms):
        """Wait at most so long; which of the events are there (with POLLERR and POLLHUP)."""
        self._poll.modify(self._polled, events)
        for found in self._poll.ipoll(timeout_ms):
            return found[1]
        return 0

    def idle(self):
        """Whether the connection can be used again: a peer that closed it has made it readable."""
        if self._sock is None:
            return False
        try:
            # TLS may hold data that the socket does not show, and what the socket shows may be no data for us.
            if self._sock is self._plain and not self.poll(READ, 0):
                return True
            return self.readinto(PROBE) is None
        except (OSError, ValueError):
            return False

    def error(self, doing, e=None):
        """The NetworkError for an exception of a socket, or for a peer that closed."""
        from .broken import broken

        return broken("%s:%d" % (self.host, self._port), doing, e, self._context, self.sent)

    def close(self):
        """Close it; may be called twice."""
        socks = self._sock, self._plain  # a TLS socket whose handshake failed leaves the one below open
        self._sock = self._plain = self._polled = self._poll = None
        for sock in socks:
            if sock is not None:
                try:
                    sock.close()
                except OSError:  # a TLS socket may fail to say goodbye
                    pass
