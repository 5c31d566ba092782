"""Files of a spool in version 1 of the format, as the first release wrote them: they stay readable, and the same calls
write the same bytes today."""

import hashlib
import json

import pytest
from spool.results import Flushed, Recovered
from support.device_source import device_source
from support.interpreters import ROOT

VECTORS = json.loads((ROOT / "host_tests" / "vectors" / "spool.json").read_text())
FILES = {name: bytes.fromhex(content) for name, content in VECTORS["files"].items()}
KEY = VECTORS["hmac_key"]
MODES = pytest.mark.modes("py", "mpy", "native", "cpython")
DEVICE = device_source("spool/spool_format_device")


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


@MODES
def test_the_same_calls_write_the_same_bytes(device, tmp_path):
    assert dict(device.written(str(tmp_path / "spool"), KEY)) == FILES


@MODES
def test_old_files_are_recovered_and_sent(device, tmp_path):
    recovered, finished, outcome, requests, sent, left = device.recovered_and_sent(str(tmp_path / "spool"), FILES, KEY)
    assert recovered == Recovered(finished=3)
    entries = {name: content for name, content in FILES.items() if name.endswith(".ent")}
    recordings = {name: bytes.fromhex(content) for name, content in VECTORS["finished"].items()}
    assert dict(finished) == entries | recordings
    assert (outcome, left) == (Flushed(stored=7), [])
    sent_requests = [[endpoint, category, dict(arguments), names] for endpoint, category, arguments, names in requests]
    assert sent_requests == VECTORS["requests"]
    bodies = [[name, kind, len(body), hashlib.sha256(body).hexdigest()] for name, kind, body in sent]
    assert bodies == VECTORS["sent"]
