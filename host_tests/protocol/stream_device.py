"""Runs on MicroPython: calls over connections that cannot be made, or that are slow."""

import gc
import time

import edgeingest.transport as transport
from client_device import KEY, Bytes, descriptors
from edgeingest import Client

network = transport.socket


class Addresses:
    """The module `socket`, but each name has one address for each of these ports."""

    socket, SOCK_STREAM = network.socket, network.SOCK_STREAM

    def __init__(self, ports):
        self.ports = ports

    def getaddrinfo(self, host, port, *rest):
        return [network.getaddrinfo("127.0.0.1", port, *rest)[0] for port in self.ports]


def send_to_addresses(url, ports):
    """Returns (the name that was stored, descriptors that are open) of a call to a host of several addresses."""
    transport.socket = Addresses(ports)
    before = descriptors()
    try:
        client = Client(KEY, url=url)
        result = client.send("training", Bytes([b"x"])).file_name, descriptors() - before
        client.close()
        return result
    finally:
        transport.socket = network


class Slow(Bytes):
    """A body whose every read takes `pause` ms."""

    pause = 0

    def readinto(self, window):
        time.sleep_ms(self.pause)
        return super().readinto(window)


def timed(url, ca=None, timeout_ms=10_000, deadline_ms=None, script=(b"data",), times=1, size=None, pause=0):
    """Makes a call; returns (class and text of the error, bytes sent, ms it took, descriptors left open, log)."""
    client = Client(KEY, url=url, ca=ca, timeout_ms=timeout_ms)
    gc.collect()
    before = descriptors()
    body = Slow(list(script) * times, size)
    body.pause = pause
    error = None
    start = time.ticks_ms()
    try:
        client.send("training", body, deadline_ms=deadline_ms)
    except Exception as e:
        error = e
    took = time.ticks_diff(time.ticks_ms(), start)
    client.close()
    return type(error).__name__, str(error), getattr(error, "sent", None), took, descriptors() - before, body.log
