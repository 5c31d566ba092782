"""Wi-Fi and the clock: `connect` and `set_clock`, for boards that have MicroPython's `network` module."""

import time

from micropython import const

from .errors import DeadlineError, NetworkError, SampleError
from .signing import epoch, plausible
from .validate import check_whole

try:
    import network  # MicroPython's own: imports without a dot never look into this package
except ImportError:
    raise NetworkError("this MicroPython has no Wi-Fi: put samples into a Spool, and get them with `edgeingest pull`")

_TRIES = const(3)  # the right password is refused now and then, and an access point is not heard every time
_LONGEST_MS = const(0xFFFFFFF)  # three days: the ticks of a board come round after six
_SAID = {
    "STAT_WRONG_PASSWORD": "the password is wrong",
    "STAT_NO_AP_FOUND": "no network of this name is in reach (most boards see 2.4 GHz only)",
    "STAT_CONNECT_FAIL": "the access point refused",
    "STAT_ASSOC_FAIL": "the access point refused",
    "STAT_HANDSHAKE_TIMEOUT": "the handshake took too long; the password may be wrong",
    "STAT_BEACON_TIMEOUT": "the access point was lost",
    "STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD": "the access point's security is too weak",
    "STAT_NO_AP_FOUND_IN_RSSI_THRESHOLD": "the signal is too weak",
    "STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY": "the access point's security is not supported",
}


def connect(ssid, password=None, timeout_ms=20_000, country=None, hostname=None):
    """Connect to a Wi-Fi network and return the `network.WLAN`; at once, if the connection stands already.

    To stay connected, call it before each use: after a loss it connects anew. ESP32s do so by themselves as well.
    ssid, password: of the network; None: it is open. country: two letters, opens the channels allowed there.
    hostname: what the board is called in the network. timeout_ms: for all of it.
    A network that refuses three times (wrong password) or is not found is a NetworkError that says why, no address
    within timeout_ms a DeadlineError; names and numbers of the reasons differ between boards, `errno` is the board's.
    """
    if not isinstance(ssid, str) or not 1 <= len(ssid.encode()) <= 32:
        raise SampleError("ssid: a name of 1 to 32 bytes is needed, not %r" % (ssid,))
    if password is not None and (not isinstance(password, str) or not 8 <= len(password.encode()) <= 64):
        raise SampleError("password: 8 to 64 bytes are needed, or None for an open network")
    check_whole(timeout_ms, "timeout_ms", 1, _LONGEST_MS)
    if country:
        network.country(country)
    if hostname:
        network.hostname(hostname)
    wlan = network.WLAN(network.STA_IF)
    _begin(ssid, wlan.active, True)
    if wlan.isconnected() and wlan.config("ssid") == ssid:
        return wlan
    start = time.ticks_ms()
    for _ in range(_TRIES):
        _reconnects(wlan, 0)  # ESP32: one attempt at a time, or it would go on and say nothing
        _begin(ssid, wlan.disconnect)
        _begin(ssid, wlan.connect, ssid, password)
        status = _wait(wlan, start, timeout_ms, ssid)
        if status is None:
            _reconnects(wlan, -1)  # from now on without an end
            return wlan
    wlan.disconnect()
    raise NetworkError("Wi-Fi %r: %s (status %d)" % (ssid, _reason(status), status), status)


def _begin(ssid, action, *arguments):
    try:
        action(*arguments)
    except (OSError, RuntimeError) as e:  # ESP32: errors that have no name there are a RuntimeError
        raise NetworkError("Wi-Fi %r: cannot connect: error %s" % (ssid, e), getattr(e, "errno", None))


def _reconnects(wlan, count):
    try:
        wlan.config(reconnects=count)
    except (ValueError, TypeError, OSError):  # a chip that does not reconnect by itself
        return


def _wait(wlan, start, timeout_ms, ssid):
    """None when there is an address, or the status of a failure."""
    connecting = network.STAT_CONNECTING
    going_on = (network.STAT_IDLE, connecting, connecting + 1, network.STAT_GOT_IP)  # + 1: RP2, no address yet
    while not wlan.isconnected():
        status = wlan.status()
        if status not in going_on:
            return status
        if time.ticks_diff(time.ticks_ms(), start) >= timeout_ms:
            wlan.disconnect()
            raise DeadlineError("Wi-Fi %r: no address within %d ms (status %d)" % (ssid, timeout_ms, status), status)
        time.sleep_ms(50)
    return None


def _reason(status):
    for name in _SAID:
        if getattr(network, name, None) == status:
            return _SAID[name]
    return "it failed for a reason that has no name here; the password may be wrong"


def set_clock(host="pool.ntp.org", timeout_ms=10_000, port=123):
    """Set the board's clock from a network time server, to the second, and return the seconds since 1970.

    Certificates and signatures need it. Asked again every second, up to timeout_ms; then a DeadlineError. The clock of
    most boards does not survive a power cut, and drifts by seconds a day.
    """
    from .sntp import seconds

    check_whole(timeout_ms, "timeout_ms", 1, _LONGEST_MS)
    start = time.ticks_ms()
    why = "no answer that makes sense"
    while True:
        left_ms = timeout_ms - time.ticks_diff(time.ticks_ms(), start)
        if left_ms <= 0:
            raise DeadlineError("clock: %s from %s within %d ms" % (why, host, timeout_ms))
        try:
            found = plausible(seconds(host, min(left_ms, 1000), port))
        except OSError as e:  # no such name, or no way there yet
            why = "error %s" % e
            found = None
        if found:
            _set_clock(found)
            return found
        time.sleep_ms(min(left_ms, 200))  # an answer that came at once and was no good is not asked for in a storm


def _set_clock(seconds):
    """Sets the board's clock to seconds since 1970, UTC."""
    from machine import RTC

    year, month, day, hour, minute, second, weekday = time.gmtime(seconds - epoch())[:7]
    RTC().datetime((year, month, day, weekday + 1, hour, minute, second, 0))  # type: ignore[attr-defined]  # unix has none
