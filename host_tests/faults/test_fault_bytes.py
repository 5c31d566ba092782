"""Faults at every byte: the documented error in time, no false success, no descriptor or heap left in use."""

import pytest
from support.aio import Chains
from support.faults import ACTIONS, API_KEY, HMAC_KEY, REPLIES, STEP, Fault, bench, faults

HEAP = "1M"  # of the interpreter: small, so that the collection after every case is fast
NOISE = 512  # bytes: what a conservative collector may keep by chance


def go_through(worker, driver, files, action, step, chain=None):
    """Tries all cases of one action; returns their number."""
    answer = REPLIES[files]
    with bench(worker, driver, files, chain) as found:
        before = []
        for fault in (Fault("request", 9, action), Fault("reply", 9, "stall"), Fault("reply", len(answer), "close")):
            found.try_out(fault)  # loads the modules that are loaded on first use
            before.append(found.device.state())
        descriptors, heap = max(before)  # after an error the last one is still held
        for fault in faults(action, found.request, answer, step):
            found.try_out(fault)
            now = found.device.state()
            assert now[0] == descriptors, fault
            assert now[1] <= heap + NOISE, (fault, now[1] - heap)
    assert files or b"Content-Length: 265\r\n" in found.request
    output = "\n".join(found.texts) + worker.output()
    assert API_KEY[3:9] not in output and HMAC_KEY[:6] not in output
    return found.cases


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("files", [False, True], ids=["data", "files"])
@pytest.mark.parametrize("driver", ["Client", "AsyncClient"])
def test_a_fault_at_every_byte(workers, driver, files, action, torture, counted):
    step = 1 if torture else STEP if driver == "Client" else 8 * STEP
    step *= 8 if action == "trickle" else 2 if action == "stall" and not torture else 1  # these are slow
    counted(go_through(workers("mpy", heapsize=HEAP), driver, files, action, step))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_fault_at_bytes_within_tls(workers, action, torture, counted):
    """A peer that closes without close_notify, or stalls, within the encrypted bytes."""
    counted(go_through(workers("mpy", heapsize=HEAP), "Client", True, action, 7 if torture else 300, Chains.get()))
