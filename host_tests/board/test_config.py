"""The board's configuration: what `edgeingest provision` writes is read, and what is wrong with it is named."""

import json

import pytest
from support.bodies import refused

DEVICE = """
import os
from edgeingest import config

def load(text):
    with open(path, "wb") as file:
        file.write(text)
    try:
        return config.load(path)
    finally:
        os.remove(path)

def found(text):
    made = load(text)
    return [getattr(made, key) for key in keys] + [repr(made)]

def client(text):
    from edgeingest import Client
    with load(text).client(buffer_size=512) as made:
        return isinstance(made, Client)

def other(text, **more):
    class Kind:
        def __init__(self, api_key, **arguments):
            self.found = [api_key, arguments["url"], arguments["ca"], arguments["hmac_key"], len(arguments)]
    return load(text).client(Kind, **more).found
"""
KEYS = ["wifi_ssid", "wifi_password", "api_key", "hmac_key", "url", "ca", "label", "device_name", "device_type"]
ALL = {
    "wifi_ssid": "Café",
    "wifi_password": "open sesame",
    "api_key": "ei_0123456789abcdef",
    "hmac_key": "fed53116f20684c067774ebf9e7bcbdc",
    "url": "http://192.168.1.10:4810",
    "ca": "/root.der",
    "label": "wave",
    "device_name": "board 1",
    "device_type": "RPI_PICO_W",
}
SECRETS = ("open sesame", "ei_0123456789abcdef", "fed53116f20684c067774ebf9e7bcbdc")


@pytest.fixture
def device(worker, tmp_path):
    return worker.define(f"path = {str(tmp_path / 'edgeingest.json')!r}\nkeys = {KEYS!r}\n" + DEVICE)


def text(**members):
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


FILES = pytest.mark.modes("py", "mpy", "cpython")


@FILES
def test_everything_is_found_and_secrets_are_masked(device):
    *values, shown = device.found(text(**ALL))
    assert dict(zip(KEYS, values, strict=True)) == ALL
    assert all(secret not in shown for secret in SECRETS)
    assert "label='wave'" in shown and "api_key='***'" in shown


@FILES
def test_what_is_left_out(device, worker):
    *values, shown = device.found(text(api_key="ei_0123456789abcdef"))
    found = dict(zip(KEYS, values, strict=True))
    assert found["url"] == "https://ingestion.edgeimpulse.com"
    assert found["ca"] == "/edgeingest.der"
    assert found["device_type"] == "linux"  # what MicroPython calls this port
    assert found["hmac_key"] is found["label"] is found["device_name"] is found["wifi_ssid"] is None
    assert "hmac_key=None" in shown
    assert device.found(text(api_key="ei_1", url="http://127.0.0.1:4810"))[KEYS.index("ca")] is None
    assert device.found(text(api_key="ei_1", url="HTTPS://Host"))[KEYS.index("ca")] == "/edgeingest.der"


@FILES
def test_a_client_of_it(device):
    assert device.client(text(**ALL))
    assert device.other(text(**ALL)) == [ALL["api_key"], ALL["url"], ALL["ca"], ALL["hmac_key"], 3]
    changed = device.other(text(**ALL), api_key="ei_other", url="http://h", hmac_key=None, buffer_size=512)
    assert changed == ["ei_other", "http://h", ALL["ca"], None, 4]


@FILES
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["no JSON object", "edgeingest provision"]),
        (b"\xff\xfe", ["no JSON object"]),
        (b'{"api_key": "ei_0123', ["no JSON object"]),
        (b'["ei_0123456789abcdef"]', ["no JSON object"]),
        (text(), ["api_key is missing"]),
        (text(api_key=None), ["api_key is missing"]),
        (text(**ALL, hmackey="x"), ["'hmackey' is no key", "hmac_key"]),
        (text(**{**ALL, "hmac_key": 12345}), ["hmac_key: a text", "not empty"]),
        (text(**{**ALL, "wifi_password": ["open sesame"]}), ["wifi_password: a text"]),
        (text(**{**ALL, "label": ""}), ["label: a text"]),
    ],
)
def test_what_is_wrong_is_named(device, content, words):
    error = refused(lambda: device.found(content), *words).trace
    assert all(secret not in error for secret in SECRETS)


@FILES
def test_no_file(worker, tmp_path):
    path = str(tmp_path / "none.json")
    source = f"from edgeingest import config\nconfig.load({path!r})"
    refused(lambda: worker.run(source), path, "edgeingest provision")
