"""What is uploaded to for figures: a service that reads a request, answers at once and keeps nothing, so that it never
is the slow part. One thread for each connection, large pieces a read, plain and TLS.
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
    """The answer to so many files in one request."""
    one = b'{"success": true, "fileName": "bench.bin", "sampleId": 1}'
    return b'{"success": true, "files": [%s]}' % b", ".join([one] * count)


def reply(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _number(fields: bytes, name: bytes, default: int = 0) -> int:
    found = re.search(rb"\r\n%s: *(\d+)\r\n" % name, fields + b"\r\n")
    return int(found[1]) if found else default


class Connection:
    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = context.wrap_socket(sock, server_side=True) if context else sock
        self._buffer = bytearray(1 << 18)

    def _read(self) -> int:
        if TCP_QUICKACK is not None:  # acknowledge at once: nobody here must wait 40 ms because a write was short
            self._sock.setsockopt(socket.IPPROTO_TCP, TCP_QUICKACK, 1)
        return self._sock.recv_into(self._buffer)

    def serve(self) -> None:
        """Requests until the peer closes, or says that it will."""
        try:
            while self._request():
                pass
        except OSError:  # a peer that was killed, as the search for the smallest heap does
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
        left = _number(fields, b"content-length") - len(rest)
        while left > 0:
            n = self._read()
            if not n:
                return False
            left -= n
        # There is no time to count the files: a label that is a number says how many there are.
        self._sock.sendall(reply(files(_number(fields, b"x-label", 1)) if b"/files http" in fields else DATA))
        return b"http/1.0" not in fields and b"connection: close" not in fields


def listen(context: ssl.SSLContext | None) -> int:
    """Accepts connections in a thread; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def handle(sock: socket.socket) -> None:
        try:
            connection = Connection(sock, context)
        except OSError:  # no TLS came of it
            sock.close()
            return
        connection.serve()

    def accept() -> None:
        while True:
            threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def main(folder: str) -> None:
    """sink.py FOLDER: prints both ports; ca.der is put into the folder; ends with its standard input."""
    print(listen(None), listen(server_context(Path(folder), [])), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
