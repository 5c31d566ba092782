"""Very large uploads in the heap of a board: 100 MB, 1000 files in a request, 10,000 requests."""

import hashlib
import random

import cbor2
import pytest
from device import Device
from support.device_source import device_source
from support.peer import peer
from support.receiver import answer, requests

# The smallest heaps in which these tests pass, on the 64-bit unix port with all code as .mpy, which takes most of them.
# To lower one, put a smaller figure here and run the tests: if it is too small, they end with a MemoryError.
LARGE_HEAP = "75K"
MANY_HEAP = "93K"
SMALL_HEAP = "84K"

KEY = "ei_0123456789abcdef"
LARGE = device_source("client/large_file_device")
MANY = device_source("client/many_files_device")
SMALL = device_source("client/many_calls_device")


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """Has the scripts above, compiled: as on a board, the device compiles nothing."""
    made = Device(tmp_path_factory.mktemp("device"))
    made.compile(["counting"])
    for name, source in (("large", LARGE), ("many", MANY), ("small", SMALL)):
        script = made.folder / f"{name}.py"
        script.write_text(source)
        made.add(script)
    return made


@pytest.fixture(scope="module")
def large(device):
    """The hash of large.wav: 100 MB, in which no two pieces are equal."""
    path, seen = device.folder / "large.wav", hashlib.sha256()
    piece = random.Random(100).randbytes(1_000_000)
    with open(path, "wb") as file:
        for i in range(100):
            turned = piece[i:] + piece[:i]
            file.write(turned)
            seen.update(turned)
    yield seen.hexdigest()
    path.unlink()


@pytest.mark.parametrize("call", ["upload", "send"])
def test_a_file_of_100_megabytes(call, device, large):
    received = []

    def handler(made, connection, number):
        for request in requests(connection):
            received.append(request)
            connection.send(answer(request))

    with peer(handler) as made:
        assert device.printed("large", [call, made.url, KEY], LARGE_HEAP).split() == ["large.wav", "False"]
    [request] = received
    assert request.target == f"/api/training/{'files' if call == 'upload' else 'data'}"
    [part] = request.parts
    assert (part.name, part.size, part.hash.hexdigest()) == ("large.wav", 100_000_000, large)


def test_a_thousand_files_in_one_request(device):
    received = []

    def handler(made, connection, number):
        for request in requests(connection):
            received.append(request)
            reply = answer(request)
            assert len(reply) > 150_000  # more than the heap
            connection.send(reply)

    with peer(handler) as made:
        count, wrong, writes, grown, built = map(int, device.printed("many", [made.url, KEY], MANY_HEAP).split())
    [request] = received
    assert (count, wrong, len(request.parts)) == (1000, 0, 1000)
    assert [cbor2.loads(part.content)["payload"]["values"] for part in request.parts] == [
        [[i, 0.5], [1, 2]] for i in range(1000)
    ]
    assert abs(writes - request.size / 2048) <= 2
    assert abs(grown) < 960  # from the 20th result to the 980th: less than a byte for each
    assert built >= 2000  # once for the size, once to be sent: items are not kept


def test_ten_thousand_small_uploads(device):
    received = []

    def handler(made, connection, number):
        """Closes after a thousand requests, as services do; the client then connects again."""
        for count, request in enumerate(requests(connection), 1):
            [part] = request.parts
            received.append(cbor2.loads(part.content)["payload"]["values"])
            if count == 1000:
                connection.send(answer(request, Connection="close"))
                return
            connection.send(answer(request))

    with peer(handler) as made:
        free, descriptors, free_later, descriptors_later = map(
            int, device.printed("small", [made.url, KEY], SMALL_HEAP).split()
        )
        assert len(made.connections) == 10
    assert received == [[[i, 1, 2]] for i in range(10_000)]
    assert abs(free_later - free) <= 64  # two blocks
    assert descriptors_later == descriptors
