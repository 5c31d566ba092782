"""Everything fails at once: the device and the service are killed, and the network cuts connections at any byte. Each
sample is stored once, as it was made."""

import contextlib
import random
import subprocess
import sys

import cbor2
import pytest
from support import heaps
from support.interpreters import ROOT
from support.peer import free_port
from support.proxy import proxy
from support.scripts import rom_command, run_from_rom, script_environment
from support.service import HMAC_KEY, KEY, environment
from support.stored import consistent

SERVICE = ROOT / "host_tests" / "faults" / "service_killed.py"
SCRIPT = ROOT / "host_tests" / "faults" / "chaos_device.py"


@contextlib.contextmanager
def killed_service(folder, port, seed, log):
    """Runs the service, which is killed now and then; gives a list, which at the end has the number of kills."""
    line = [sys.executable, str(SERVICE), str(folder), str(port), HMAC_KEY, str(seed), "0.4"]
    kills: list[int] = []
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=log, env=environment(), text=True) as child:
        try:
            yield kills
        finally:
            child.terminate()
            kills.append(int(child.communicate(timeout=30)[0]))


def run_device(arguments, log, chance, most):
    """Runs the device, kills it at most so often, and returns its exit code and how often it was killed."""
    kills = 0
    while True:
        command = rom_command(SCRIPT, f"{heaps.SPOOL}K", arguments)
        with subprocess.Popen(
            command, env=script_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as child:
            try:
                return child.wait(chance.uniform(0.1, 0.6) if kills < most else 600), kills
            except subprocess.TimeoutExpired:
                kills += 1
            finally:
                child.kill()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
def test_each_sample_arrives_once_whatever_fails(tmp_path, torture, counted, seed):
    count, most = (2000, 300) if torture else (150, 8)
    stored, device, port = tmp_path / "service", tmp_path / "device", free_port()
    device.mkdir()
    with (
        (tmp_path / "log").open("ab") as log,
        (tmp_path / "service_log").open("ab") as service_log,
        killed_service(stored, port, seed, service_log) as service_kills,
        proxy(port, lost=0.5, after_bytes=2000, seed=seed) as between,
    ):
        arguments = [str(device), f"http://127.0.0.1:{between.port}", KEY, HMAC_KEY, str(count)]
        code, kills = run_device(arguments, log, random.Random(seed), most)
    output = (tmp_path / "log").read_text()
    assert code == 0 and output.endswith("end\n"), output[-3000:]
    flushes = [[int(word) for word in line.split()] for line in output.splitlines() if line[:1].isdigit()]
    assert {tuple(counts[2:4]) for counts in flushes if len(counts) == 5} == {(0, 0)}  # none refused, none damaged
    assert [path for path in (device / "spool").rglob("*") if path.is_file()] == []
    rows = consistent(stored)
    wanted = run_from_rom(SCRIPT, f"{heaps.SPOOL}K", [str(device), "", KEY, HMAC_KEY, str(count)]).stdout.split()
    assert len(set(wanted)) == count
    assert sorted(row["sha256"] for row in rows) == sorted(wanted)
    assert {row["signature"] for row in rows} == {"valid"}
    for row in rows:
        number = int(row["sent_name"].split(".")[1])
        values = cbor2.loads((stored / "training" / row["stored_name"]).read_bytes())["payload"]["values"]
        assert values == [[number, 0.5, -number]] * (1 + number % 40)
    print(
        f"{count} samples; {kills} kills of the device, {service_kills[0]} of the service; {between.killed} of "
        f"{between.connections} connections cut; {sum(counts[1] for counts in flushes if len(counts) == 5)} duplicates"
    )
    happened = kills, service_kills[0], between.killed
    assert all(happened) if torture else any(happened)  # a short run may end before one of them
    counted(count)
