"""Requests of the client, and how it keeps connections, seen by a peer on a raw socket."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.calls import second_call, writes
from support.device_source import device_source
from support.peer import DEVICE, DUPLICATE, answering, peer, reply, stored
from support.service import vector
from support.worker import DeviceError

UNIX = pytest.mark.modes("py", "mpy", "native", "cpython")
BOARD = pytest.mark.modes("mpy")

REQUESTS = device_source("client/requests_device")
SEND = DEVICE + "with Client(KEY, url=url, **dict(options)) as client:\n"
TWICE = SEND + "    result = [tuple(client.send('testing', File(b'x' * n, name='%d.cbor' % n))) for n in (100, 200)]\n"


@UNIX
def test_the_documented_request_to_data(worker):
    with peer(answering("stored.cbor")) as made:
        assert worker.define(REQUESTS).send_example(made.url, files=False) == ("stored.cbor", None, False)
    [request] = made.requests
    body, entry = vector("U1")
    assert request.body == body
    assert (request.method, request.target) == ("POST", "/api/training/data")
    assert request.fields == [
        ("Host", f"127.0.0.1:{made.port}"),
        ("X-Api-Key", "ei_6040df080906d06f090e05013b7090580b707a0b050eb04d00350504070a2040"),
        ("X-File-Name", "test.cbor"),
        ("Content-Type", "application/cbor"),
        ("Content-Length", str(entry["length"])),
    ]
    assert request.first == request.raw  # head and body left in one write


@UNIX
def test_the_documented_request_to_files(worker):
    with peer(answering(stored("test.cbor.4g9.cbor"))) as made:
        assert worker.define(REQUESTS).send_example(made.url, files=True) == [("test.cbor.4g9.cbor", 0, False)]
    [request] = made.requests
    body, entry = vector("U2")
    assert request.body == body
    assert request.target == "/api/training/files"
    assert request.fields[1:] == [
        ("X-Api-Key", "ei_6040df080906d06f090e05013b7090580b707a0b050eb04d00350504070a2040"),
        ("Content-Type", "multipart/form-data; boundary=999e13bfdfc8bcc05b97f4784410806e"),
        ("Content-Length", str(entry["length"])),
    ]
    assert request.first == request.raw


@UNIX
def test_every_optional_field_has_its_documented_name_and_place(worker):
    source = SEND + (
        "    client.send('anomaly', File(b'x', name='a b.cbor'), label='käse 1', metadata={'site': 'Zürich'},\n"
        "                add_date_id=True, file_name='c%d.cbor')\n"
        "    client.upload('split', File(b'x', name='a b.cbor'), no_label=True)\n"
    )

    def handler(made, connection, number):
        made.take(connection)
        connection.reply("stored")
        made.take(connection)
        connection.reply(stored("stored"))

    with peer(handler) as made:
        worker.run(source, url=made.url, options=[])
    one, two = made.requests
    assert (one.target, two.target) == ("/api/anomaly/data", "/api/split/files")
    assert one.fields[1:] == [
        ("X-Api-Key", "ei_0123456789abcdef"),
        ("X-File-Name", "c%25d.cbor"),
        ("X-Label", "k%C3%A4se%201"),
        ("X-Disallow-Duplicates", "1"),
        ("X-Add-Date-Id", "1"),
        ("X-Metadata", '{"site": "Z\\u00fcrich"}'),
        ("Content-Type", "application/cbor"),
        ("Content-Length", "1"),
    ]
    assert [name for name, _ in two.fields] == [
        "Host", "X-Api-Key", "X-No-Label", "X-Disallow-Duplicates", "Content-Type", "Content-Length",
    ]  # fmt: skip
    assert (two.field("X-No-Label"), len(made.connections)) == ("1", 1)


@UNIX
@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=6),
    waits=st.booleans(),
    buffer_size=st.sampled_from([64, 65, 100, 255, 2048, 16384]),
)
def test_the_announced_bytes_are_sent_in_full_windows(worker, sizes, waits, buffer_size):
    pieces = [bytes([i + 1]) * size for i, size in enumerate(sizes)]
    script = [piece for pair in zip(pieces, [None] * 9, strict=False) for piece in pair] if waits else pieces
    with peer(answering()) as made:
        sizes_written = writes(worker, made.url, script, buffer_size)
    [request] = made.requests
    assert request.body == b"".join(pieces)
    assert request.field("Content-Length") == str(len(request.body))
    assert sum(sizes_written) == len(request.raw) == len(made.connections[0].received)
    if not waits:
        assert len(sizes_written) == -(-len(request.raw) // buffer_size)


@UNIX
def test_one_connection_serves_many_calls(worker):
    source = (
        SEND
        + "    result = [client.send('testing', File(b'x%d' % i, name='%d.cbor' % i)).duplicate for i in range(20)]\n"
    )
    with peer(answering()) as made:
        assert worker.run(source, url=made.url, options=[]) == [False] * 20
    assert (len(made.connections), len(made.requests)) == (1, 20)
    assert [request.body for request in made.requests] == [b"x%d" % i for i in range(20)]


@pytest.mark.parametrize(
    "closing",
    [
        reply(Connection="close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\n\r\nto the end",
        reply() + b"HTTP/1.1 200 OK\r\n",  # nobody asked for a second reply
        reply(DUPLICATE + "!" * 3000, 400)[:1500],  # the result is known before its end
    ],
    ids=["close", "1.0", "to the end", "two replies", "long"],
)
@BOARD
def test_a_connection_that_cannot_be_kept_is_not_used_again(worker, closing):
    def handler(made, connection, number):
        made.take(connection)
        connection.send(closing)
        if b"to the end" not in closing:
            connection.until_closed()

    with peer(handler) as made:
        assert len(worker.run(TWICE, url=made.url, options=[])) == 2
    assert [len(request.body) for request in made.requests] == [100, 200]
    assert len(made.connections) == 2


@UNIX
def test_a_connection_that_was_closed_between_calls_is_replaced(worker):
    def handler(made, connection, number):
        made.take(connection)
        connection.reply()  # and closes

    with peer(handler) as made:
        # nothing was sent yet: a body that cannot be read twice is not lost, and there is no risk of a duplicate
        second_call(worker, url=made.url, wait=50, unique=False, rewindable=False)
    assert [request.body for request in made.requests] == [b"one", b"two"]


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize(("unique", "rewindable"), [(True, True), (False, True), (True, False)])
@BOARD
def test_a_request_that_may_have_arrived_is_only_replayed_when_that_is_safe(worker, how, unique, rewindable):
    def handler(made, connection, number):
        made.take(connection)
        if number == 0:
            connection.reply()
            made.take(connection)
            if how == "reset":
                connection.reset()
        else:
            connection.reply()
            connection.until_closed()

    with peer(handler) as made:
        if unique and rewindable:
            assert second_call(worker, url=made.url, wait=0, unique=True, rewindable=True) == (
                "stored.cbor",
                None,
                False,
            )
        else:
            with pytest.raises(DeviceError) as caught:
                second_call(worker, url=made.url, wait=0, unique=unique, rewindable=rewindable)
            assert caught.value.type == "NetworkError"
            assert caught.value.sent == len(made.requests[1].raw)
    bodies = [request.body for request in made.requests]
    assert bodies == [b"one", b"two", b"two"][: 3 if unique and rewindable else 2]


@BOARD
def test_a_request_is_replayed_once_and_never_on_a_new_connection(worker):
    def handler(made, connection, number):
        made.take(connection)
        if number == 0:
            connection.reply()
            made.take(connection)

    with peer(handler) as made, pytest.raises(DeviceError) as caught:
        second_call(worker, url=made.url, wait=0, unique=True, rewindable=True)
    assert caught.value.type == "NetworkError"
    assert len(made.connections) == 2


@BOARD
def test_no_replay_once_a_byte_of_the_reply_is_there(worker):
    def handler(made, connection, number):
        made.take(connection)
        connection.reply()
        made.take(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Le")

    with peer(handler) as made, pytest.raises(DeviceError) as caught:
        second_call(worker, url=made.url, wait=0, unique=True, rewindable=True)
    assert caught.value.type == "NetworkError"
    assert (len(made.connections), len(made.requests)) == (1, 2)


@UNIX
def test_interim_replies_and_slow_ones(worker):
    def handler(made, connection, number):
        made.take(connection)
        for byte in b"HTTP/1.1 100 Continue\r\n\r\n" + reply("slow.cbor"):
            connection.send(bytes([byte]))

    with peer(handler) as made:
        source = SEND + "    result = client.send('testing', File(b'x', name='x.cbor')).file_name\n"
        assert worker.run(source, url=made.url, options=[]) == "slow.cbor"


@UNIX
def test_items_are_made_when_they_are_reached(worker):
    with peer(answering(stored("a", "b", "c", "d", "e"))) as made:
        count, got, order = worker.define(REQUESTS).upload_lazily(made.url)
    assert count == 5
    assert got == [(i, (name, i, False)) for i, name in enumerate("abcde")]
    assert order == [0, 1, 2, 3, 4] * 2  # once for checks and size, once to be sent
    assert made.requests[0].body.count(b'name="data"') == 5


@UNIX
def test_a_client_can_be_used_after_close(worker):
    source = (
        SEND
        + "    for _ in range(2):\n        client.send('testing', File(b'x', name='x.cbor'))\n        client.close()\n"
    )
    source += "        client.close()\n"
    with peer(answering()) as made:
        worker.run(source, url=made.url, options=[])
        for thread in [t for t in threading.enumerate() if t in made.threads[1:]]:
            thread.join(5)  # both connections were closed by the client
            assert not thread.is_alive()
    assert len(made.connections) == 2
