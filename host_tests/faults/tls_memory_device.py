"""Runs on MicroPython: calls over TLS that finds no memory. On this computer mbedTLS has its own, so it is made up."""

import gc
import io

from edgeingest import Client, Retry, Sample, errors
from edgeingest.retry import passing


class Wrapped(io.IOBase):
    """A TLS socket whose handshake fails, in the first write."""

    def __init__(self, error):
        self.error = error

    def ioctl(self, request, argument):
        return argument if request == 3 else 0  # poll: ready for all

    def close(self):
        pass

    def write(self, buffer):
        raise self.error

    def readinto(self, buffer):
        raise self.error


class Context:
    """An SSLContext without memory: at once, or in the handshake."""

    def __init__(self, error, in_handshake):
        self.error = error
        self.in_handshake = in_handshake

    def wrap_socket(self, sock, **options):
        if self.in_handshake:
            return Wrapped(self.error)
        raise self.error


def without_memory(url, number, in_handshake, words=True):
    """Returns [class, errno, text, if it passes, free heap] of the error for this number; None: a MemoryError.

    words: there is memory for the text."""
    import edgeingest.network_errors as network_errors

    error = MemoryError("memory allocation failed") if number is None else OSError(number)
    client = Client("ei_0123456789abcdef", url, insecure=True, retry=Retry(attempts=3, base_ms=1))
    client._connection._context = Context(error, in_handshake)
    make = network_errors.network_error
    if not words:
        network_errors.network_error = no_memory
    try:
        client.upload("training", Sample((("a", "m"),), 10, [1.5, 2.5], "UNIX"))
    except errors.NetworkError as e:
        return [type(e).__name__, e.errno, str(e), passing(e), gc.mem_free()]
    finally:
        network_errors.network_error = make


def no_memory(*arguments):
    """In place of a function whose module cannot be loaded."""
    raise MemoryError("memory allocation failed")
