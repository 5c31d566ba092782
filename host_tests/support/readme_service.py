"""Shared by the tests of README.md: a service in place of the real one, and a check of what the first program sent."""

import subprocess

import cbor2
import pytest
from edgeingest_tools.service import certificates

from support import interpreters, modes, readme
from support.service import running

HOST = "ingestion.edgeimpulse.com"
KEYS = {"api_keys": ("ei_your_api_key",), "hmac_key": "your_hmac_key"}


def service_at(folder, host=HOST):
    """Gives a service with a certificate for a host; ca.der and ca.pem of its authority are in the folder."""
    return running(folder, tls=certificates.server_context(folder, [host]), **KEYS)


def run(program, folder, *address):
    """Runs a program in a folder, with the library as on a board (.mpy) and the heap of an RP2040."""
    (folder / "main.py").write_text(readme.redirected(program, *address))
    command = [interpreters.micropython(), *modes.flags("mpy", "192K"), "main.py"]
    variables = modes.environment(["", modes.firmware("mpy")])
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60)


def check_wave(service, printed):
    """Checks what the first program sent and printed; it asked for the name and certificate of the real service."""
    row = service.row()
    columns = {
        "category": "training",
        "stored_name": "wave.01.cbor",
        "label": "wave",
        "rows": 100,
        "signature": "valid",
    }
    assert {name: row[name] for name in columns} == columns
    payload = cbor2.loads((service.directory / "training" / "wave.01.cbor").read_bytes())["payload"]
    assert payload["values"] == [pytest.approx([0.1, 0.2, 9.8])] * 100
    assert payload["sensors"] == [{"name": name, "units": "m/s2"} for name in ("accX", "accY", "accZ")]
    assert (payload["device_type"], payload["interval_ms"]) == ("RPI_PICO_W", 10)
    first, second = printed.splitlines()
    assert first == "clock set"
    assert "wave.01.cbor" in second
