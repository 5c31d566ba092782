"""MicroPython's `socket`, on which the time server of the Internet is one of ours. `moved`: (name, port) -> port."""

import usocket
from usocket import *  # noqa: F403

moved = {}


def getaddrinfo(host, port, *more):
    if (host, port) in moved:
        host, port = "127.0.0.1", moved[(host, port)]
    return usocket.getaddrinfo(host, port, *more)
