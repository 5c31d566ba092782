"""What goes wrong on a connection or in a body: the right error, nothing left open, and a client that works on."""

import threading

import pytest
from peer import DEVICE, answering, peer, reply, stored
from support.worker import DeviceError

UNIX = pytest.mark.modes("py", "mpy", "cpython")
BOARD = pytest.mark.modes("mpy")

# One client, one failing call, then a good one; descriptors before and after.
CASE = (
    DEVICE
    + """
client = Client(KEY, url=url, timeout_ms=3000)
gc.collect()
before = descriptors()
body = Bytes(script * times, size)
error = None
try:
    client.%s
except Exception as e:
    error = e
gc.collect()
between = descriptors()
again = None
if error is not None:
    again = client.send("training", Bytes([b"good"])).file_name
client.close()
if KEY in str(error) + repr(error) + repr(getattr(error, "args", "")):
    raise ValueError("the key is told")
fields = [(name, getattr(error, name, None)) for name in ("status", "body", "sent", "retry_after")]
result = type(error).__name__, str(error), fields, between - before, body.log, again
"""
)
SEND = "send('training', body)"
UPLOAD = "upload('training', [body])"


class Outcome:
    def __init__(self, type, text, fields, left_open, log, again):
        self.type, self.text, self.left_open, self.log, self.again = type, text, left_open, log, again
        self.__dict__.update(dict(fields))


def attempt(worker, made, script=(b"data",), size=None, call=SEND, times=1, source=CASE):
    """The outcome of one call, after which nothing may be open, the body closed, and the client usable."""
    outcome = Outcome(*worker.run(source % call, url=made.url, script=list(script), size=size, times=times))
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


@UNIX
@pytest.mark.parametrize("call", [SEND, UPLOAD])
@pytest.mark.parametrize("status", [301, 307, 400, 401, 413, 421, 429, 500, 503])
def test_statuses(worker, call, status):
    elsewhere = {"Location": "http://127.0.0.1:1/", "Retry_After": "7"}
    with peer(replying(reply("the reason", status, **elsewhere), close=False)) as made:
        outcome = attempt(worker, made, call=call)
    assert (outcome.type, outcome.status, outcome.body, outcome.retry_after) == (
        "ServiceError",
        status,
        "the reason",
        7,
    )
    assert "the reason" in outcome.text
    assert len(made.connections) == 2  # after an error the connection is never used again


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


@BOARD
@pytest.mark.parametrize("name", BROKEN)
def test_broken_replies(worker, name):
    data, wanted = BROKEN[name]
    with peer(replying(data)) as made:
        assert attempt(worker, made).type == wanted


@BOARD
@pytest.mark.parametrize("name", ["endless body", "a log-in page", "no name", "not HTTP, a line"])
def test_broken_replies_to_files(worker, name):
    with peer(replying(BROKEN[name][0])) as made:
        assert attempt(worker, made, call=UPLOAD).type == "ProtocolError"


BIG = {"script": [b"x" * 50_000], "times": 100}


@BOARD
@pytest.mark.parametrize("status", [401, 413])
@pytest.mark.parametrize("ending", ["close", "reset", "wait", "drain"])
@pytest.mark.parametrize("call", [SEND, UPLOAD])
def test_an_early_refusal_is_reported_as_what_it_is(worker, status, ending, call):
    """The peer answers after the head of 5 MB, and closes or does not; or reads on, slowly."""

    def first(made, connection):
        connection.read_until(b"\r\n\r\n")
        connection.reply("because", status)
        if ending == "reset":
            threading.Event().wait(0.05)  # a reset at once would throw the reply away on its way
            connection.reset()
        elif ending == "wait":
            made.closing.wait(10)
        elif ending == "drain":
            connection.until_closed()

    with peer(first_then_good(first)) as made:
        outcome = attempt(worker, made, **BIG, call=call)
    assert (outcome.type, outcome.status, outcome.body) == ("ServiceError", status, "because")


@BOARD
def test_an_early_200_is_no_success(worker):
    def first(made, connection):
        connection.read_until(b"\r\n\r\n")
        connection.reply("stored.cbor")
        made.closing.wait(10)

    with peer(first_then_good(first)) as made:
        assert attempt(worker, made, **BIG).type == "ProtocolError"


@UNIX
@pytest.mark.parametrize("reset", [True, False])
def test_a_peer_that_goes_away_while_we_send(worker, reset):
    def first(made, connection):
        connection.read_until(b"x" * 100_000)
        if reset:
            connection.reset()

    with peer(first_then_good(first)) as made:
        outcome = attempt(worker, made, **BIG)
    assert outcome.type == "NetworkError"
    assert 100_000 <= outcome.sent < 5_000_000


