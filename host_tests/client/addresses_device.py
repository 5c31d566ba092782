"""Runs on MicroPython: calls to a host with several addresses, some of which never answer."""

import time

import edgeingest.transport as transport
from calls_device import client_class
from client_device import KEY, Bytes, descriptors
from edgeingest import Retry, errors
from edgeingest.url import parse_url

network = transport.socket


class Several:
    """The module `socket`, but a name has the addresses of these URLs; `tried` are the ports that were tried."""

    SOCK_STREAM = network.SOCK_STREAM

    def __init__(self, urls):
        self.ports = [parse_url(url)[2] for url in urls]
        self.tried = []

    def getaddrinfo(self, host, *rest):
        return [network.getaddrinfo("127.0.0.1", port, *rest[1:])[0] for port in self.ports]

    def socket(self, *kind):
        self.tried.append(1)
        return network.socket(*kind)


def call_several(driver, urls, timeout_ms, deadline_ms, attempts, times):
    """Returns for each of some calls: (outcome, addresses tried, ms); then the descriptors left open."""
    before = descriptors()
    found = []
    transport.socket = several = Several(urls)
    try:
        client = client_class(driver)(
            KEY, url="http://several.invalid", timeout_ms=timeout_ms, retry=Retry(attempts=attempts, base_ms=1)
        )
        for _ in range(times):
            several.tried.clear()
            start = time.ticks_ms()
            try:
                outcome = client.send("training", Bytes([b"data"]), deadline_ms=deadline_ms).file_name
            except errors.IngestError as e:
                outcome = "%s: %s" % (type(e).__name__, e)
            found.append((outcome, len(several.tried), time.ticks_diff(time.ticks_ms(), start)))
            if len(found) < times:
                client.close()
        client.close()
    finally:
        transport.socket = network
    return found, descriptors() - before
