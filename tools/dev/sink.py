"""The service that measurements upload to: it reads a request, answers at once and stores nothing, so that it is fast.

It has one thread per connection, large reads, and two ports, plain and TLS.
"""

import re
import socket
import ssl
import sys
import threading
from pathlib import Path

from edgeingest_tools.service.certificates import server_context

DATA = b"bench.bin.4f2a91c7"
TCP_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


def files(count: int) -> bytes:
    """Returns the body of the reply to a request with `count` files."""
    one = b'{"success": true, "fileName": "bench.bin", "sampleId": 1}'
    return b'{"success": true, "files": [%s]}' % b", ".join([one] * count)


def reply(body: bytes) -> bytes:
    """Returns a whole HTTP reply with this body."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _number(fields: bytes, name: bytes, default: int = 0) -> int:
    found = re.search(rb"\r\n%s: *(\d+)\r\n" % name, fields + b"\r\n")
    return int(found[1]) if found else default


class Connection:
    """One client, whose requests are answered until it closes."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = context.wrap_socket(sock, server_side=True) if context else sock
        self._buffer = bytearray(1 << 18)

    def _read(self) -> int:
        if TCP_QUICKACK is not None:  # acknowledge at once: a delayed acknowledgement would cost 40 ms
            self._sock.setsockopt(socket.IPPROTO_TCP, TCP_QUICKACK, 1)
        return self._sock.recv_into(self._buffer)

    def serve(self) -> None:
        """Answers requests until the client closes the connection or asks for that."""
        try:
            while self._request():
                pass
        except OSError:  # the client was killed, as in the search for the smallest heap
            pass
        finally:
            self._sock.close()

    def _request(self) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            n = self._read()
            if not n:
                return False
            data += self._buffer[:n]
        head, _, rest = data.partition(b"\r\n\r\n")
        fields = head.lower()
        remaining = _number(fields, b"content-length") - len(rest)
        while remaining > 0:
            n = self._read()
            if not n:
                return False
            remaining -= n
        # Counting the files would take time, so the client sends their number as the label.
        self._sock.sendall(reply(files(_number(fields, b"x-label", 1)) if b"/files http" in fields else DATA))
        return b"http/1.0" not in fields and b"connection: close" not in fields


def listen(context: ssl.SSLContext | None) -> int:
    """Accepts connections in a thread; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def handle(sock: socket.socket) -> None:
        try:
            connection = Connection(sock, context)
        except OSError:  # the TLS handshake failed
            sock.close()
            return
        connection.serve()

    def accept() -> None:
        while True:
            threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def main(folder: str) -> None:
    """Runs `sink.py FOLDER`: writes ca.der into the folder and prints both ports; ends when standard input ends."""
    print(listen(None), listen(server_context(Path(folder), [])), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
