"""Shared by the tests of `AsyncClient`: device code, and peers."""

import contextlib
import socket

from support.chains import issued
from support.peer import DEVICE, peer

_IMPORT = "from edgeingest import Client, Sample, File, errors\n"

# Device code begins with this to run coroutines of `AsyncClient`.
AIO = (
    DEVICE
    + """
import asyncio
from array import array
from edgeingest.aio import AsyncClient
from aio_device import Seen, run
"""
)
# The names of _IMPORT, but `Client` is `AsyncClient` with every call awaited.
_AWAITED = "from edgeingest import Sample, File, errors\nfrom aio_device import Awaited as Client\n"


def awaited(source: str) -> str:
    """Returns the device code with `AsyncClient` in the place of `Client`."""
    assert _IMPORT in source
    return source.replace(_IMPORT, _AWAITED)


class Chains:
    """One server certificate for all tests of a process; making one takes a while."""

    good = None

    @classmethod
    def get(cls):
        cls.good = cls.good or issued()
        return cls.good


@contextlib.contextmanager
def serving(handler, tls):
    """Gives a peer and the arguments of a client for it: (peer, {"url": ..., "options": [("ca", ...)]})."""
    chain = Chains.get() if tls else None
    with peer(handler, chain.context if chain else None) as made:
        url = f"https://localhost:{made.port}" if chain else made.url
        yield made, {"url": url, "options": [("ca", chain.der)] if chain else []}


def full_listener(stack):
    """Returns the address of a listener whose queue of connections is full."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(3):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listener.getsockname())
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
