"""Runs on MicroPython: fixes time, random numbers and the address of the service for wire_device.

`fix` has to be called before the library is imported: later imports find the replaced modules.
"""

import os
import socket
import sys
import time

NOW = 1767225600  # 2026-01-01T00:00:00Z
PUBLIC = "ingestion.edgeimpulse.com"


class Fixed:
    """A module with other functions for some of its names."""

    def __init__(self, module, functions):
        self._module = module
        for name, function in functions:
            setattr(self, name, function)

    def __getattr__(self, name):
        return getattr(self._module, name)


class Address:
    """Replaces the look-up of the public name of the service: it leads to this port of this computer."""

    port = None

    def find(self, host, port, *more):
        """Replaces socket.getaddrinfo."""
        if host != PUBLIC:
            return socket.getaddrinfo(host, port, *more)
        return socket.getaddrinfo("127.0.0.1", self.port, *more)


public_address = Address()


def fix():
    """Fixes the clock, the random numbers, and the address of the service."""
    sys.modules["time"] = Fixed(time, (("time", lambda: NOW),))
    sys.modules["os"] = Fixed(os, (("urandom", lambda count: bytes(range(count))),))
    sys.modules["socket"] = Fixed(socket, (("getaddrinfo", public_address.find),))
