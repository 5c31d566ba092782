"""Runs on MicroPython: Wi-Fi with the radio of fakes/network.py, and setting the clock."""

import socket
import time

import edgeingest.network
import edgeingest.signing
import machine
import network
from edgeingest.network import connect, set_clock

joined = []  # (attempts, connected, reconnects, whether it has given up) after each join


class Clock:
    """A clock that advances only by sleeping."""

    now = 0

    def ticks_ms(self):
        return self.now

    def ticks_add(self, ticks, ms):
        return ticks + ms

    def ticks_diff(self, end, start):
        return end - start

    def sleep_ms(self, ms):
        self.now += ms


clock = Clock()


def join(flavour, ssid, password=None, changes=(), **options):
    """Connects with the radio of a port, on which these attributes of fakes/network.py, [(name, value)], are changed.

    Returns (attempts, connected, reconnects)."""
    network.reset(flavour)
    join_again(ssid, password, changes, **options)
    return joined[-1][:3]


def join_again(ssid, password=None, changes=(), **options):
    """Connects with the radio as the join before has left it. Returns (attempts, connected, milliseconds)."""
    for name, value in changes:
        setattr(network, name, value)
    wlan = network.WLAN(network.STA_IF)
    network.time = edgeingest.network.time = clock
    began = clock.now
    before = len(wlan.attempts)
    try:
        connect(ssid, password, **options)
    finally:
        joined.append((wlan.attempts[before:], wlan.isconnected(), wlan.reconnects, not wlan.requested))
        network.time = edgeingest.network.time = time
    return joined[-1][0], joined[-1][1], clock.now - began


def connected_to():
    """Returns the network that the radio is connected to, or None."""
    wlan = network.WLAN(network.STA_IF)
    return wlan.ssid if wlan.isconnected() else None


def last_join():
    """Returns (attempts, connected, reconnects, given up) of the last join, which may have failed."""
    return joined[-1]


def join_broken(error):
    """Connects where the radio raises this exception, an expression."""
    network.reset("esp32")
    network.broken = eval(error)
    connect("home", "password1")


def join_without_disconnect(ssid, error):
    """Connects where disconnect() and config() raise this exception. Returns whether it is connected."""
    network.reset("rp2")
    wlan = network.WLAN(network.STA_IF)

    def disconnect():
        raise eval(error)

    def config(*names, **values):
        if values:
            raise eval(error)

    wlan.disconnect, wlan.config = disconnect, config
    network.time = edgeingest.network.time = clock
    try:
        return connect(ssid, "password1").isconnected()
    finally:
        network.time = edgeingest.network.time = time


def turned_off(flavour):
    """Connects, and turns the radio off. Returns (connected, active, without power), of the radio and after it was used
    again."""
    network.reset(flavour)
    wlan = network.WLAN(network.STA_IF)
    connect("home", "password1")
    edgeingest.network.turn_off()
    off = wlan.isconnected(), wlan.active(), wlan.deinitialized
    connect("home", "password1")
    return off, wlan.isconnected()


def connect_before_each_upload():
    """Connects while connected, after a disconnection, and to another network.

    Returns (whether the object is the same while connected, attempts)."""
    network.reset("rp2")
    wlan = connect("home", "password1")
    same = connect("home", "password1") is wlan
    wlan.disconnect()  # the access point went away
    connect("home", "password1")
    connect("cafe")
    return same, wlan.attempts


def country_and_hostname():
    """Returns the country and the host name that connect() has set."""
    network.reset("rp2")
    connect("home", "password1", country="DE", hostname="board-1")
    return network.set_country, network.set_hostname


def module_in_use():
    """Returns (whether the library uses the module `network` of this interpreter, its file)."""
    return edgeingest.network.network is network, network.__file__


class TimeSince2000:
    """`time` of a port whose epoch is 2000."""

    ticks_ms, ticks_diff, sleep_ms = time.ticks_ms, time.ticks_diff, time.sleep_ms

    def time(self):
        return 0

    def gmtime(self, seconds):
        return time.gmtime(seconds + 946684800)


def set_from(port, epoch=1970, timeout_ms=2000, host="127.0.0.1"):
    """Sets the clock from a time server. Returns (result, what the RTC was set to)."""
    machine.RTC.set = None
    edgeingest.signing.time = edgeingest.network.time = TimeSince2000() if epoch == 2000 else time
    try:
        return set_clock(host, timeout_ms, port), machine.RTC.set
    finally:
        edgeingest.signing.time = edgeingest.network.time = time


class Several:
    """The module `socket`, but a name has the addresses with these ports, each listed three times."""

    SOCK_DGRAM = socket.SOCK_DGRAM

    def __init__(self, ports):
        self.ports = ports

    def getaddrinfo(self, host, port):
        return [socket.getaddrinfo("127.0.0.1", one)[0] for one in self.ports for _ in range(3)]

    def socket(self, *kind):
        return socket.socket(*kind)


def clock_of_several(ports, timeout_ms):
    """Sets the clock from a host with several addresses; returns (result, what the RTC was set to)."""
    edgeingest.network.socket = Several(ports)
    try:
        return set_from(123, timeout_ms=timeout_ms)
    finally:
        edgeingest.network.socket = socket
