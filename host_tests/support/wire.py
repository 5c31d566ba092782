"""The requests of the calls in wire_device, as a peer on real sockets gets them, in the form of vectors/wire.json.

The file is {"source": what it was recorded from, "calls": {name: [request, ...]}}. A request has the number of its
connection, its head as lines (ISO 8859-1), and its body: as text or hex if it is short, else its size and SHA-256. In
the field Host the port, which differs from run to run, is replaced by PORT; everything else is unchanged.
`record_wire.py` writes the file.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import h11

from support import receiver
from support.chains import Chain
from support.interpreters import ON_DEVICE, ROOT
from support.peer import Connection, Peer, Request, peer, reply
from support.worker import Helpers, Worker

VECTORS = ROOT / "host_tests" / "vectors" / "wire.json"
PUBLIC = "ingestion.edgeimpulse.com"
SHORT = 256  # bytes: longer bodies are in the file as size and hash
SOURCE = """
from fixed_device import fix

fix()
from wire_device import names, possible, run
"""


@dataclass
class Answer:
    """The answer to one request. body: None for the reply of the service when every file was stored."""

    status: int = 200
    body: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    chunked: bool = False
    closes: bool = False  # the connection after the answer
    resets: bool = False  # the connection, instead of an answer

    def data(self, request: Request) -> bytes:
        """Returns the bytes of the answer."""
        if self.body is not None:
            return reply(self.body, self.status, **self.fields)
        parsed = receiver.Request(h11.Request(method=request.method, target=request.target, headers=request.fields))
        parsed.feed(request.body)
        parsed.end()
        whole = receiver.answer(parsed, **self.fields)
        return _in_chunks(whole) if self.chunked else whole


def _in_chunks(whole: bytes) -> bytes:
    content = whole.partition(b"\r\n\r\n")[2]
    pieces = [content[i : i + 5] for i in range(0, len(content), 5)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


STORED = Answer()
BUSY = Answer(503, "Service Unavailable", {"Retry-After": "0"})
REFUSED = Answer(400, '{"success":false,"error":"Failed to parse the message"}')
RESET = Answer(resets=True)
# The answers to the requests of a call, in turn; all other requests are answered with STORED.
ANSWERS = {
    "the service closes after a reply": [Answer(fields={"Connection": "close"})],
    "the service closes without a word": [Answer(closes=True)],
    "the service answers in chunks": [Answer(chunked=True)],
    "a new connection after an error": [REFUSED],
    "retry after 503": [BUSY],
    "retry after 503 twice": [BUSY, BUSY],
    "retry after a closed connection": [RESET],
    "retry many files": [BUSY, RESET],
    "retry many files made when reached": [RESET],
    "async retry after 503": [BUSY],
    "spool refused entries go one by one": [REFUSED, STORED, REFUSED],
    "spool again after 503": [BUSY],
}
SECURE = ("public address", "https")  # the calls whose service has a certificate


class Device:
    """An interpreter that makes the calls, with clock, random numbers and address fixed by fixed_device."""

    def __init__(self, mode: str, chain: Chain):
        self.worker = Worker(mode, paths=[str(ON_DEVICE)])
        self._chain = chain

    @property
    def _calls(self) -> Helpers:
        return self.worker.define(SOURCE)

    def names(self) -> list[str]:
        """Returns the names of all calls."""
        return self._calls.names()

    def possible(self, name: str) -> bool:
        """Returns whether its floats have the precision that a call needs."""
        return self._calls.possible(name)

    def observe(self, name: str, folder: Path) -> list[dict]:
        """Makes a call with this empty folder; returns its requests in the form of the file."""
        answers = iter(ANSWERS.get(name, ()))
        found: list[tuple[int, Request]] = []

        def handler(made: Peer, connection: Connection, number: int) -> None:
            while request := made.take(connection):
                found.append((number, request))
                answer = next(answers, STORED)
                if answer.resets:
                    return connection.reset()
                connection.send(answer.data(request))
                if answer.closes:
                    return None
            return None

        with peer(handler, self._chain.context if name in SECURE else None) as made:
            self._calls.run(name, made.url, str(folder), self._chain.der, made.port)
        assert not made.failures, made.failures
        assert not list(answers), "there were fewer requests than answers"
        for number, connection in enumerate(made.connections):
            sent = b"".join(request.raw for its, request in found if its == number)
            assert connection.received == sent, "something was sent besides requests"
        return [_record(number, request, made.port) for number, request in found]


def _record(number: int, request: Request, port: int) -> dict:
    head, separator, body = request.raw.partition(b"\r\n\r\n")
    assert separator and body == request.body
    lines = head.decode("latin-1").split("\r\n")
    lines = [line.replace(f":{port}", ":PORT") if line.startswith("Host:") else line for line in lines]
    return {"connection": number, "head": lines, **_body(body)}


def _body(body: bytes) -> dict:
    if len(body) > SHORT:
        return {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"hex": body.hex()}
    return {"text": text} if text.replace("\r\n", "").replace("\n", "").isprintable() else {"hex": body.hex()}


def content(request: dict) -> bytes | None:
    """Returns the body of a request in the file; None if the file has only its hash."""
    if "hex" in request:
        return bytes.fromhex(request["hex"])
    return request["text"].encode() if "text" in request else None


def load() -> dict[str, list[dict]]:
    """Returns the calls in the file."""
    return json.loads(VECTORS.read_text(encoding="utf-8"))["calls"]
