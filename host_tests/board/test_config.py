"""The board's configuration: what `edgeingest provision` writes is read, and errors name what is wrong in it."""

import json

import pytest
from support.bodies import refused
from support.device_source import device_source

DEVICE = device_source("board/config_device")
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
def device(worker):
    return worker.define(DEVICE)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "edgeingest.json")


@pytest.fixture
def values(device, path):
    """Returns values(text) -> ({key: value}, repr) of the configuration."""

    def get(text):
        values, shown = device.values(path, text, KEYS)
        return dict(zip(KEYS, values, strict=True)), shown

    return get


def text(**members):
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


FILES = pytest.mark.modes("py", "mpy", "cpython")


@FILES
def test_everything_is_found_and_secrets_are_masked(values):
    found, shown = values(text(**ALL))
    assert found == ALL
    assert all(secret not in shown for secret in SECRETS)
    assert "label='wave'" in shown and "api_key='***'" in shown


@FILES
def test_defaults(values):
    found, shown = values(text(api_key="ei_0123456789abcdef"))
    assert found["url"] == "https://ingestion.edgeimpulse.com"
    assert found["ca"] == "/edgeingest.der"
    assert found["device_type"] == "linux"  # MicroPython's name of this port
    assert found["hmac_key"] is found["label"] is found["device_name"] is found["wifi_ssid"] is None
    assert "hmac_key=None" in shown
    assert values(text(api_key="ei_1", url="http://127.0.0.1:4810"))[0]["ca"] is None
    assert values(text(api_key="ei_1", url="HTTPS://Host"))[0]["ca"] == "/edgeingest.der"


@FILES
def test_a_client_with_the_configuration(device, path):
    assert device.makes_a_client(path, text(**ALL))
    assert device.client_arguments(path, text(**ALL)) == [ALL["api_key"], ALL["url"], ALL["ca"], ALL["hmac_key"], 3]
    more = {"api_key": "ei_other", "url": "http://h", "hmac_key": None, "buffer_size": 512}
    changed = device.client_arguments(path, text(**ALL), **more)
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
def test_errors_name_what_is_wrong(values, content, words):
    error = refused(lambda: values(content), *words).trace
    assert all(secret not in error for secret in SECRETS)


@FILES
def test_no_file(worker, tmp_path):
    path = str(tmp_path / "none.json")
    source = f"from edgeingest import config\nconfig.load({path!r})"
    refused(lambda: worker.run(source), path, "edgeingest provision")
