"""MicroPython's `network` as its documentation describes it, with a simulated radio.

flavour "esp32" or "rp2": the constants of the port and its statuses. A test sets: `air`, ssid -> password (None: open);
`refusals`: how many attempts fail first, and `reason`: their status, if it is not that of a refused association;
`address_ms`: time until it has an address; `broken`: the exception that the radio raises.
"""

import time

STA_IF = 0
AP_IF = 1

air = {}
refusals = 0
reason = None
address_ms = 20
broken = None
set_country = set_hostname = None
_ESP32 = {
    "STAT_IDLE": 1000,
    "STAT_CONNECTING": 1001,
    "STAT_GOT_IP": 1010,
    "STAT_NO_AP_FOUND": 201,
    "STAT_WRONG_PASSWORD": 202,
    "STAT_BEACON_TIMEOUT": 200,
    "STAT_ASSOC_FAIL": 203,
    "STAT_HANDSHAKE_TIMEOUT": 204,
}
_RP2 = {
    "STAT_IDLE": 0,
    "STAT_CONNECTING": 1,
    "STAT_WRONG_PASSWORD": -3,
    "STAT_NO_AP_FOUND": -2,
    "STAT_CONNECT_FAIL": -1,
    "STAT_GOT_IP": 3,
}


def reset(flavour):
    global broken, air, refusals, reason, address_ms, set_country, set_hostname, _wlan
    for name in list(globals()):
        if name.startswith("STAT_"):
            del globals()[name]
    globals().update(_ESP32 if flavour == "esp32" else _RP2)
    air, refusals, address_ms = {"home": "password1", "cafe": None}, 0, 20
    set_country = set_hostname = reason = broken = None
    _wlan = _Wlan(flavour)


def country(code):
    global set_country
    set_country = code


def hostname(name):
    global set_hostname
    set_hostname = name


class _Wlan:
    def __init__(self, flavour):
        self.flavour = flavour
        self.on = False
        self.target = None
        self.attempts = []
        self.reconnects = -1
        self.fails = None

    def active(self, on=None):
        if on is None:
            return self.on
        if broken:
            raise broken
        self.on = on

    def config(self, *names, **values):
        if names == ("ssid",):
            return self.target
        if values and self.flavour == "esp32" and list(values) == ["reconnects"]:
            self.reconnects = values["reconnects"]
        else:
            raise ValueError("unknown config param")

    def connect(self, ssid, key=None):
        global refusals
        if not self.on:
            raise OSError("Wifi Not Started")
        if self.target is not None:
            raise OSError("Wifi Internal State Error")
        self.target, self.began = ssid, time.ticks_ms()
        self.attempts.append((ssid, key))
        if ssid not in air:
            self.fails = "STAT_NO_AP_FOUND"
        elif air[ssid] != key:
            self.fails = "STAT_WRONG_PASSWORD"
        elif refusals:
            refusals -= 1
            self.fails = reason or ("STAT_ASSOC_FAIL" if self.flavour == "esp32" else "STAT_CONNECT_FAIL")
        else:
            self.fails = None

    def disconnect(self):
        self.target = None

    def _since(self):
        return time.ticks_diff(time.ticks_ms(), self.began)

    def isconnected(self):
        return self.target in air and self.target is not None and not self.fails and self._since() >= address_ms

    def status(self):
        if self.target is None:
            return STAT_IDLE  # noqa: F821  # made by reset
        if self.isconnected():
            return STAT_GOT_IP  # noqa: F821
        # the status of an ESP32 that reconnects by itself stays at connecting
        if self._since() < 5 or (self.fails and self.flavour == "esp32" and self.reconnects == -1):
            return STAT_CONNECTING  # noqa: F821
        if self.fails:
            return globals().get(self.fails, self.fails)
        return 2 if self.flavour == "rp2" else STAT_CONNECTING  # noqa: F821  # joined, no address yet


def WLAN(interface):
    return _wlan


reset("esp32")
