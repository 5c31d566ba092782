"""Reads README.md for the tests that execute it: its blocks, its inline code, its sentences."""

import re
from dataclasses import dataclass

from .interpreters import ROOT

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REDIRECTED = """
def redirect():
    import socket as network, sys
    import edgeingest.transport as transport

    class Redirected:
        SOCK_STREAM = network.SOCK_STREAM
        socket = network.socket

        def getaddrinfo(self, host, port, *rest):
            if (host, port) != {address!r}:
                raise OSError("the program is not expected to ask for %s:%d" % (host, port))
            return network.getaddrinfo("127.0.0.1", {port}, *rest)

    class ntptime:  # boards have it; the clock of a PC is right already
        def settime():
            print("clock set")

    transport.socket = Redirected()
    sys.modules["ntptime"] = ntptime

redirect()
del redirect

"""


@dataclass(frozen=True)
class Block:
    language: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


def text() -> str:
    return (ROOT / "README.md").read_text()


def blocks(language: str | None = None) -> list[Block]:
    """Returns the fenced blocks, all of them or those in one language."""
    found = [Block(*match.groups()) for match in _BLOCK.finditer(text())]
    return [block for block in found if language in (None, block.language)]


def prose() -> str:
    """Returns the text outside of the blocks, on one line."""
    return " ".join(_BLOCK.sub("", text()).split())


def code() -> list[str]:
    """Returns the different pieces of inline code."""
    return list(dict.fromkeys(re.findall(r"`([^`]+)`", prose())))


def redirected(program: str, host: str, port: int, url: str) -> str:
    """Returns the unchanged program after lines that redirect host:port to the server at `url`."""
    return _REDIRECTED.format(address=(host, port), port=url.rpartition(":")[2]) + program
