"""What a connection does otherwise over lwIP's own sockets (extmod/modlwip.c: RP2, stm32 ...). Loaded there only.

A `write` for which lwIP's heap of 8000 bytes has no space sleeps up to 10 s, non-blocking or not, and then reports
bytes that it has not queued. So the heap must have space: windows are whole segments, and no connection is made while a
closed one still holds what its peer has not acknowledged.
"""

import time

from micropython import const

from .connection import Connection, ms_until, ticks_in
from .errors import DeadlineError, NetworkError
from .transport import READABLE, WRITABLE

_MSS = const(800)  # bytes of a segment (extmod/lwip-include/lwipopts_common.h)
_RECORD = const(29)  # bytes that TLS 1.2 adds to a window (RFC 5246, section 6.2.3.3; RFC 5288, section 3)
_CONNECTING = "state=2 "  # how a socket prints that it is being connected (lwip_socket_print)
_NO_MEMORY = "lwIP has no memory for a connection"
_PAUSE_MS = const(100)
_EAGAIN = const(11)
_ENOMEM = const(12)
_ENOBUFS = const(105)
_KEPT = const(1)  # as in `connection`


class LwipConnection(Connection):
    """See `Connection`.

    held_ms: how long lwIP holds the bytes of a closed connection that are not acknowledged: 10 s, looked at every half
    second (MICROPY_PY_LWIP_TCP_CLOSE_TIMEOUT_MS).
    """

    nagle = False
    held_ms = 10_600
    held_until = None  # ticks; of the connections of all clients, for lwIP has one heap
    _early = False

    def __init__(self, host, port, context, secrets, timeout_ms, buffer_size, retry):
        if buffer_size >= _MSS:
            buffer_size -= buffer_size % _MSS + (_RECORD if context else 0)
        Connection.__init__(self, host, port, context, secrets, timeout_ms, buffer_size, retry)

    def _connect(self):
        """A generator: see `Connection`. Waits for memory before, which timeout_ms does not limit."""
        self.sent = 0
        until = LwipConnection.held_until
        if until is not None:
            left = ms_until(until)
            if 0 < left <= self.held_ms:
                yield from self._wait(left)
            LwipConnection.held_until = None
        end = ticks_in(self._timeout_ms)
        while True:
            try:
                yield from Connection._connect(self)
                return
            except NetworkError as e:
                if _NO_MEMORY not in str(e) or ms_until(end) <= 0:
                    raise e
            yield from self._wait(_PAUSE_MS)

    def _wait(self, ms):
        """A generator: waits for memory."""
        yield self.back_off(ms)
        if not self.has_time(0):
            raise DeadlineError("no time left while waiting for lwIP's memory, to connect to %s" % self._host)

    def open(self, address):
        """See `Transport`."""
        self._early = False
        try:
            Connection.open(self, address)
        except OSError as e:
            raise OSError(_NO_MEMORY) if e.errno == _ENOMEM else e

    def establish(self, context, host):
        """See `Transport`. `send` is one write of lwIP; `write` repeats it, and an error then hides what was queued."""
        Connection.establish(self, context, host)
        if context is None:
            send = self._tcp.send

            def send_once(view):
                try:
                    return send(view)
                except OSError as e:
                    if e.errno == _EAGAIN:
                        return None
                    if e.errno != _ENOBUFS:
                        raise e
                time.sleep_ms(1)  # poll does not wait for memory
                return None

            self.send = send_once

    def poll(self, events, timeout_ms):
        """See `Transport`. Before 1.25 a socket is writable before it is connected."""
        found = Connection.poll(self, events, timeout_ms)
        if found == WRITABLE and not self.sent and _CONNECTING in repr(self._tcp):
            time.sleep_ms(min(timeout_ms, 1))
            return 0
        return found

    def _has_early_reply(self):
        """See `Connection`."""
        self._early = Connection._has_early_reply(self)
        return self._early

    def close(self):
        """See `Connection`. Notes whether lwIP may hold bytes; not after an RST or a FIN of the peer."""
        if self._tcp is not None and self.sent and self._state != _KEPT and (self._early or not self._parser.done):
            found = Connection.poll(self, READABLE | WRITABLE, 0)
            if found in (0, WRITABLE) or self._early and found == READABLE | WRITABLE:
                LwipConnection.held_until = ticks_in(self.held_ms)
        Connection.close(self)
