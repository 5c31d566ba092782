"""Very large and very many, through the heap of a board: 100 MB, 1000 files in a request, 10,000 requests."""

import hashlib
import random

import cbor2
import pytest
from device import Device
from support.peer import peer
from support.receiver import answer, requests

# The smallest heaps that everything here is held to, on the 64-bit unix port, all code as .mpy: nearly all of it is
# code. To lower one, put a smaller figure here and run these tests: what does not fit any more is a MemoryError.
LARGE_HEAP = "75K"
MANY_HEAP = "93K"
SMALL_HEAP = "84K"

KEY = "ei_0123456789abcdef"
LARGE = """
import sys
from edgeingest import Client, File

with Client(sys.argv[3], url=sys.argv[2]) as client:
    if sys.argv[1] == "upload":
        [stored] = client.upload("training", File("large.wav"))
    else:
        stored = client.send("training", File("large.wav"))
print(stored.file_name, stored.duplicate)
"""
MANY = """
import gc, sys
from array import array
from counting import Counting
from edgeingest import Client, Sample, connection

class Items:
    made = 0
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        self.made += 1
        name = "a file of many, which has a name of some length.%d" % index
        return Sample((("a", "m"), ("b", "m")), 10, array("f", (index, 0.5, 1, 2)), "UNIX", name=name)

seen = []
wrong = []
def on_stored(index, stored):
    if stored.sample_id != 2000000000 + index or not stored.file_name.endswith(".%d.cbor" % index):
        wrong.append(index)
    if index in (20, 980):
        gc.collect()
        seen.append(gc.mem_alloc())

items = Items()
connection.socket = connection.select = counting = Counting()
with Client(sys.argv[2], url=sys.argv[1]) as client:
    count = client.upload("training", items, on_stored=on_stored)
print(count, len(wrong), counting.last.writes, seen[1] - seen[0], items.made)
"""
SMALL = """
import gc, os, sys
from array import array
from edgeingest import Client, Sample

values = array("f", (0, 1, 2))
sample = Sample((("a", "m"), ("b", "m"), ("c", "m")), 10, values, "UNIX", name="small")
client = Client(sys.argv[2], url=sys.argv[1], hmac_key="fed53116f20684c067774ebf9e7bcbdc")
seen = []
for i in range(10_000):
    values[0] = i
    if i % 2:
        client.send("training", sample)
    else:
        client.upload("training", sample)
    if i == 999 or i == 9999:
        gc.collect()
        seen += [gc.mem_free(), len(os.listdir("/dev/fd"))]
print(*seen)
"""


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """With the scripts above, compiled: nothing is compiled on the device, as on a board."""
    made = Device(tmp_path_factory.mktemp("device"))
    made.compile(["counting"])
    for name, source in (("large", LARGE), ("many", MANY), ("small", SMALL)):
        script = made.folder / f"{name}.py"
        script.write_text(source)
        made.add(script)
    return made


@pytest.fixture(scope="module")
def large(device):
    """The hash of large.wav: 100 MB, in which no piece can take the place of another."""
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
    assert abs(grown) < 960  # from the 20th result to the 980th: not a byte of each is held
    assert built >= 2000  # once for the size, once to be sent: they were not held


def test_ten_thousand_small_uploads(device):
    received = []

    def handler(made, connection, number):
        """Closes after a thousand requests, as services do: then the client connects anew."""
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
