"""The only room with sockets: URL, name look-up, connection, TLS, and waiting.

Sockets are non-blocking and waited for with poll: a blocking `readinto` waits until its whole buffer is full.
"""

import select
import socket
import sys
import time
from errno import EINPROGRESS

from .errors import DeadlineError, NetworkError, SampleError

# The unix port does not name it; sockets that do not know it (lwIP on older RP2040 builds) complain on the console.
_NODELAY = 1 if sys.platform in ("linux", "darwin") else getattr(socket, "TCP_NODELAY", None)
READ = select.POLLIN
WRITE = select.POLLOUT


def _host_and_port(url, rest):
    if rest.startswith("["):
        host, found, port = rest[1:].partition("]")
        allowed = "0123456789abcdefABCDEF:."
        shown = "[%s]" % host
        if not found or port and not port.startswith(":") or ":" not in host:
            raise SampleError("url: %r is not [an IPv6 address], with or without :port" % url)
        port = port[1:] if port else None
    else:
        host, found, port = rest.partition(":")
        port = port if found else None
        allowed = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._"
        shown = host
    if not 0 < len(host) < 254:
        raise SampleError("url: %r has no host, or one that is too long" % url[:300])
    for c in host:
        if c not in allowed:
            raise SampleError("url: the host of %r has %r in it; only scheme, host and port belong here" % (url, c))
    return host, port, shown


def parse_url(url):
    """(tls, host, port, Host header) of http://host[:port] or https://host[:port]; a host may be [an IPv6 address]."""
    if not isinstance(url, str):
        raise SampleError("url: a str such as https://ingestion.edgeimpulse.com is needed, not %r" % (url,))
    scheme, found, rest = url.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in ("http", "https"):
        raise SampleError("url: http:// or https:// is needed at its beginning")
    if rest.endswith("/"):
        rest = rest[:-1]
    if "/" in rest or "?" in rest or "#" in rest or "@" in rest:
        raise SampleError("url: scheme, host and port only; no path, no user")
    host, port, shown = _host_and_port(url, rest)
    tls = scheme == "https"
    number = 443 if tls else 80
    if port is not None:
        if not port.encode().isdigit() or len(port) > 5 or not 0 < int(port) < 65536:
            raise SampleError("url: %r is not a port (1 to 65535)" % port)
        if int(port) != number:
            number = int(port)
            shown += ":%d" % number
    return tls, host, number, shown


def pause(ms):
    """Wait, for nothing that a socket could tell."""
    time.sleep_ms(ms)


class Limit:
    """Two limits of time: `timeout_ms` for the present phase, `deadline_ms` for the whole call."""

    def __init__(self, timeout_ms, deadline_ms):
        self._timeout = timeout_ms
        self._deadline = None if deadline_ms is None else time.ticks_add(time.ticks_ms(), deadline_ms)
        self.restart()

    def restart(self, ms=None):
        """A phase begins, of timeout_ms or of its own length. `stalled`: there was no progress since."""
        self.stalled = True
        self._end = time.ticks_add(time.ticks_ms(), self._timeout if ms is None else ms)

    def stall(self):
        """There is no progress: `timeout_ms` counts from the first time that this is said."""
        if not self.stalled:
            self.restart()

    def left(self):
        """Milliseconds until the nearer of the two; 0 when it has passed."""
        now = time.ticks_ms()
        left = time.ticks_diff(self._end, now)
        if self._deadline is not None:
            left = min(left, time.ticks_diff(self._deadline, now))
        return max(left, 0)

    def fits(self, ms):
        """Whether `deadline_ms` leaves more than so much."""
        return self._deadline is None or time.ticks_diff(self._deadline, time.ticks_ms()) > ms

    def check(self, doing, sent):
        """A DeadlineError, if one has passed."""
        if not self.left():
            raise DeadlineError("no time left while %s, after %d bytes were sent" % (doing, sent), None, sent)


class Stream:
    """One connection. `write` and `readinto` never wait: None means not now. TLS shakes hands in the first write."""

    def __init__(self, host, port, context):
        self._host = host
        self._port = port
        self._context = context
        self._sock = self._plain = self._polled = None
        self._poll = None

    def addresses(self):
        """What the name stands for. The look-up itself cannot be bounded in time on MicroPython."""
        try:
            return socket.getaddrinfo(self._host, self._port, 0, socket.SOCK_STREAM)
        except OSError as e:
            raise NetworkError(
                "%s cannot be found: check the name, and that the network is up (%s)" % (self._host, e), e.errno
            )

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
        for _, events in self._poll.ipoll(0):
            if events & (select.POLLERR | select.POLLHUP):
                try:
                    self._sock.readinto(bytearray(1))
                    error = None
                except OSError as e:
                    error = e
                raise self.error("cannot be connected to", error)
        if self._context:
            self._poll.unregister(self._sock)
            try:
                tls = self._context.wrap_socket(self._sock, server_hostname=self._host, do_handshake_on_connect=False)
            except (OSError, ValueError) as e:
                raise self.error("cannot be connected to by TLS", e)
            self._sock = self._polled = tls
            self._poll.register(tls, READ | WRITE)
        self.write = self._sock.write
        self.readinto = self._sock.readinto

    def settle(self):
        """After the first write: hands were shaken, from now on the socket itself is waited for.

        That is right as long as `readinto` has said None before, and much faster: a TLS object has no descriptor.
        """
        if self._sock is not self._plain:
            self._poll.unregister(self._sock)
            self._poll.register(self._plain, READ | WRITE)
            self._polled = self._plain

    def push(self, on):
        """Before the last of several windows: it must not wait for the ACK of those before it (Nagle's algorithm)."""
        if _NODELAY is not None:
            try:
                self._plain.setsockopt(6, _NODELAY, on)  # 6: IPPROTO_TCP
            except OSError:  # some systems refuse it once the peer has closed: the next write or read will tell
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
            return self.readinto(bytearray(1)) is None
        except (OSError, ValueError):
            return False

    def error(self, doing, e, sent=0):
        """The NetworkError for an exception of a socket."""
        number = e.errno if isinstance(e, OSError) else None
        where = "%s:%d" % (self._host, self._port)
        why = str(e).strip() if e else "connection refused or unreachable"
        if self._context and not sent:
            from .certificates import downgrade, is_refusal, refusal

            if is_refusal(e, number):
                return refusal(where, why, number)
            why += downgrade(number)
        return NetworkError("%s %s: %s" % (where, doing, why), number, sent)

    def close(self):
        """Close the socket; may be called twice."""
        socks = self._sock, self._plain  # a TLS socket whose handshake failed leaves the one below open
        self._sock = self._plain = self._polled = self._poll = None
        for sock in socks:
            if sock is not None:
                try:
                    sock.close()
                except OSError:  # a TLS socket may fail to say goodbye
                    pass
