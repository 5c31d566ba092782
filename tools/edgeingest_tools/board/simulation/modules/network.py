"""MicroPython's `network` with a simulated radio, written from the drivers of MicroPython 1.26.1.

ESP32: ports/esp32/network_wlan.c, lines 82-167 (events) and 373-410 (status). RP2: extmod/network_cyw43.c and
cyw43-driver, src/cyw43_ctrl.c (cyw43_cb_process_async_event, cyw43_wifi_link_status), src/cyw43_lwip.c.
On both, disconnect() only asks for it, and what it did is known when an event has come.

`air`: ssid -> password (None: open); None: every name but `nowhere`, and every password but those that begin with
`wrong`, over this computer's own network. A test sets that, and: `refusals`: how many attempts fail first, and
`reason`: their status, if it is not that of a refused association; `address_ms`: time until it has an address;
`fails_ms`: until an attempt fails; `leaves_ms`: until it has disconnected; `deauthenticates`: whether an access point
that is given a wrong password ends the association, in place of failing it (RP2); `broken`: the exception that the
radio raises; `time`: its clock.
"""

import sys
import time

STA_IF = 0
AP_IF = 1

air = {}
refusals = 0
reason = None
address_ms = 20
fails_ms = 5
leaves_ms = 0
deauthenticates = False
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
    "STAT_CONNECT_FAIL": 203,
    "STAT_HANDSHAKE_TIMEOUT": 204,
    "STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY": 210,
    "STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD": 211,
    "STAT_NO_AP_FOUND_IN_RSSI_THRESHOLD": 212,
}
_RP2 = {
    "STAT_IDLE": 0,
    "STAT_CONNECTING": 1,
    "STAT_WRONG_PASSWORD": -3,
    "STAT_NO_AP_FOUND": -2,
    "STAT_CONNECT_FAIL": -1,
    "STAT_GOT_IP": 3,
}
_ASSOC_LEAVE, _CONNECTION_FAIL = 8, 205  # of ESP-IDF's wifi_err_reason_t
_STAY = (201, 202, 210, 211, 212)  # reasons that status() returns until there is another one
_NO_ADDRESS = 2  # CYW43_LINK_NOIP


def reset(flavour):
    global broken, air, refusals, reason, address_ms, fails_ms, leaves_ms, deauthenticates, set_country, set_hostname
    global _wlan
    for name in list(globals()):
        if name.startswith("STAT_"):
            del globals()[name]
    globals().update(_ESP32 if flavour == "esp32" else _RP2)
    air, refusals, address_ms, fails_ms, leaves_ms = {"home": "password1", "cafe": None}, 0, 20, 5, 0
    set_country = set_hostname = reason = broken = None
    deauthenticates = False
    _wlan = _Esp32() if flavour == "esp32" else _Rp2()


def country(code):
    global set_country
    set_country = code


def hostname(name):
    global set_hostname
    set_hostname = name


class _Wlan:
    def __init__(self):
        self.on = self.up = self.requested = self.deinitialized = False  # up: it has an address
        self.ssid = self.key = ""
        self.attempts = []
        self.reconnects = -1
        self.busy = False  # associating or associated
        self._events = []  # (time, function, argument)

    def active(self, on=None):
        if on is None:
            return self.on
        if broken:
            raise broken
        self.on = on

    def _after(self, ms, function, argument):
        self._events.append((time.ticks_add(time.ticks_ms(), ms), function, argument))

    def _run(self):
        """Handles the events whose time has come."""
        for event in self._events[:]:
            if time.ticks_diff(time.ticks_ms(), event[0]) >= 0:
                self._events.remove(event)
                event[1](event[2])

    def _associate(self):
        """Starts an attempt, and drops what the one before was about to bring."""
        global refusals
        self._events = [event for event in self._events if event[1] == self._left]
        self.busy = True
        if self.ssid == "nowhere" if air is None else self.ssid not in air:
            self._after(fails_ms, self._failed, "STAT_NO_AP_FOUND")
        elif self.key.startswith("wrong") if air is None else air[self.ssid] != (self.key or None):
            self._after(fails_ms, self._failed, "STAT_WRONG_PASSWORD")
        elif refusals:
            refusals -= 1
            self._after(fails_ms, self._failed, "STAT_CONNECT_FAIL")
        else:
            self._after(min(5, address_ms), self._linked, None)
            self._after(address_ms, self._addressed, None)

    def _begin(self, ssid, key):
        self._run()
        self.attempts.append((ssid, key))
        self.ssid, self.key, self.requested = ssid, key or "", True

    def _leave(self):
        self._run()
        self.requested = False
        if self.busy:  # without an association there is no event
            self._events = []
            self.busy = False
            self._after(leaves_ms, self._left, None)
            self._run()

    def isconnected(self):
        self._run()
        return self.up

    def ifconfig(self):
        return "127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1"


