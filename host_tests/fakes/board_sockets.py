"""Sockets that behave as those of lwIP's boards (RP2, stm32 ...) and of ESP32 do, on top of the real ones.

Written from the C sources of MicroPython 1.26.1, not from the library:

    lwIP: extmod/modlwip.c
      491-500    _lwip_tcp_error: an RST frees what has come and was not read, and sets pcb.tcp to NULL
      742-820    lwip_tcp_send: EAGAIN only when tcp_sndbuf is 0. On ERR_MEM it sleeps 200 times 50 ms, non-blocking or
                 not, and returns the full count, because `err` is then that of tcp_output: nothing was queued
      1206-1220  connect: waits 1 ms, then EINPROGRESS; a refusal is ERR_RST, ECONNRESET by error_lookup_table
      1249-1256  send and recv: after an RST the first call raises its errno, the others EBADF
      1502-1508  setsockopt(TCP_NODELAY) writes through pcb.tcp, also when that is NULL: `crashes`
      1606       POLLOUT when it is connected; 1.23 and 1.24 have no `state != STATE_CONNECTING`: `early_pollout`
      1621-1631  poll after an RST: POLLHUP, and POLLOUT if asked for; after other errors POLLERR
      1633-1658  close: what is not acknowledged keeps its memory until tcp_abort, 10,000 ms (64) later
      1840-1867  getaddrinfo: one address; -2: no such name
      extmod/lwip-include/lwipopts_common.h: MSS 800, TCP_SND_BUF 6400, a heap of 8000 bytes
    ESP32: ports/esp32/modsocket.c
      253-262, 965  getaddrinfo: -202 and other codes; the address of a name with IPv6 alone is None
      797-816    write: one lwip_write a turn of py/stream.c
      842-857    poll is select: a refused connection is writable and readable; POLLHUP only if it is asked for
    both: py/stream.c 46-83: readinto and write go on until the view is full; what was done before an error is lost

A test replaces `socket` of edgeingest.transport by `Sockets(port)`.
"""

import io
import select
import socket as real
import time

from micropython import const

_POLL = const(3)  # of ioctl, as py/stream.h numbers them
_CLOSE = const(4)
_RD = const(1)
_WR = const(4)
_ERR = const(8)
_HUP = const(16)
_NVAL = const(32)
_EBADF = const(9)
_EAGAIN = const(11)
_ENOMEM = const(12)
_ECONNRESET = const(104)
_ENOBUFS = const(105)
_EINPROGRESS = const(115)
MSS = 800
SND_BUF = 8 * MSS
MEM_SIZE = 8000
_OVERHEAD = const(76)  # bytes of heap of a segment: headers of TCP, IP and Ethernet, of the pbuf and of the block

NEW, CONNECTING, CONNECTED, PEER_CLOSED, RESET, CLOSED = 0, 2, 3, 4, -14, -17  # `state` of modlwip.c


class Sockets:
    """The module `socket` of a port: "lwip" or "esp32".

    ms: real milliseconds of one of the port's. acknowledging: False: peers take nothing from now on. early_pollout: of
    lwIP in 1.23 and 1.24. no_pcbs: how many calls of `socket` fail with ENOMEM. enobufs: how many writes raise ENOBUFS
    with nothing queued (in no release: pull request 19705). write_errors: number of the write -> errno that comes after
    its bytes were queued.
    names: name -> ports on this computer, of which each look-up returns the next one; None: it has IPv6 alone; an int:
    the error. addresses: ports that every look-up returns together, which no board does.
    crashes: the calls that wrote through NULL. options: (option, value, state) of each setsockopt. frozen_ms: the
    longest time within one write.
    """

    SOCK_STREAM = real.SOCK_STREAM
    AF_INET = real.AF_INET
    TCP_NODELAY = 1
    IPPROTO_TCP = 6

    def __init__(self, port):
        self.port = port
        self.crashes = []
        self.early_pollout = False
        self.acknowledging = True
        self.ms = 0.03
        self.names = {}
        self.asked = []
        self.no_pcbs = self.enobufs = self.frozen_ms = 0
        self.addresses = []
        self.write_errors = {}
        self.writes = 0
        self.options = []
        self._kept = []  # (bytes of heap, ticks when tcp_abort frees them) of closed connections

    def getaddrinfo(self, host, port, *rest):
        if self.addresses:
            return [real.getaddrinfo("127.0.0.1", port, *rest)[0] for port in self.addresses]
        if host not in self.names:
            return real.getaddrinfo(host, port, *rest)[:1]
        found = self.names[host]
        if isinstance(found, int):
            raise OSError(found)
        if found is None:
            return [(10, self.SOCK_STREAM, 0, host, None)]
        self.asked.append(host)
        return real.getaddrinfo("127.0.0.1", found[(len(self.asked) - 1) % len(found)], *rest)[:1]

    def socket(self, *kind):
        if self.no_pcbs:
            self.no_pcbs -= 1
            raise OSError(_ENOMEM)
        return (Lwip if self.port == "lwip" else Esp32)(self, *kind)

    def heap_free(self):
        """Returns the bytes of lwIP's heap that closed connections leave."""
        now = time.ticks_ms()
        self._kept = [kept for kept in self._kept if time.ticks_diff(kept[1], now) > 0]
        return MEM_SIZE - sum([kept[0] for kept in self._kept])

    def keep(self, heap):
        self._kept.append((heap, time.ticks_add(time.ticks_ms(), int(10_000 * self.ms))))


