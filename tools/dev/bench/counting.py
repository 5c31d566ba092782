"""Counts the socket writes of a module that has `socket`, and `select` if it waits."""

import select
import socket


class Counted:
    """A socket that counts what is written to it; what a full one refuses, and is offered again, counts once."""

    def __init__(self, sock):
        self.inner = sock
        self.writes = 0
        self._left = 0

    def write(self, data):
        if not self._left:
            self.writes += 1
            self._left = len(data)
        n = self.inner.write(data)
        self._left -= n or 0
        return n

    def __getattr__(self, name):
        return getattr(self.inner, name)


class Counting:
    """Stands in for the modules `socket` and `select`, and for a poll."""

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


def count_writes(room, run, kept=None):
    """Socket writes of one call, of a module that has `socket`. kept: what makes a connection before, to be reused."""
    before = room.socket
    room.socket = counting = Counting()
    if hasattr(room, "select"):
        room.select = counting
    if kept:
        kept()
        counting.last.writes = 0
    connection = counting.last
    run()
    if kept and counting.last is not connection:
        raise RuntimeError("the connection was not kept: its writes were not counted")
    room.socket = before
    if hasattr(room, "select"):
        room.select = select
    return counting.last.writes
