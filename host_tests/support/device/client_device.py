"""Runs on MicroPython: the key, a scripted body and the count of descriptors that the client tests share."""

import os

from edgeingest import errors

KEY = "ei_0123456789abcdef"


def descriptors():
    """Returns the number of open file descriptors."""
    return len(os.listdir("/dev/fd"))


class Bytes:
    """A body of the items in `script`: bytes, None (nothing ready yet), or an exception to raise."""

    content_type = "application/cbor"
    name = "own.cbor"

    def __init__(self, script, size=None, rewindable=True):
        self.script = script
        self.size = sum([len(s) for s in script if isinstance(s, bytes)]) if size is None else size
        self.rewindable = rewindable
        self.at = 0
        self.rest = b""
        self.log = []

    def readinto(self, window):
        if not self.rest:
            if self.at == len(self.script):
                return 0
            piece = self.script[self.at]
            self.at += 1
            if piece is None:
                return None
            if isinstance(piece, Exception):
                raise piece
            self.rest = piece
        n = min(len(self.rest), len(window))
        window[:n] = self.rest[:n]
        self.rest = self.rest[n:]
        return n

    def rewind(self):
        if self.at and not self.rewindable:
            raise errors.SampleError("own.cbor cannot be read again")
        self.log.append("rewind")
        self.at = 0
        self.rest = b""

    def close(self):
        self.log.append("close")
