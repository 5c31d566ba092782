"""Wi-Fi (`connect`) and the board's clock (`set_clock`), for boards that have MicroPython's `network` module.

Sources: MicroPython's documentation, class network.WLAN, and its drivers (ports/esp32/network_wlan.c,
extmod/network_cyw43.c); RFC 4330 (SNTP version 4), sections 3 (eras), 4 (message format) and 5 (what a client checks).
Name look-up (getaddrinfo) blocks, and no time limit applies to it.
"""

import os
import select
import struct
import time

from micropython import const

from .errors import DeadlineError, NetworkError, SampleError
from .signing import epoch, plausible
from .validate import check_whole

try:
    import socket

    import network  # MicroPython's own: imports without a dot never look into this package
except ImportError:
    raise NetworkError("this MicroPython has no Wi-Fi: put samples into a Spool, and get them with `edgeingest pull`")

_ATTEMPTS = const(3)  # an access point sometimes refuses the right password, and a scan sometimes misses it
_LONGEST_MS = const(0xFFFFFFF)  # three days: a board's ticks_ms wraps after six
_POLL_MS = const(50)
_LEAVE_MS = const(2000)  # how long the end of a connection may take
_STALE_MS = const(5000)  # until then, a status may be that of the attempt before

# SNTP, RFC 4330
_REQUEST = const(0x23)  # no leap second warning, version 4, mode 3: client
_MESSAGE_SIZE = const(48)
_MODE = const(7)  # mask in the first byte
_SERVER = const(4)  # mode of a server's reply
_NOT_SYNCHRONIZED = const(3)  # leap indicator: the upper two bits of the first byte
_LAST_STRATUM = const(15)  # stratum 0 is a refusal ("kiss of death")
_ERA = const(1 << 32)  # seconds; era 1 begins on 2036-02-07
_1970 = const(2208988800)  # seconds from 1900, where era 0 begins, to 1970
_ANSWER_MS = const(1000)  # how long one request waits for its reply
_PAUSE_MS = const(200)  # before the next request, so that a server which refuses is not flooded

