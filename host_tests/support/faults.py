"""Faults at any byte of a request or of its reply, on real sockets, and the result of the client for each."""

import contextlib
import socket
import time
from dataclasses import dataclass

from support.device_source import device_source
from support.peer import peer, reply, stored

API_KEY = "ei_topsecretkey0123456789abcdef"
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"
ACTIONS = ("close", "reset", "half", "stall", "refuse", "trickle")
REFUSED = reply("because", 413, Connection="close")
PAUSE_S = 0.001  # between two bytes that trickle
SHORT_MS = 40  # the limit of time when the peer stalls
HANDSHAKE_MS = 300  # the same over TLS, whose handshake must end within it
LONG_MS = 5000  # the limit of time otherwise
GRACE_MS = 500
STEP = 7  # of the offsets that are tried unless all are asked for

_DEVICE = device_source("support/device/faults_device")
REPLIES = {
    False: reply("test.cbor.4g9.cbor", Server="x"),
    True: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"40\r\n%s\r\n%x;last\r\n%s\r\n0\r\n\r\n"
    % ((text := stored("test.cbor", "b.jpg").encode())[:64], len(text) - 64, text[64:]),
}
RESULTS = {False: [("test.cbor.4g9.cbor", None, False)], True: [("test.cbor", 0, False), ("b.jpg", 1, False)]}


@dataclass(frozen=True)
class Fault:
    """The peer performs `action` after `offset` bytes of the request or of the reply."""

    side: str
    offset: int
    action: str


def faults(action, request, answer, step):
    """Yields faults at every `step`th offset of request and reply, at their ends and the ends of their heads."""
    for side, data in (("request", request), ("reply", answer)):
        if (side, action) == ("reply", "refuse"):
            continue
        head = data.index(b"\r\n\r\n")
        chosen = {0, 1, head, head + 3, head + 4, head + 5, len(data) - 1, len(data)}
        for offset in sorted(chosen | set(range(step // 2, len(data), step))):
            yield Fault(side, offset, action)


class Bench:
    """One client program, and one peer that has a fault for each of its connections."""

    def __init__(self, device, driver, files, made, ca, plan):
        self.device, self._driver, self.files, self.ca = device, driver, files, ca
        self.url = f"https://localhost:{made.port}" if ca else made.url
        self._plan, self._connections = plan, made.connections
        self.request = b""
        self.texts = []
        self.cases = 0

    def measure(self):
        """Makes a request without a fault, to know its bytes."""
        self._plan.append(None)
        results, family, *_ = self._attempt(LONG_MS, None, 2048)
        assert (results, family) == (RESULTS[self.files], [])
        self.request = self._received()

    def try_out(self, fault):
        """Runs one case and checks its result."""
        limit = LONG_MS
        if fault.action == "trickle" and fault.offset % 2 or self._outcomes(fault) == {"DeadlineError"}:
            limit = HANDSHAKE_MS if self.ca else SHORT_MS
        timeout_ms, deadline_ms = (limit, None) if fault.offset % 4 < 2 else (LONG_MS, limit)
        buffer_size = 64 if fault.offset % 3 == 0 else 2048
        for attempts_left in (2, 1, 0):
            self._plan.append(fault)
            results, family, text, took = self._attempt(timeout_ms, deadline_ms, buffer_size)
            self.texts.append(text)
            self._check(fault, results, family)
            if took <= limit + GRACE_MS:
                break
            assert attempts_left, (fault, f"it took {took} ms")  # after three attempts: the computer may be busy
        self.cases += 1

    def _outcomes(self, fault):
        """Returns the results that are allowed for a case."""
        if fault.action == "trickle":
            return {"Stored", "DeadlineError"} if fault.offset % 2 else {"Stored"}
        if (fault.side, fault.offset) == ("reply", len(REPLIES[self.files])):
            return {"Stored"}  # also if a reset follows at once
        return {{"stall": "DeadlineError", "refuse": "ServiceError"}.get(fault.action, "NetworkError")}

    def _attempt(self, timeout_ms, deadline_ms, buffer_size):
        limits = (timeout_ms, deadline_ms, buffer_size)
        return self.device.attempt(self._driver, self.url, self.ca, API_KEY, HMAC_KEY, self.files, *limits)

    def _received(self):
        """Returns what the peer has of the last request. Each attempt makes one connection."""
        deadline = time.monotonic() + 10
        while len(self._connections) < len(self._plan):
            assert time.monotonic() < deadline, "the client did not connect"
            time.sleep(0.001)
        return bytes(self._connections[len(self._plan) - 1].received)

    def _check(self, fault, results, family):
        received = self._received()
        assert self.request.startswith(received), fault
        assert (family[0] if family else "Stored") in self._outcomes(fault), (fault, family, self.texts[-1])
        if not family:
            assert results == RESULTS[self.files], fault
            assert received == self.request, (fault, "success, but the request is incomplete")
        assert family[1:] in (["IngestError"], ["NetworkError", "IngestError"], []), (fault, family)


@contextlib.contextmanager
def bench(worker, driver, files, chain=None):
    """Gives a Bench that knows the bytes of its request; over TLS with a chain of certificates."""
    plan: list[Fault | None] = []
    answer = REPLIES[files]

    def handler(made, connection, number):
        if plan[number] is not None:
            return play(connection, plan[number], len(found.request), answer)
        made.take(connection)
        connection.send(answer)
        connection.until_closed()

    with peer(handler, chain and chain.context) as made:
        found = Bench(worker.define(_DEVICE), driver, files, made, chain and chain.der, plan)
        found.measure()
        yield found
    assert not [failure for failure in made.failures if isinstance(failure, TimeoutError)], "a socket was left open"


def play(connection, fault, size, answer):
    """Does the part of the peer in one case."""
    if fault.side == "request":
        receive(connection, fault.offset)
    else:
        receive(connection, size)
        connection.send(answer[: fault.offset])
    if fault.action == "trickle":
        receive(connection, size, most=1)
        for at in range(fault.offset if fault.side == "reply" else 0, len(answer)):
            connection.send(answer[at : at + 1])
            time.sleep(PAUSE_S)
    elif fault.action == "refuse":
        connection.send(REFUSED)
    if fault.action == "reset":
        connection.reset()
    elif fault.action != "close":
        if fault.action in ("half", "refuse"):
            connection.socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while connection.socket.recv(1 << 16):  # until the client closes; ignores what it still sends
                pass


def receive(connection, size, most=1 << 16):
    """Receives until `size` bytes of the request have arrived."""
    while len(connection.received) < size:
        if not connection.recv(min(most, size - len(connection.received))):
            raise EOFError
