"""Whatever happens at whatever byte: the documented error in time, no false success, nothing left open or held."""

import pytest
from fault_support import ACTIONS, API_KEY, HMAC_KEY, REPLIES, STEP, Fault, bench, faults

HEAP = "1M"  # of the interpreter: small, so that collecting garbage after every case is quick
NOISE = 512  # bytes: what a conservative collector may keep by chance


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("files", [False, True], ids=["data", "files"])
@pytest.mark.parametrize("driver", ["Client", "AsyncClient"])
def test_a_fault_at_every_byte(workers, driver, files, action, torture, counted):
    worker = workers("mpy", heapsize=HEAP)
    answer = REPLIES[files]
    step = 1 if torture else STEP if driver == "Client" else 8 * STEP
    with bench(worker, driver, files) as found:
        for action_before in ACTIONS:  # what loads on first use is loaded now
            for side, offset in (("request", 9), ("reply", 9), ("reply", len(answer))):
                found.try_out(Fault(side, offset, action_before))
        descriptors, heap = found.device.state()
        for fault in faults(action, found.request, answer, step):
            found.try_out(fault)
            now = found.device.state()
            assert now[0] == descriptors, fault
            assert now[1] <= heap + NOISE, (fault, now[1] - heap)
    assert files or b"Content-Length: 265\r\n" in found.request
    counted(found.cases)
    told = "\n".join(found.texts) + worker.output()
    assert API_KEY[3:9] not in told and HMAC_KEY[:6] not in told
