"""A scripted peer on real sockets: acts as a service, a proxy or an attacker, connection by connection."""

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import h11

DUPLICATE = "An item with this hash already exists"


@dataclass
class Request:
    """One request as h11 read it, and the bytes of its first arrival."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes
    first: bytes
    raw: bytes

    def field(self, name: str) -> str | None:
        found = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(found) < 2, f"{name} is sent {len(found)} times"
        return found[0] if found else None


class Connection:
    """The peer's end of one connection."""

    def __init__(self, raw: socket.socket):
        self.socket = raw
        self.received = bytearray()

    def recv(self, size: int = 1 << 16) -> bytes:
        data = self.socket.recv(size)
        self.received += data
        return data

    def request(self) -> Request | None:
        """Returns the next complete request; None when the client closes instead."""
        parser, head, body, first, start = h11.Connection(h11.SERVER), None, [], b"", len(self.received)
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                data = self.recv()
                first = first or data
                parser.receive_data(data)
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None  # h11 does not end a message before its beginning
                fields = [(name.decode(), value.decode()) for name, value in head.headers.raw_items()]
                raw = bytes(self.received[start:])
                return Request(head.method.decode(), head.target.decode(), fields, b"".join(body), first, raw)
            else:
                return None

    def read_until(self, wanted: bytes) -> None:
        while wanted not in self.received:
            if not self.recv():
                raise EOFError

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self, body: bytes | str = b"stored.cbor", status: int = 200, **fields: str) -> None:
        self.send(reply(body, status, **fields))

    def reset(self) -> None:
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def until_closed(self) -> bytes:
        """Waits for the client to close; returns what it sent until then."""
        start = len(self.received)
        with contextlib.suppress(OSError):
            while self.recv():
                pass
        return bytes(self.received[start:])


def reply(body: bytes | str = b"stored.cbor", status: int = 200, **fields: str) -> bytes:
    """Returns a reply with Content-Length."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return f"HTTP/1.1 {status} Text\r\nContent-Length: {len(body)}\r\n{''.join(lines)}\r\n".encode() + body


def stored(*names: str) -> str:
    """Returns the reply of `files` when all files were stored."""
    files = [{"success": True, "projectId": 1, "sampleId": i, "fileName": name} for i, name in enumerate(names)]
    return json.dumps({"success": True, "files": files})


class Peer:
    """Listens; runs handler(connection, number) for each connection in a thread of its own."""

    def __init__(self, handler: Callable, context: ssl.SSLContext | None, listener: socket.socket):
        self.handler, self.context, self.listener = handler, context, listener
        self.port = listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self.connections: list[Connection] = []
        self.requests: list[Request] = []
        self.failures: list[BaseException] = []
        self.closing = threading.Event()
        self._last_port: int | None = None  # of the connection that `end` makes
        self.threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, function: Callable, *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                raw, address = self.listener.accept()
            except OSError:
                return
            if address[1] == self._last_port:
                raw.close()
                return
            raw.settimeout(20)
            self.connections.append(Connection(raw))
            self._start(self._serve, self.connections[-1], len(self.connections) - 1)

    def end(self) -> None:
        """Accepts the connections that have been made, and no more: the one that is made here is the last."""
        address = self.listener.getsockname()
        with socket.socket(self.listener.family) as last, contextlib.suppress(OSError):
            last.settimeout(1)
            last.bind((address[0], 0))
            self._last_port = last.getsockname()[1]
            last.connect(address)
            self.threads[0].join(1)
        # close() alone does not wake a thread that waits in accept()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _serve(self, connection: Connection, number: int) -> None:
        try:
            if self.context:
                connection.socket = self.context.wrap_socket(connection.socket, server_side=True)
            self.handler(connection, number)
        except (OSError, EOFError, h11.RemoteProtocolError) as error:  # the client went away
            self.failures.append(error)
        finally:
            connection.socket.close()

    def take(self, connection: Connection) -> Request | None:
        """Returns the next request of the connection, and keeps it in `requests`."""
        request = connection.request()
        if request:
            self.requests.append(request)
        return request


@contextlib.contextmanager
def peer(
    handler: Callable, context: ssl.SSLContext | None = None, host: str = "127.0.0.1", **options
) -> Iterator[Peer]:
    """Gives a peer on a free port; calls handler(peer, connection, number of the connection)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, **options)
    made = Peer(lambda connection, number: handler(made, connection, number), context, listener)
    try:
        yield made
    finally:
        made.closing.set()
        made.end()
        for connection in made.connections:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
        for thread in made.threads:
            thread.join(10)
            assert not thread.is_alive(), "the peer's script did not end"


def answering(body: bytes | str = b"stored.cbor", status: int = 200, **fields: str) -> Callable:
    """Returns a handler that gives this reply to every request."""

    def handler(made: Peer, connection: Connection, number: int) -> None:
        while made.take(connection):
            connection.reply(body, status, **fields)

    return handler


# Device code of the client tests begins with this.
DEVICE = """
import gc, os
from edgeingest import Client, Sample, File, errors
from client_device import KEY, Bytes, descriptors
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
