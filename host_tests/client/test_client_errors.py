"""Failures of a connection or of a body: the right error, nothing left open, and a client that remains usable."""

import gzip
import itertools
import threading

import pytest
from support.calls import BIG, BODIES, BROKEN, attempt, first_then_good, replying
from support.peer import DEVICE, DUPLICATE, answering, peer, reply, stored
from support.worker import DeviceError

UNIX = pytest.mark.modes("py", "mpy", "cpython")
BOARD = pytest.mark.modes("mpy")


@UNIX
@pytest.mark.parametrize("call", ["send", "upload"])
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
        assert attempt(worker, made, call="upload").type == "ProtocolError"


CODED = [gzip.compress(b"stored.cbor"), gzip.compress(stored("a").encode()), DUPLICATE, "stored.cbor", stored("a")]
LONG_HEAD = {f"X-{number}": "y" * 60 for number in range(60)}  # `header` looks at the first 2048 bytes


@UNIX
@pytest.mark.parametrize("call", ["send", "upload"])
@pytest.mark.parametrize(
    ("status", "wanted"),
    [(200, "ProtocolError"), (400, "ProtocolError"), (409, "ProtocolError"),
     (302, "ServiceError"), (401, "ServiceError"), (429, "ServiceError"), (503, "ServiceError")],
)  # fmt: skip
def test_a_reply_in_a_content_coding_is_refused_before_it_is_read(worker, call, status, wanted):
    """No name is taken from it, and no duplicate: what says the same without a coding is not read either."""
    fields = [{"Content-Encoding": "gzip", "Retry-After": "7"}, {**LONG_HEAD, "content-encoding": "identity, br\xff"}]
    for body, more in itertools.product(CODED, fields):
        with peer(replying(reply(body, status, **more), close=False)) as made:
            outcome = attempt(worker, made, call=call)
        assert (outcome.type, outcome.status) == (wanted, status if wanted == "ServiceError" else None)
        assert "Content-Encoding" in outcome.text and ("gzip" in outcome.text or "br" in outcome.text)
        assert str(status) in outcome.text and not outcome.body
        assert outcome.retry_after == (7 if wanted == "ServiceError" and "Retry-After" in more else None)


@BOARD
@pytest.mark.parametrize("coding", ["identity", "Identity", "identity, identity", ""])
def test_a_reply_in_the_identity_coding_is_read(worker, coding):
    with peer(answering("named.cbor", **{"Content-Encoding": coding})) as made:
        source = DEVICE + "result = Client(KEY, url=url).send('training', File(b'x', 'a.wav')).file_name"
        assert worker.run(source, url=made.url) == "named.cbor"


@BOARD
@pytest.mark.parametrize("status", [600, 700, 999])
def test_a_status_of_600_and_more_is_a_5xx(worker, status):
    with peer(replying(reply("the reason", status), close=False)) as made:
        outcome = attempt(worker, made)
    assert (outcome.type, outcome.status, outcome.body) == ("ServiceError", status, "the reason")
    source = DEVICE + "from edgeingest.retry import passing\nresult = passing(errors.ServiceError('', status))"
    assert worker.run(source, status=status) is True


@BOARD
@pytest.mark.parametrize("status", [401, 413])
@pytest.mark.parametrize("ending", ["close", "reset", "wait", "drain"])
@pytest.mark.parametrize("call", ["send", "upload"])
def test_an_early_refusal_is_a_service_error(worker, status, ending, call):
    """The peer answers when it has the head of a request of 5 MB; then it closes, waits, or reads on."""

    def first(made, connection):
        connection.read_until(b"\r\n\r\n")
        connection.reply("because", status)
        if ending == "reset":
            threading.Event().wait(0.05)  # an immediate reset would discard the reply
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


@UNIX
@pytest.mark.parametrize("call", ["send", "upload"])
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
    # the service never gets a request that looks complete: nothing is padded, nothing is cut
    assert length is None or len(received[0].split(b"\r\n\r\n", 1)[1]) < length


@BOARD
@pytest.mark.parametrize("call", ["send", "upload"])
@pytest.mark.parametrize("before", [[], [b"x" * 5000], [None, None]], ids=["at once", "later", "waited"])
def test_what_the_callers_source_raises_passes_through(worker, call, before):
    with peer(first_then_good(lambda made, connection: connection.until_closed())) as made:
        outcome = attempt(worker, made, before, call=call, raises=True)
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


NO_MEMORY = (
    DEVICE
    + """
from edgeingest.http import ResponseParser
from aio_device import Awaited
def no_memory(*_):
    raise MemoryError("memory allocation failed")
client = (Client if driver == "Client" else Awaited)(KEY, url=url)
body = Bytes([b"x" * 50_000] * times) if times else Bytes([b"data", MemoryError("mine")], 9000)
real = ResponseParser.feed
ResponseParser.feed = no_memory
try:
    client.send("training", body)
except (errors.IngestError, MemoryError) as e:
    result = [type(e).__name__, str(e), client._connection._socket is None, body.log[-1]]
finally:
    ResponseParser.feed = real
result.append(client.send("training", Bytes([b"again"])).file_name)
client.close()
"""
)


@pytest.mark.modes("py", "mpy")
@pytest.mark.parametrize("driver", ["Client", "AsyncClient"])
@pytest.mark.parametrize("times", [1, 100], ids=["after the request", "early"])
def test_no_memory_for_a_reply_is_a_network_error(worker, times, driver):
    def first(made, connection):
        connection.read_until(b"\r\n\r\n")
        if times == 1:
            connection.read_until(b"x" * 50_000)
        connection.reply("because", 413)
        connection.until_closed()

    with peer(first_then_good(first)) as made:
        kind, text, closed, end, again = worker.run(NO_MEMORY, url=made.url, times=times, driver=driver)
    assert (kind, closed, end, again) == ("NetworkError", True, "close", "stored.cbor")
    assert "no memory for a reply" in text


@pytest.mark.modes("py", "mpy")
@pytest.mark.parametrize("driver", ["Client", "AsyncClient"])
def test_no_memory_in_the_callers_body_passes_through(worker, driver):
    with peer(first_then_good(lambda made, connection: connection.until_closed())) as made:
        found = worker.run(NO_MEMORY, url=made.url, times=0, driver=driver)
    assert found == ["MemoryError", "mine", True, "close", "stored.cbor"]