class _Socket(io.IOBase):
    """What both ports share: the loop of py/stream.c around a read and a write that may raise OSError."""

    def __init__(self, network, *kind):
        self.network = network
        self.real = real.socket(*kind)
        self.real.setblocking(False)
        self.watched = select.poll()
        self.watched.register(self.real, select.POLLIN | select.POLLOUT)
        self.state = NEW

    def setblocking(self, flag):
        pass

    def seen(self):
        """Returns the events of the real socket."""
        for found in self.watched.ipoll(0):
            return found[1]
        return 0

    def readinto(self, buffer, size=None):
        view = memoryview(buffer)
        if size is not None:
            view = view[:size]
        done = 0
        while done < len(view):
            try:
                data = self.read_once(len(view) - done)
            except OSError as e:
                if e.errno != _EAGAIN:
                    raise e  # what was read before is in the buffer, but nobody is told how much
                return done or None
            if not data:
                break
            view[done : done + len(data)] = data
            done += len(data)
        return done

    def link(self, n):
        """Raises the error of a link that is down: tcp_output fails after tcp_write has taken the bytes."""
        network = self.network
        network.writes += 1
        errno = network.write_errors.get(network.writes - 1)
        if errno:
            raise OSError(errno)
        return n

    def write(self, data):
        view = memoryview(data)
        done = 0
        while done < len(view):
            try:
                done += self.write_once(view[done:])
            except OSError as e:
                if e.errno != _EAGAIN:
                    raise e
                return done or None
        return done

    def send(self, data):
        return self.write_once(data)


