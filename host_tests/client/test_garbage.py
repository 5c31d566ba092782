"""Heap that a call of the blocking client allocates: none from window to window, the same for any size."""

import pytest
from device import Device
from support.device_source import device_source
from support.interpreters import interpreter
from support.peer import peer
from support.receiver import answer, requests

KEY = "ei_0123456789abcdef"
# Bytes of heap that a call may allocate besides the buffer of the client. To be lowered when a call needs less.
CALL = 12_600
STEADY = device_source("client/steady_device")
CALLS = device_source("client/call_heap_device")


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
    """The items are so small that the system takes every write whole: the rest of a short write would be a slice."""
    assert printed(device, "steady") == [["True"]] * 8


def test_the_same_for_any_size(device):
    lines = printed(device, "calls")
    assert len(lines) == 4
    for small, large in lines:
        # A slice for each window would be 15,000. On a 32-bit PC a poll allocates: its addresses are no small integers.
        assert abs(int(large) - int(small)) <= (1024 if interpreter().architecture == "x86" else 512)
        assert int(large) <= CALL
