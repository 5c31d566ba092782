"""Shared by the tests of the blocking and of the asynchronous client: calls, and what fails in them."""

from support.device_source import device_source
from support.peer import answering, reply

CALLS = device_source("support/device/calls_device")


class Outcome:
    """The error of one call, and the state after it."""

    def __init__(self, type, text, fields, left_open, log, again):
        self.type, self.text, self.left_open, self.log, self.again = type, text, left_open, log, again
        self.__dict__.update(dict(fields))


def writes(worker, url, pieces, buffer_size, driver="Client"):
    """Returns how many bytes each write to the socket took."""
    return worker.define(CALLS).writes(driver, url, pieces, buffer_size)


def second_call(worker, url, wait, unique, rewindable, driver="Client"):
    """Returns the result of the second of two calls, with `wait` ms between them."""
    return worker.define(CALLS).second_call(driver, url, wait, unique, rewindable)


def attempt(worker, made, script=(b"data",), size=None, call="send", times=1, driver="Client", raises=False):
    """The outcome of one call, after which nothing may be open, the body closed, and the client usable."""
    found = worker.define(CALLS).attempt(driver, made.url, call, list(script), size, times, raises)
    outcome = Outcome(*found)
    assert outcome.left_open == 0, outcome.text
    assert outcome.log[-1] == "close"
    assert outcome.again == "stored.cbor"
    return outcome


def first_then_good(first):
    """A handler: `first` for the first connection, good replies on all others."""

    def handler(made, connection, number):
        if number:
            answering()(made, connection, number)
        else:
            first(made, connection)

    return handler


def replying(data, close=True):
    def first(made, connection):
        made.take(connection)
        connection.send(data)
        if not close:
            connection.until_closed()

    return first_then_good(first)


BROKEN = {
    "nothing": (b"", "NetworkError"),
    "half a status line": (b"HTTP/1.1 20", "NetworkError"),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "NetworkError"),
    "half a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nstored", "NetworkError"),
    "half a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsto", "NetworkError"),
    "no last chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nstored\r\n", "NetworkError"),
    "only interim": (b"HTTP/1.1 100 Continue\r\n\r\n", "NetworkError"),
    "not HTTP": (b"\x15\x03\x01\x00\x02\x02\x16", "NetworkError"),
    "not HTTP, a line": (b"220 mail.example.org ESMTP\r\n", "ProtocolError"),
    "endless headers": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 9000, "ProtocolError"),
    "endless line": (b"x" * 50_000, "ProtocolError"),
    "flood of 1xx": (b"HTTP/1.1 102 P\r\n\r\n" * 9000, "ProtocolError"),
    "endless body": (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000, "ProtocolError"),
    "bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "ProtocolError"),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "ProtocolError"),
    "a log-in page": (reply("<html>Welcome to the hotel</html>"), "ProtocolError"),
    "no name": (reply(""), "ProtocolError"),
    "101": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "ProtocolError"),
}
BIG = {"script": [b"x" * 50_000], "times": 100}
BODIES = {
    "too short": ([b"x" * 10], 11),
    "too short by far": ([b"x" * 10], 100_000),
    "too long": ([b"x" * 11], 10),
    "too long, by a piece": ([b"x" * 10, b"y"], 10),
    "too long by far": ([b"x" * 30_000], 10_000),
    "nothing at all": ([], 5),
}