class Lwip(_Socket):
    def __init__(self, network, *kind):
        super().__init__(network, *kind)
        self.incoming = []  # pbufs
        self.held = b""  # what is not acknowledged
        self.heap = 0

    def __repr__(self):  # lwip_socket_print
        return f"<socket state={self.state} timeout=0 incoming=0 off=0>"

    def interrupt(self):
        """Does what lwIP does when segments arrive, at most one with data: tcp_connected, tcp_recv, tcp_error."""
        if self.state in (NEW, CLOSED) or self.state < 0:
            return
        events = self.seen()
        if self.state == CONNECTING:
            if events & (_ERR | _HUP):
                self.fail()
            elif events & _WR:
                self.state = CONNECTED
                if self.held:
                    self.real.send(self.held)
                    self.held, self.heap = b"", 0
            return
        try:
            data = self.real.recv(MSS)
        except OSError as e:
            if e.errno != _EAGAIN:
                self.fail()
            return
        if data:
            self.incoming.append(data)
        else:
            self.state = PEER_CLOSED
            if events & _ERR:
                self.fail()

    def fail(self):
        self.incoming = []
        self.held, self.heap = b"", 0
        self.state = RESET

    def check_error(self):
        if self.state < 0:
            raise OSError(_EBADF if self.state == CLOSED else _ECONNRESET)

    def connect(self, address):
        try:
            self.real.connect(address)
        except OSError as e:
            if e.errno != _EINPROGRESS:
                raise e
        self.state = CONNECTING
        time.sleep_ms(1)
        self.interrupt()
        self.check_error()
        if self.state == CONNECTING:
            raise OSError(_EINPROGRESS)

    def setsockopt(self, level, option, value):
        self.interrupt()
        self.network.options.append((option, value, self.state))
        if self.state < 0:
            self.network.crashes.append("setsockopt")
        else:
            self.real.setsockopt(level, option, value)

    def read_once(self, size):
        self.interrupt()
        self.check_error()
        if not self.incoming:
            if self.state == PEER_CLOSED:
                return b""
            raise OSError(_EAGAIN)
        data = self.incoming[0]
        if len(data) <= size:
            self.incoming.pop(0)
        else:
            self.incoming[0] = data[size:]
        return data[:size]

    def sndbuf(self):
        if not self.network.acknowledging:
            return SND_BUF - len(self.held)
        if self.state == CONNECTING:
            return SND_BUF - len(self.held) if self.network.early_pollout else 0
        return SND_BUF if self.seen() & _WR else 0

    def write_once(self, data):
        self.interrupt()
        self.check_error()
        network = self.network
        available = self.sndbuf()
        if not available:
            raise OSError(_EAGAIN)
        n = min(available, len(data))
        if network.enobufs:
            network.enobufs -= 1
            raise OSError(_ENOBUFS)
        need = n + _OVERHEAD * (-(-n // MSS))
        start = time.ticks_ms()
        for _ in range(200):
            if network.heap_free() - self.heap >= need:
                break
            time.sleep_ms(max(1, int(50 * network.ms)))
            self.interrupt()
            if self.state < 0:
                network.crashes.append("tcp_write")  # socket->pcb.tcp is NULL in the next turn
                raise OSError(_ECONNRESET)
        else:
            network.frozen_ms = max(network.frozen_ms, time.ticks_diff(time.ticks_ms(), start))
            return n  # which is not true
        network.frozen_ms = max(network.frozen_ms, time.ticks_diff(time.ticks_ms(), start))
        if network.acknowledging and self.state != CONNECTING:
            return self.link(self.real.send(bytes(data[:n])))
        self.held += bytes(data[:n])
        self.heap += need
        return n

    def send(self, data):
        self.interrupt()
        if self.state < 0:
            errno = _EBADF if self.state == CLOSED else _ECONNRESET
            self.state = CLOSED
            raise OSError(errno)
        return self.write_once(data)

    def ioctl(self, request, flags):
        if request == _CLOSE:
            self.close()
            return 0
        if request != _POLL:
            return -22
        self.interrupt()
        found = 0
        if flags & _RD and self.incoming:
            found = _RD
        if flags & _WR and self.state >= 0 and self.sndbuf():
            found |= _WR
        if self.state == NEW:
            found |= _HUP
        elif self.state == PEER_CLOSED:
            found |= flags & (_RD | _WR)
        elif self.state == RESET:
            found |= flags & _WR | _HUP
        elif self.state == CLOSED:
            found |= _NVAL
        return found

    def close(self):
        if self.state == CLOSED:
            return
        if self.heap:
            self.network.keep(self.heap)
        self.state = CLOSED
        self.real.close()


class Esp32(_Socket):
    def connect(self, address):
        self.state = CONNECTING
        self.real.connect(address)

    def setsockopt(self, level, option, value):
        self.network.options.append((option, value, self.state))
        self.real.setsockopt(level, option, value)

    def reset_by_refusal(self, e):
        """Raises the error; a refusal is ERR_RST here, that is ECONNRESET."""
        raise OSError(_ECONNRESET) if e.errno == 111 else e

    def read_once(self, size):
        try:
            return self.real.recv(size)
        except OSError as e:
            self.reset_by_refusal(e)

    def write_once(self, data):
        try:
            return self.link(self.real.send(bytes(data)))
        except OSError as e:
            self.reset_by_refusal(e)

    def ioctl(self, request, flags):
        if request == _CLOSE:
            self.close()
            return 0
        if request != _POLL:
            return -22
        events = self.seen()
        if events & (_ERR | _HUP):
            events |= _RD | _WR
        return events & flags & (_RD | _WR | _HUP)

    def close(self):
        self.real.close()
