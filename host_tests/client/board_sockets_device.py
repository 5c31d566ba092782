"""Runs on MicroPython: calls over sockets that behave as those of a board."""

import time

import edgeingest.transport as transport
from board_sockets import Sockets
from calls_device import client_class
from client_device import KEY, Bytes
from edgeingest import Retry, errors

real = transport.socket
establish = transport.Transport.establish


def _wait_for_replies(ms):
    """Has every read of a socket wait before, so that all of the reply is there."""

    def established(self, *arguments):
        establish(self, *arguments)
        receive = self.receive

        def late(view):
            time.sleep_ms(ms)
            return receive(view)

        self.receive = late

    transport.Transport.establish = established


class Slow(Bytes):
    """A body that waits before each window but the first."""

    ms = 0

    def readinto(self, window):
        if self.at:
            time.sleep_ms(Slow.ms)
        return super().readinto(window)


def calls(port, driver, url, sizes, settings=(), options=(), attempts=1, unique=True, slow_ms=0, wait_ms=0):
    """Makes a call with a body of each size; returns [(outcome, sent, errno) of each], and what the sockets tell.

    settings: attributes of Sockets. options: of the client. slow_ms: before each piece of 1000 bytes. wait_ms: before a
    reply is looked for. An outcome is a file name, or "NetworkError: ...".
    """
    network = Sockets(port)
    if port != "unix":
        transport.socket = network
    Slow.ms = slow_ms
    if wait_ms:
        _wait_for_replies(wait_ms)
    for name, value in settings:
        setattr(network, name, value)
    found = []
    retry = Retry(attempts=attempts, base_ms=1) if attempts > 1 else None
    client = client_class(driver)(KEY, url=url, retry=retry, **dict(options))
    try:
        for size in sizes:
            try:
                body = Slow([b"x" * min(size, 1000)] * max(size // 1000, 1), size)
                outcome = client.send("training", body, disallow_duplicates=unique)
                found.append((outcome.file_name, None, None))
            except errors.IngestError as e:
                text = "%s: %s" % (type(e).__name__, e)
                found.append((text, getattr(e, "sent", None), getattr(e, "errno", None)))
    finally:
        client.close()
        transport.socket = real
        transport.Transport.establish = establish
    return found, network.crashes, network.options, network.frozen_ms
