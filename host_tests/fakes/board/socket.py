"""MicroPython's `socket`, in which addresses can be redirected to this computer: `redirected`, (name, port) -> port."""

import usocket
from usocket import *  # noqa: F403

redirected = {}


def getaddrinfo(host, port, *more):
    if (host, port) in redirected:
        host, port = "127.0.0.1", redirected[(host, port)]
    return usocket.getaddrinfo(host, port, *more)
