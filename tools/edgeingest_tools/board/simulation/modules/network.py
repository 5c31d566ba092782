"""The parts of MicroPython's `network` that a simulated board has: Wi-Fi over this computer's own network.

Connecting works with every network name except `nowhere`, and every password except one that begins with `wrong`.
"""

STA_IF = 0
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 0, 1, 3
STAT_WRONG_PASSWORD, STAT_NO_AP_FOUND = -3, -2


class WLAN:
    _status, _ssid = STAT_IDLE, ""

    def __init__(self, interface=STA_IF):
        pass

    def active(self, on=None):
        return True

    def connect(self, ssid, key=None):
        WLAN._ssid = ssid
        WLAN._status = STAT_GOT_IP
        if ssid == "nowhere":
            WLAN._status = STAT_NO_AP_FOUND
        elif key and key.startswith("wrong"):
            WLAN._status = STAT_WRONG_PASSWORD

    def disconnect(self):
        WLAN._status = STAT_IDLE

    def isconnected(self):
        return WLAN._status == STAT_GOT_IP

    def status(self, what=None):
        return -40 if what == "rssi" else WLAN._status

    def config(self, name=None, **values):
        if name == "ssid":
            return WLAN._ssid
        if values:
            raise ValueError("unknown config param")  # as real chips do for an unknown parameter

    def ifconfig(self):
        return "127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1"


def country(code):
    pass


def hostname(name):
    pass
