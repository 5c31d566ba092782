"""Receives very large and very many uploads: reads with h11 and python-multipart, and keeps only short contents."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import h11
from python_multipart.multipart import MultipartParser, parse_options_header

from support.peer import Connection, reply

_KEPT = 4096
_PIECE = 1 << 18


class Part:
    """One file, as it arrives: its name, size and hash, and its content if that is short."""

    def __init__(self, name: str):
        self.name, self.size, self.content = name, 0, b""
        self.hash = hashlib.sha256()

    def feed(self, data: memoryview) -> None:
        self.size += len(data)
        self.hash.update(data)
        if len(self.content) < _KEPT:
            self.content += data


class Request:
    """One request: a file for `data`, any number of them for `files`; size: its bytes on the wire."""

    def __init__(self, head: h11.Request):
        self.target = head.target.decode()
        self.fields = {name.decode(): value.decode() for name, value in head.headers}
        self.parts: list[Part] = []
        self.size = 0
        self._form = None
        kind, options = parse_options_header(self.fields["content-type"])
        if kind == b"multipart/form-data":
            self._field, self._value = b"", b""
            names = ("header_field", "header_value", "header_end", "part_data")
            callbacks: Any = {f"on_{name}": getattr(self, f"_{name}") for name in names}
            self._form = MultipartParser(options[b"boundary"], callbacks)
        else:
            self.parts.append(Part(self.fields["x-file-name"]))

    def feed(self, data: bytes) -> None:
        if self._form:
            self._form.write(data)
        else:
            self.parts[0].feed(memoryview(data))

    def end(self) -> None:
        if self._form:
            self._form.finalize()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self.parts.append(Part(parse_options_header(self._value)[1][b"filename"].decode()))
        self._field, self._value = b"", b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].feed(memoryview(data)[start:end])


def requests(connection: Connection) -> Iterator[Request]:
    """Yields the requests of a connection, each when its last byte has arrived."""
    while True:
        parser, request, size = h11.Connection(h11.SERVER), None, 0
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                data = connection.socket.recv(_PIECE)
                size += len(data)
                parser.receive_data(data)
            elif isinstance(event, h11.Request):
                request = Request(event)
            elif request is None:
                return
            elif isinstance(event, h11.Data):
                request.feed(event.data)
            elif isinstance(event, h11.EndOfMessage):
                request.end()
                request.size = size
                yield request
                break
            else:
                return


def answer(request: Request, **fields: Any) -> bytes:
    """Returns the reply of the service when it has stored everything."""
    if request.target.endswith("/data"):
        return reply(request.parts[0].name, **fields)
    stored = [
        {"success": True, "projectId": 100_000, "sampleId": 2_000_000_000 + i, "fileName": part.name}
        for i, part in enumerate(request.parts)
    ]
    return reply(json.dumps({"success": True, "files": stored}, indent=4), **fields)
