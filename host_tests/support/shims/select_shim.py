"""MicroPython's `select.poll`: gives back the objects that were registered, and has ipoll()."""

import select as _select
from select import POLLERR, POLLHUP, POLLIN, POLLOUT  # noqa: F401


class poll:
    def __init__(self):
        self._poll = _select.poll()
        self._objects = {}

    def register(self, stream, events=POLLIN | POLLOUT):
        self._objects[stream.fileno()] = stream
        self._poll.register(stream.fileno(), events)

    def modify(self, stream, events):
        self._poll.modify(stream.fileno(), events)

    def unregister(self, stream):
        self._poll.unregister(stream.fileno())
        del self._objects[stream.fileno()]

    def poll(self, timeout=-1):
        # what TLS has decrypted already, the system's poll does not see
        waiting = [(stream, POLLIN) for stream in self._objects.values() if stream.pending()]
        if waiting:
            return waiting
        return [(self._objects[number], events) for number, events in self._poll.poll(timeout)]

    def ipoll(self, timeout=-1, flags=0):
        return iter(self.poll(timeout))