class _Esp32(_Wlan):
    disconn_reason = 0  # wifi_sta_disconn_reason
    count = 0  # wifi_sta_reconnects

    def config(self, *names, **values):
        if names == ("ssid",):  # line 710: a C string, and 32 bytes of name leave no room for its end
            padded = self.ssid.encode() + bytes(32 - len(self.ssid.encode())) + self.key.encode() + bytes(1)
            return padded[: padded.index(0)].decode()
        if list(values) != ["reconnects"]:
            raise ValueError("unknown config param")
        self.reconnects = values["reconnects"]

    def connect(self, ssid, key=None):
        if not self.on:
            raise OSError("Wifi Not Started")
        if self.busy:
            raise OSError("Wifi Internal State Error")
        self._begin(ssid, key)
        self.count = 0
        self._associate()

    def disconnect(self):
        if not self.on:
            raise OSError("Wifi Not Started")
        self._leave()

    def _failed(self, name):
        self._disconnected(reason if name == "STAT_CONNECT_FAIL" and reason else _ESP32[name])

    def _left(self, _):
        self._disconnected(_ASSOC_LEAVE)

    def _disconnected(self, why):
        """WIFI_EVENT_STA_DISCONNECTED."""
        self.disconn_reason, self.up = why, False
        if why != _ASSOC_LEAVE:
            self.busy = False
        if self.requested:
            if self.reconnects != -1:  # conf_wifi_sta_reconnects is one more
                self.count += 1
                if self.count >= self.reconnects + 1:
                    return
            if not self.busy:
                self._associate()

    def _linked(self, _):
        pass

    def _addressed(self, _):
        self.up, self.disconn_reason = True, 0

    def status(self, what=None):
        self._run()
        if what == "rssi":
            return -40
        if self.up:
            return _ESP32["STAT_GOT_IP"]
        if self.disconn_reason in _STAY:
            return self.disconn_reason
        if self.disconn_reason == _CONNECTION_FAIL:
            return _ESP32["STAT_WRONG_PASSWORD"]
        if self.disconn_reason == _ASSOC_LEAVE:
            return _ESP32["STAT_IDLE"]
        if self.requested and (self.reconnects == -1 or self.count < self.reconnects + 1):
            return _ESP32["STAT_CONNECTING"]
        return self.disconn_reason or _ESP32["STAT_IDLE"]


class _Rp2(_Wlan):
    join_state = 0  # as cyw43_wifi_link_status returns it
    link = False
    powered = False  # cyw43_poll is not NULL

    def active(self, on=None):
        super().active(on)
        self.powered = True  # turned off, too: that leaves the network, for which the chip has to be up
        return self.on

    def config(self, *names, **values):
        if names != ("ssid",):
            raise ValueError("unknown config param")
        return self.ssid

    def connect(self, ssid, key=None):
        if not self.on:
            raise OSError(1)
        self._begin(ssid, key)
        self.join_state = _RP2["STAT_CONNECTING"]
        self._associate()

    def disconnect(self):
        self.powered = True
        self._leave()

    def deinit(self):
        """cyw43_deinit: without power, the chip forgets everything."""
        self.deinitialized, self.on, self.join_state, self.powered = True, False, 0, False

    def _failed(self, name):
        self.busy = False
        self.join_state = 0 if deauthenticates and name == "STAT_WRONG_PASSWORD" else _RP2[name]

    def _left(self, _):
        """CYW43_EV_DISASSOC; an attempt that has begun since gets no further (the state has lost its bit ACTIVE)."""
        self.join_state, self.link, self.up = 0, False, False
        self._events = []

    def _linked(self, _):
        self.link = True

    def _addressed(self, _):
        self.up = True

    def status(self, what=None):
        self._run()
        if what == "rssi":
            return -40
        return _RP2["STAT_GOT_IP"] if self.up else _NO_ADDRESS if self.link else self.join_state


def WLAN(interface):
    return _wlan


reset("esp32" if sys.platform == "esp32" else "rp2")
air = None