BODIES = {
    "too short": ([b"x" * 10], 11),
    "too short by far": ([b"x" * 10], 100_000),
    "too long": ([b"x" * 11], 10),
    "too long, by a piece": ([b"x" * 10, b"y"], 10),
    "too long by far": ([b"x" * 30_000], 10_000),
    "nothing at all": ([], 5),
}


@UNIX
@pytest.mark.parametrize("call", [SEND, UPLOAD])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_not_its_size(worker, name, call):
    script, size = BODIES[name]
    received = []

    def first(made, connection):
        received.append(connection.until_closed())

    with peer(first_then_good(first)) as made:
        outcome = attempt(worker, made, script, size, call)
    assert outcome.type == "SampleError"
    assert "own.cbor" in outcome.text
    length = int(received[0].split(b"Content-Length: ")[1].split(b"\r\n")[0]) if received[0] else None
    # the service never has what it could take for a whole request: nothing is padded, nothing is cut
    assert length is None or len(received[0].split(b"\r\n\r\n", 1)[1]) < length


@BOARD
@pytest.mark.parametrize("call", [SEND, UPLOAD])
@pytest.mark.parametrize("before", [[], [b"x" * 5000], [None, None]], ids=["at once", "later", "waited"])
def test_what_the_callers_source_raises_passes_through(worker, call, before):
    source = CASE.replace("Bytes(script * times, size)", "Bytes(script + [KeyError('mine')], 9000)")
    with peer(first_then_good(lambda made, connection: connection.until_closed())) as made:
        outcome = attempt(worker, made, before, call=call, source=source)
    assert (outcome.type, "mine" in outcome.text) == ("KeyError", True)


@UNIX
def test_what_on_stored_raises_passes_through(worker):
    source = (
        DEVICE
        + """
client = Client(KEY, url=url)
before = descriptors()
bodies = [File(Bytes([b"data"]), name="%d.cbor" % i) for i in range(3)]
seen = []
def on_stored(index, stored):
    seen.append(index)
    if index == 1:
        raise IndexError("mine")
try:
    client.upload("training", bodies, on_stored=on_stored)
except IndexError as e:
    result = str(e), seen, descriptors() - before
client.close()
"""
    )
    with peer(answering(stored("a", "b", "c"))) as made:
        assert worker.run(source, url=made.url) == ("mine", [0, 1], 0)


@UNIX
def test_a_body_that_is_not_ready_is_waited_for(worker):
    source = (
        DEVICE
        + """
import time
class Slow(Bytes):
    def readinto(self, window):
        if self.at and not self.rest:
            time.sleep_ms(5)
        return super().readinto(window)
with Client(KEY, url=url, timeout_ms=200) as client:
    result = client.send("training", Slow([None, b"a", None, None, b"b"] + [None, b"c"] * 50)).file_name
"""
    )
    with peer(answering()) as made:  # takes longer than timeout_ms in all, but never without progress
        assert worker.run(source, url=made.url) == "stored.cbor"
    assert made.requests[0].body == b"ab" + b"c" * 50


@BOARD
def test_items_that_change_between_the_passes(worker):
    source = (
        DEVICE
        + """
class Items:
    calls = 0
    def __len__(self):
        return 2
    def __getitem__(self, index):
        self.calls += 1
        return File(b"x" * (3000 if self.calls < 3 else changed), name="%d.cbor" % index)
client = Client(KEY, url=url)
before = descriptors()
try:
    client.upload("training", Items())
except errors.SampleError as e:
    result = str(e), descriptors() - before
"""
    )
    for changed in (2999, 3001, 9000):
        received = []

        def handler(made, connection, number, received=received):
            received.append(connection.until_closed())

        with peer(handler) as made:
            text, left_open = worker.run(source, url=made.url, changed=changed)
        assert ("size" in text, left_open) == (True, 0)
        head, _, body = b"".join(received).partition(b"\r\n\r\n")
        assert not head or len(body) < int(head.split(b"Content-Length: ")[1])


@UNIX
def test_a_batch_with_failures(worker):
    files = (
        '{"success":true,"files":[{"success":true,"sampleId":1,"fileName":"A"},{"success":false,"error":"too noisy"}]}'
    )
    source = (
        DEVICE + "Client(KEY, url=url).upload('training', [File(b'x', name='a.cbor'), File(b'y', name='b.cbor')])\n"
    )
    with peer(answering(files)) as made, pytest.raises(DeviceError) as caught:
        worker.run(source, url=made.url)
    assert caught.value.family[:3] == ["FilesError", "ServiceError", "IngestError"]
    assert caught.value.results == [("A", 1, False), "too noisy"]
    assert "'b.cbor': too noisy" in caught.value.text
