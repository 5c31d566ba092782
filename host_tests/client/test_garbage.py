"""What a call of the blocking client allocates: nothing from window to window, and the same for any size."""

import pytest
from device import Device
from support.peer import peer
from support.receiver import answer, requests

KEY = "ei_0123456789abcdef"
# Bytes of heap that any call may allocate besides the client's buffer; a smaller figure is always welcome here.
CALL = 11 * 1024
STEADY = """
import sys
from array import array
from micropython import heap_lock, heap_unlock
from edgeingest import Client, File, Sample

WINDOWS = 40

class Locking:
    # Another body, during which the heap is locked from the third window on to the last but two.
    def __init__(self, body):
        self.body = body
        self.name, self.size, self.content_type = body.name, body.size, body.content_type
        self.count = 0
    def readinto(self, window):
        self.count += 1
        if self.count == 3:
            heap_lock()
        elif self.count == WINDOWS - 2:
            heap_unlock()
        return self.body.readinto(window)
    def rewind(self):
        self.body.rewind()
    def close(self):
        self.body.close()

values = array("f", bytes(WINDOWS * 2048 // 16 * 12))
axes = (("a", "m"), ("b", "m"), ("c", "m"))
with open("steady.wav", "wb") as file:
    for i in range(WINDOWS):
        file.write(bytes(2048))
with Client(sys.argv[2], url=sys.argv[1]) as client:
    for key in (None, "key"):
        for call in (client.send, client.upload):
            for made in (File, lambda name: Sample(axes, 10, values, "UNIX", name="a").body(hmac_key=key)):
                body = Locking(made("steady.wav"))
                call("training", body)
                print(body.count >= WINDOWS)
"""
CALLS = """
import gc, sys
from array import array
from edgeingest import Client, File, Sample

axes = (("a", "m"), ("b", "m"), ("c", "m"))
values = array("f", bytes(12 * 62_500))

def cost(call, item):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    call("training", item)
    used = gc.mem_alloc() - before
    gc.enable()
    return used

for size in (10_000, 1_000_000):
    with open("%d.wav" % size, "wb") as file:
        for i in range(size // 1000):
            file.write(bytes(1000))
with Client(sys.argv[2], url=sys.argv[1], hmac_key="key") as client:
    for call in (client.send, client.upload):
        for i in range(2):
            found = []
            for size in (10_000, 10_000, 1_000_000):
                part = memoryview(values)[:size // 16 * 3]
                item = File("%d.wav" % size) if i else Sample(axes, 10, part, "UNIX", typecode="f", name="a")
                found.append(cost(call, item))
            print(found[1], found[2])
"""


@pytest.fixture
def device(tmp_path):
    made = Device(tmp_path)
    made.compile([])
    for name, source in (("steady", STEADY), ("calls", CALLS)):
        script = tmp_path / f"{name}.py"
        script.write_text(source)
        made.add(script)
    return made


def printed(device, script):
    def handler(made, connection, number):
        for request in requests(connection):
            connection.send(answer(request))

    with peer(handler) as made:
        return [line.split() for line in device.printed(script, [made.url, KEY], "4M").splitlines()]


def test_nothing_from_window_to_window(device):
    """So little that the system takes it in full writes: the rest of a write that was cut short is a slice."""
    assert printed(device, "steady") == [["True"]] * 8


def test_the_same_for_any_size(device):
    lines = printed(device, "calls")
    assert len(lines) == 4
    for small, large in lines:
        assert abs(int(large) - int(small)) <= 512  # a slice for each window would be 15,000
        assert int(large) <= CALL
