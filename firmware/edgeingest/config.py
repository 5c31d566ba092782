"""`load`: the settings that the command `edgeingest provision` wrote to the board, so that programs need no editing.

The file is a JSON object of strings, with the keys of _KEYS. Secrets never appear in errors and reprs.
"""

from sys import platform

from .errors import SampleError

_KEYS = (
    "wifi_ssid",
    "wifi_password",
    "api_key",
    "hmac_key",
    "url",
    "ca",
    "label",
    "device_name",
    "device_type",
)
_SECRET = ("wifi_password", "api_key", "hmac_key")


def load(path="/edgeingest.json"):
    """Returns the `Config` of a file. Raises a SampleError that says what is wrong with it; secrets are not shown.

    path: of the JSON object that `edgeingest provision` put on the board.

        config = load()
        with config.client() as client:
            client.upload("training", sample, label=config.label)
    """
    try:
        with open(path) as file:
            text = file.read()
    except OSError as e:
        raise SampleError(
            "%s cannot be read: error %s; run `edgeingest provision` to put it on the board" % (path, e.errno)
        )
    except UnicodeError:
        text = ""
    from json import loads

    try:
        found = loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SampleError("%s is no JSON object; run `edgeingest provision` to write it anew" % path)
    return Config(found, path)


class Config:
    """The settings: one attribute for each key. A key that is not in the file is None, except for these defaults:

    url: the public service. ca: for https, the path "/edgeingest.der". device_type: MicroPython's name of the port.
    """

    def __init__(self, found, path):
        for key, value in found.items():
            if key not in _KEYS:
                raise SampleError("%s: %r is no key; there are %s" % (path, key, " ".join(_KEYS)))
            if value is not None and (not isinstance(value, str) or not value):
                raise SampleError("%s: %s: a text that is not empty is needed, or leave it out" % (path, key))
        if not found.get("api_key"):
            raise SampleError("%s: api_key is missing; run `edgeingest provision`" % path)
        self.wifi_ssid = found.get("wifi_ssid")
        self.wifi_password = found.get("wifi_password")
        self.api_key = found["api_key"]
        self.hmac_key = found.get("hmac_key")
        self.url = found.get("url") or "https://ingestion.edgeimpulse.com"
        self.ca = found.get("ca") or ("/edgeingest.der" if self.url.lower().startswith("https:") else None)
        self.label = found.get("label")
        self.device_name = found.get("device_name")
        self.device_type = found.get("device_type") or platform

    def client(self, kind=None, **arguments):
        """Returns a `Client`, or another kind of client (AsyncClient), with these settings.

        arguments: of the client; they take precedence over the settings.
        """
        if kind is None:
            from .client import Client as kind
        for key in ("url", "ca", "hmac_key"):
            arguments.setdefault(key, getattr(self, key))
        return kind(arguments.pop("api_key", self.api_key), **arguments)

    def __repr__(self):
        shown = ["%s=%r" % (key, _masked(key, getattr(self, key))) for key in _KEYS]
        return "Config(%s)" % ", ".join(shown)


def _masked(key, value):
    """Returns the value to show in a repr: three stars for a secret."""
    return "***" if value and key in _SECRET else value
