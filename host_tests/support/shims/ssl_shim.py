"""MicroPython's `ssl`: certificates as DER only, hostname checked when verifying, None where CPython wants to wait."""

import ssl as _ssl
from ssl import CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER  # noqa: F401

from .socket_shim import Stream


class SSLSocket(Stream):
    again = (_ssl.SSLWantReadError, _ssl.SSLWantWriteError, BlockingIOError)

    def pending(self):
        return self._socket.pending()


class SSLContext:
    def __init__(self, protocol):
        self._context = _ssl.SSLContext(protocol)
        self._client = protocol == PROTOCOL_TLS_CLIENT

    @property
    def verify_mode(self):
        return int(self._context.verify_mode)

    @verify_mode.setter
    def verify_mode(self, mode):
        self._context.check_hostname = False
        self._context.verify_mode = _ssl.VerifyMode(mode)
        self._context.check_hostname = self._client and mode == CERT_REQUIRED

    def load_verify_locations(self, cafile=None, cadata=None):
        if cadata is not None and not isinstance(cadata, bytes):
            raise TypeError("cadata must be bytes")
        self._context.load_verify_locations(cafile, None, cadata)

    def wrap_socket(self, sock, server_side=False, do_handshake_on_connect=True, server_hostname=None):
        if self._context.check_hostname and not server_hostname:
            raise ValueError("CERT_REQUIRED requires server_hostname")
        # CPython moves the descriptor over; on MicroPython the plain socket keeps it.
        sock._socket = self._context.wrap_socket(
            sock._socket,
            server_side=server_side,
            do_handshake_on_connect=do_handshake_on_connect,
            server_hostname=server_hostname,
        )
        return SSLSocket(sock._socket)