_REASONS = {
    "STAT_IDLE": "the access point ended the connection; the password may be wrong",
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
    """Connects to a Wi-Fi network and returns the `network.WLAN`; returns at once if the connection is already up.

    To stay connected, call it before each use: it connects again after a loss. An ESP32 also reconnects by itself.
    ssid, password: of the network; None means that it is open. country: two letters; allows the channels of that
    country. hostname: the board's name in the network. timeout_ms: for the whole call.
    Raises NetworkError with the reason when the network refuses three times (wrong password) or is not found, and
    DeadlineError when there is no address within timeout_ms. `errno` is the board's own status number.

        connect("home", "password of home")
    """
    if ssid is None:
        raise SampleError("ssid: no Wi-Fi is configured: run `edgeingest provision`")
    if not isinstance(ssid, str) or not 1 <= len(ssid.encode()) <= 32:
        raise SampleError("ssid: a name of 1 to 32 bytes is needed, not %r" % (ssid,))
    if password is not None and (not isinstance(password, str) or not 8 <= len(password.encode()) <= 64):
        given = len(password.encode()) if isinstance(password, str) else type(password)
        raise SampleError("password: 8 to 64 bytes are needed, not %s; or None for an open network" % given)
    check_whole(timeout_ms, "timeout_ms", 1, _LONGEST_MS)
    if country:
        network.country(country)
    if hostname:
        network.hostname(hostname)
    wlan = network.WLAN(network.STA_IF)
    _call(ssid, wlan.active, True)
    # behind a name of 32 bytes, an ESP32 returns more than the name
    if wlan.isconnected() and wlan.config("ssid").encode()[:32] == ssid.encode():
        return wlan
    start = time.ticks_ms()
    for _ in range(_ATTEMPTS):
        _set_reconnects(wlan, 0)  # an ESP32 would otherwise try for ever, without reporting a failure
        _leave(wlan)
        before = wlan.status()
        _call(ssid, wlan.connect, ssid, password)
        status = _wait(wlan, before, start, timeout_ms, ssid)
        if status is None:
            _set_reconnects(wlan, -1)  # from now on, reconnect without a limit
            return wlan
    _leave(wlan)
    raise NetworkError("Wi-Fi %r: %s (status %d)" % (ssid, _reason(status), status), status)


def turn_off():
    """Disconnects and turns the radio off: before a board sleeps, for an RP2 does not sleep while it is on.

    `connect` turns it on again.
    """
    wlan = network.WLAN(network.STA_IF)
    _leave(wlan)
    wlan.active(False)
    if hasattr(wlan, "deinit"):  # an RP2: takes the power from the radio
        wlan.deinit()


def _call(ssid, function, *arguments):
    """Calls a method of the WLAN; raises NetworkError when the radio reports an error."""
    try:
        function(*arguments)
    except (OSError, RuntimeError) as e:  # the ESP32 port raises RuntimeError for error codes that it does not know
        raise NetworkError("Wi-Fi %r: cannot connect: error %s" % (ssid, e), getattr(e, "errno", None))


def _set_reconnects(wlan, count):
    """Sets how often the chip reconnects by itself; does nothing on a chip that has no such setting."""
    try:
        wlan.config(reconnects=count)
    except (ValueError, TypeError, OSError, RuntimeError):
        return


def _leave(wlan):
    """Disconnects, and waits until the radio no longer reports this connection: it would be taken for the next."""
    try:
        wlan.disconnect()
    except (OSError, RuntimeError):  # the next attempt reports what is wrong
        return
    for _ in range(_LEAVE_MS // _POLL_MS):
        if not wlan.isconnected():
            return
        time.sleep_ms(_POLL_MS)


def _wait(wlan, before, start, timeout_ms, ssid):
    """Returns None when there is an address, or the status of a failure; raises DeadlineError.

    before: the status before this attempt. An ESP32 returns some until an address comes, as if this attempt had failed.
    """
    # connecting + 1: on an RP2, connected but without an address yet
    pending = [network.STAT_CONNECTING, network.STAT_CONNECTING + 1, network.STAT_GOT_IP]
    if network.STAT_IDLE:  # an ESP32 connects in this status, too; on an RP2, 0 is an attempt that has ended
        pending.append(network.STAT_IDLE)
    began = time.ticks_ms()
    while not wlan.isconnected():
        status = wlan.status()
        now = time.ticks_ms()
        if status != before:
            before = None
        failed = status not in pending
        if failed and (before is None or time.ticks_diff(now, began) >= _STALE_MS):
            return status
        if time.ticks_diff(now, start) >= timeout_ms:
            _leave(wlan)
            why = _reason(status) if failed else "a DHCP server has to give one"
            raise DeadlineError(
                "Wi-Fi %r: no address within %d ms (status %d; %s)" % (ssid, timeout_ms, status, why), status
            )
        time.sleep_ms(_POLL_MS)
    return None


def _reason(status):
    """Returns the text for a status. Which of the names exist, and their numbers, differs between boards."""
    for name in _REASONS:
        if getattr(network, name, None) == status:
            return _REASONS[name]
    return "it failed for a reason that has no name here; the password may be wrong"


def set_clock(host="pool.ntp.org", timeout_ms=10_000, port=123):
    """Sets the board's clock from a network time server, to the second, and returns the seconds since 1970.

    Certificates and signatures need the clock. The server is asked again every second, up to timeout_ms; then
    DeadlineError is raised. The clock of most boards does not survive a power cut, and drifts by seconds a day.

        set_clock()
    """
    check_whole(timeout_ms, "timeout_ms", 1, _LONGEST_MS)
    start = time.ticks_ms()
    asked = 0
    why = "no answer that makes sense"
    while True:
        left_ms = timeout_ms - time.ticks_diff(time.ticks_ms(), start)
        if left_ms <= 0:
            raise DeadlineError(
                "clock: %s from %s within %d ms (is the network up, is UDP port %d open?)"
                % (why, host, timeout_ms, port)
            )
        try:
            seconds = plausible(_query(_address(host, port, asked), min(left_ms, _ANSWER_MS)))
        except OSError as e:  # the name is not known, or there is no route yet
            why = "error %s" % e
            seconds = None
        if seconds:
            _set_clock(seconds)
            return seconds
        asked += 1
        time.sleep_ms(min(left_ms, _PAUSE_MS))


def _address(host, port, asked):
    """Returns (family, address) of a host: of its addresses one after the other. asked: how often it was asked.

    Raises OSError when the name cannot be looked up.
    """
    addresses = []
    for found in socket.getaddrinfo(host, port):  # with a socket type, an RP2040 prints a warning on the console
        address = found[0], found[-1]  # the family may be IPv6
        if address not in addresses:  # without a socket type, some systems list each three times
            addresses.append(address)
    return addresses[asked % len(addresses)]


def _query(address, timeout_ms):
    """Asks a time server once. Returns the seconds since 1970, or 0 without a valid reply within timeout_ms.

    address: (family, address). Raises OSError when nothing can be sent.
    """
    udp = socket.socket(address[0], socket.SOCK_DGRAM)
    try:
        # Random bytes take the place of our time: the server sends them back, so nobody else can forge a reply.
        cookie = os.urandom(8)
        udp.sendto(bytes((_REQUEST,)) + bytes(_MESSAGE_SIZE - 9) + cookie, address[-1])
        poll = select.poll()
        poll.register(udp, select.POLLIN)
        reply = udp.recv(_MESSAGE_SIZE) if poll.poll(timeout_ms) else b""
    finally:
        udp.close()
    return _seconds(reply, cookie)


def _seconds(reply, cookie):
    """Returns the seconds since 1970 in a reply, right from 1968 to 2104, or 0 if the reply is not valid."""
    if len(reply) < _MESSAGE_SIZE or reply[24:32] != cookie or reply[0] & _MODE != _SERVER:
        return 0
    if reply[0] >> 6 == _NOT_SYNCHRONIZED or not 1 <= reply[1] <= _LAST_STRATUM:
        return 0
    if reply[40:48] == bytes(8):
        return 0
    seconds = struct.unpack(">I", reply[40:44])[0]
    return seconds - _1970 + (0 if seconds >> 31 else _ERA)  # a first bit of 0 means era 1


def _set_clock(seconds):
    """Sets the board's clock to the seconds since 1970, UTC."""
    from machine import RTC

    year, month, day, hour, minute, second, weekday = time.gmtime(seconds - epoch())[:7]
    RTC().datetime((year, month, day, weekday + 1, hour, minute, second, 0))  # type: ignore[attr-defined]  # unix has none
