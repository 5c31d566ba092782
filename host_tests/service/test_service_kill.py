"""A kill loses no upload that was acknowledged, and leaves no other files behind."""

import hashlib
import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from edgeingest_tools.service.store import Store, samples
from support.interpreters import ROOT
from support.service import KEY, Service, environment, numbered, part, process, running
from support.stored import consistent, received

_KILLED = Path(__file__).with_name("store_killed.py")


@pytest.mark.parametrize("left", range(24))
def test_killed_between_any_two_steps_of_storing(tmp_path, left):
    variables = environment()
    variables["PYTHONPATH"] += os.pathsep + str(ROOT / "host_tests")
    line = [sys.executable, str(_KILLED), str(tmp_path), str(left)]
    child = subprocess.run(line, stdout=subprocess.PIPE, text=True, env=variables, timeout=60)
    acknowledged = child.stdout.split()
    assert child.returncode == (-signal.SIGKILL if len(acknowledged) < 2 else 0)
    stored = {row["sha256"] for row in consistent(tmp_path)}
    for number in acknowledged:
        assert {hashlib.sha256(f"{number}{letter}".encode()).hexdigest() for letter in "ab"} <= stored
    assert len(stored) % 2 == 0
    # Two additions have 22 steps: the parameters cover each of them.
    assert (len(acknowledged) == 2) == (left >= 22)


@pytest.mark.parametrize("seed", range(3))
def test_service_killed_at_a_random_moment(tmp_path, seed):
    chance = random.Random(seed)
    kill_after = chance.randrange(5, 60)
    acknowledged, enough = [], threading.Event()

    def upload(worker, service):
        headers = {"x-api-key": KEY, "Content-Type": "application/cbor", "x-file-name": "wave.cbor"}
        connection = http.client.HTTPConnection(service.address, timeout=30)
        try:
            for number in range(10_000):
                body = numbered(f"{worker} {number}")
                connection.request("POST", "/api/training/data", body, headers)
                response = connection.getresponse()
                name = response.read().decode()
                assert response.status == 200
                acknowledged.append((name, hashlib.sha256(body).hexdigest()))
                if len(acknowledged) >= kill_after:
                    enough.set()
        except (OSError, http.client.HTTPException):
            enough.set()
        finally:
            connection.close()

    with process(tmp_path, stderr=subprocess.DEVNULL) as service:
        threads = [threading.Thread(target=upload, args=(worker, service)) for worker in range(3)]
        for thread in threads:
            thread.start()
        assert enough.wait(30)
        service.child.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
    assert len(acknowledged) >= kill_after
    stored = {(row["stored_name"], row["sha256"]) for row in consistent(tmp_path)}
    assert set(acknowledged) <= stored


class Killed:
    """A service that is killed repeatedly; uploaders send each file until it is acknowledged."""

    def __init__(self, directory, chance):
        self.directory, self.chance = directory, chance
        self.address = None
        self.acknowledged = {}  # sha256 -> stored name, None for a duplicate
        self.done = threading.Event()

    def upload(self, worker, count):
        for number in range(count):
            body = numbered(f"{worker} {number}")
            while not self._is_acknowledged(body, files=number % 2):
                time.sleep(0.01)

    def _is_acknowledged(self, body, files):
        service = Service(f"http://{self.address}", self.directory)
        digest = hashlib.sha256(body).hexdigest()
        try:
            if files:
                reply = service.files(part("wave.cbor", body), x_disallow_duplicates="1")
                name = reply.json["files"][0].get("fileName")
            else:
                reply = service.data(body, x_disallow_duplicates="1")
                name = reply.text if reply.status == 200 else None
        except (OSError, http.client.HTTPException):
            return False
        assert name or "already exists" in reply.text
        self.acknowledged[digest] = name
        return True

    def kill_repeatedly(self, kills):
        for left in range(kills, -1, -1):
            with process(self.directory, stderr=subprocess.DEVNULL) as service:
                self.address = service.address
                self.done.wait(self.chance.uniform(0.05, 0.4) if left else None)


@pytest.mark.timeout(600)
def test_a_file_that_is_sent_until_it_is_acknowledged_is_stored_once(tmp_path, torture, counted):
    count, kills = (3000, 100) if torture else (150, 5)
    killed = Killed(tmp_path, random.Random(1))
    killer = threading.Thread(target=killed.kill_repeatedly, args=(kills,))
    killer.start()
    threads = [threading.Thread(target=killed.upload, args=(worker, count)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    killed.done.set()
    killer.join()
    rows = consistent(tmp_path)
    assert len(killed.acknowledged) == 3 * count
    assert sorted(row["sha256"] for row in rows) == sorted(killed.acknowledged)  # each once
    names = {row["sha256"]: row["stored_name"] for row in rows}
    assert all(name in (None, names[digest]) for digest, name in killed.acknowledged.items())
    counted(kills)


def test_left_over_temporaries_are_removed_at_start(tmp_path):
    store = Store(tmp_path)
    left_over = store.temporary()
    left_over.write_bytes(b"half")
    store.close()
    with running(tmp_path) as service:
        assert not left_over.exists()
        assert service.data(numbered(1)).status == 200


def test_failed_move_stores_nothing(tmp_path):
    store = Store(tmp_path)
    first, second = received(store, 1)
    second.path.unlink()
    with pytest.raises(FileNotFoundError):
        store.add([first, second], False)
    assert samples(tmp_path) == []
    assert list((tmp_path / "training").iterdir()) == []
    assert len(store.add(received(store, 2), False)) == 2
    store.close()
