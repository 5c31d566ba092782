"""Runs on MicroPython: uploads that are answered before all of the request is sent."""

import time

from calls_device import client_class
from client_device import KEY, Bytes
from edgeingest import errors
from edgeingest.transport import Transport


class Long:
    """A body of this many bytes, of which none is kept in memory."""

    name, content_type, rewindable = "long.cbor", "application/cbor", True

    def __init__(self, size):
        self.size = self.left = size

    def readinto(self, window):
        n = min(len(window), self.left)
        self.left -= n
        return n

    def rewind(self):
        self.left = self.size

    def close(self):
        pass


def send_long(driver, url, size, again=False, options=()):
    """Returns [(status, body) of the refusal, or the result as a tuple; with `again`, the result of a second call]."""
    client = client_class(driver)(KEY, url=url, **dict(options))
    try:
        ends = [tuple(client.send("training", Long(size)))]
    except errors.ServiceError as e:
        ends = [(e.status, e.body)]
    if again:
        ends.append(tuple(client.send("training", Long(10))))
    client.close()
    return ends


def slow_writes(driver, url, sizes):
    """Sends bodies of these sizes with a socket whose writes return 20 ms late; returns the names that were stored."""
    real = Transport.establish

    def established(self, *arguments):
        real(self, *arguments)
        write = self.send

        def slow(window):
            n = write(window)
            time.sleep_ms(20)
            return n

        self.send = slow

    Transport.establish = established
    try:
        with client_class(driver)(KEY, url=url, buffer_size=1 << 17) as client:
            return [client.send("training", Bytes([b"x" * n])).file_name for n in sizes]
    finally:
        Transport.establish = real
