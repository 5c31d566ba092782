"""A spool over a network that kills connections: everything arrives once, intact, in the heap of a board. And no key
is in its files, whatever a peer sends back."""

import hashlib
import json

import pytest
from support import heaps
from support.killing import killing
from support.peer import peer, reply
from support.scripts import run_from_rom
from support.service import HMAC_KEY, KEY, running

SCRIPT = """
import gc, sys
from array import array
from binascii import hexlify
from hashlib import sha256
from edgeingest import Client, Retry, Sample
from edgeingest.spool import Spool

folder, url, key, hmac_key, count, attempts = sys.argv[1:7]
sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
window = bytearray(200)
spool = Spool(folder)
client = Client(key, url, timeout_ms=5000, retry=Retry(int(attempts), base_ms=5, max_ms=20))
kept = 0
for number in range(int(count)):
    values = array("f", (number, 0.5, -number) * (10 + number % 40))
    body = Sample(sensors, 10, values, "UNIX", name="wave.%d" % number, iat=1_700_000_000).body(hmac_key=hmac_key)
    digest = sha256()
    while n := body.readinto(window):
        digest.update(memoryview(window)[:n])
    print(hexlify(digest.digest()).decode())
    spool.put("training", body)
    if number % 2:
        kept += spool.flush(client).kept
        client.close()  # as a board that sleeps in between
while spool.entries:
    spool.flush(client)
gc.collect()
print("end", spool.bytes, kept)
"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("attempts", [1, 3], ids=["no retries", "retries"])
def test_all_arrives_once_over_a_bad_network(tmp_path, torture, attempts):
    count = 1000 if torture else 100
    script = tmp_path / "main.py"
    script.write_text(SCRIPT)
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service, killing(service.url, 0.1, seed=4) as proxy:
        args = [str(tmp_path / "spool"), proxy.url, KEY, HMAC_KEY, str(count), str(attempts)]
        done = run_from_rom(script, f"{heaps.SPOOL}K", args, timeout=500)
        rows = service.rows()
    assert done.code == 0, done.stdout[-2000:] + done.stderr
    *sums, end = done.stdout.split("\n")[:-1]
    name, left, kept = end.split()
    assert (name, left) == ("end", "0")
    assert attempts > 1 or int(kept) > 0
    assert len(set(sums)) == count
    assert sorted(row["sha256"] for row in rows) == sorted(sums)
    assert {row["signature"] for row in rows} == {"valid"}
    for row in rows:
        content = (service.directory / row["category"] / row["stored_name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
    print(f"{count} samples, {proxy.connections} connections, {proxy.killed} of them killed; {end}")
    assert proxy.connections / 25 < proxy.killed < proxy.connections / 5


SECRET = """
import os
from array import array
from edgeingest import Client, Sample, errors
from edgeingest.spool import Spool

def wave(number):
    return Sample((("a", "m"),), 10, array("f", [number] * 9), "X", name="wave.%d" % number)

def everything(folder):
    found = []
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            found += everything(path)
        else:
            with open(path, "rb") as file:
                found.append(file.read())
    return found

spool = Spool(folder)
client = Client(key, url=url, hmac_key=hmac_key)
told = []
recording = spool.record("training", (("a", "m"),), 10, "X", hmac_key=hmac_key)
for status in range(5):
    spool.put("training", wave(status), hmac_key=hmac_key)
    recording.write(array("f", range(400)))
    recording.sync()
    try:
        told.append(repr(spool.flush(client)))
    except errors.IngestError as e:
        told.append(repr(e))
told.append(repr(spool))
half = everything(folder)
recording._file.close()
result = told, half + everything(folder), repr(Spool(folder).recover()), b"".join(everything(folder + "/rejected"))
"""


@pytest.mark.modes("mpy", "cpython")
def test_no_key_is_in_a_file(worker, tmp_path):
    said = f"refused: {KEY} {HMAC_KEY}"
    result = {"success": True, "files": [{"success": False, "error": f"no {KEY}"}]}
    answers = [reply(said, status) for status in (400, 503, 401, 200)]
    answers[3] = reply(json.dumps({**result, "files": result["files"] * 3}))

    def handler(made, connection, number):
        made.take(connection)
        connection.send(answers[min(number, 3)])

    with peer(handler) as made:
        told, contents, recovered, rejected = worker.run(
            SECRET, url=made.url, key=KEY, hmac_key=HMAC_KEY.upper(), folder=str(tmp_path / "spool")
        )
    assert "waiting=1" in recovered and b"refused: ***" in rejected and b"no ***" in rejected
    assert len(contents) > 5
    for content in [*contents, *(text.encode() for text in told), rejected]:
        assert KEY.encode()[:9] not in content
        assert HMAC_KEY.upper().encode() not in content


ASYNC = """
import asyncio
from array import array
from edgeingest import Sample
from edgeingest.aio import AsyncClient
from edgeingest.spool import Spool

async def main():
    spool = Spool(folder)
    for i in range(5):
        sample = Sample((("a", "m"),), 10, array("f", [i] * 9), "X", name="wave.%d" % i, iat=1_700_000_000)
        spool.put("training", sample, hmac_key=hmac_key, label="ab"[i % 2])
    client = AsyncClient(key, url, timeout_ms=5000)
    result = await spool.flush_async(client)
    client.close()
    return tuple(result)

result = asyncio.run(main())
"""


@pytest.mark.modes("mpy", "native")
def test_an_async_client_sends_it(worker, tmp_path):
    with running(tmp_path / "service", hmac_key=HMAC_KEY) as service:
        data = {"folder": str(tmp_path / "spool"), "url": service.url, "key": KEY, "hmac_key": HMAC_KEY}
        assert worker.run(ASYNC, **data) == (5, 0, 0, 0, 0, None)
        assert worker.run(ASYNC, **data) == (0, 5, 0, 0, 0, None)
        rows = service.rows()
    assert sorted((row["label"], row["signature"]) for row in rows) == [("a", "valid")] * 3 + [("b", "valid")] * 2
