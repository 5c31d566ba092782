"""Counts the socket writes of a module that imports `socket`, and maybe `select`."""

import select
import socket


class Counted:
    """A socket that counts writes; a write that continues one which was only partly accepted does not count again."""

    def __init__(self, sock):
        self.inner = sock
        self.writes = 0
        self._unwritten = 0  # bytes of the last write that the socket has not accepted

    def write(self, data):
        if not self._unwritten:
            self.writes += 1
            self._unwritten = len(data)
        n = self.inner.write(data)
        self._unwritten -= n or 0
        return n

    def __getattr__(self, name):
        return getattr(self.inner, name)


class Counting:
    """Replaces the modules `socket` and `select`, and the object of `select.poll()`."""

    def __init__(self):
        self.last = None
        self._poll = None

    def socket(self, *arguments):
        self.last = Counted(socket.socket(*arguments))
        return self.last

    def poll(self):
        self._poll = select.poll()
        return self

    def register(self, sock, events):
        self._poll.register(sock.inner, events)

    def modify(self, sock, events):
        self._poll.modify(sock.inner, events)

    def ipoll(self, timeout_ms):
        return self._poll.ipoll(timeout_ms)

    def __getattr__(self, name):
        return getattr(select if name.startswith("POLL") else socket, name)


def count_writes(module, run, kept=None):
    """Returns the socket writes of a module during `run()`; `kept()` is called first and opens the connection."""
    original = module.socket
    module.socket = counting = Counting()
    if hasattr(module, "select"):
        module.select = counting
    if kept:
        kept()
        counting.last.writes = 0
    connection = counting.last
    run()
    if kept and counting.last is not connection:
        raise RuntimeError("the connection was not kept: its writes were not counted")
    module.socket = original
    if hasattr(module, "select"):
        module.select = select
    return counting.last.writes
