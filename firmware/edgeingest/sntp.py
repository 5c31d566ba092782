"""The time from a network time server: `seconds`.

Source: RFC 4330 (SNTP version 4), sections 3 (eras), 4 (message format) and 5 (what a client checks).
"""

import os
import select
import socket
import struct

from micropython import const

_ERA = const(1 << 32)
_UNIX = const(2208988800)  # seconds from 1900 to 1970


def seconds(host, timeout_ms, port=123):
    """Seconds since 1970 as the server says, or 0: no answer, or none to be trusted, within timeout_ms.

    Right from 1968 to 2104. Name look-up blocks and is not bounded; that it fails is an OSError.
    """
    found = socket.getaddrinfo(host, port)[0]  # told what for, an RP2040 complains on the console
    udp = socket.socket(found[0], socket.SOCK_DGRAM)  # an address of IPv6, perhaps
    try:
        cookie = os.urandom(8)  # in place of our time: comes back with the answer, so nobody else can make one up
        udp.sendto(b"\x23" + bytes(39) + cookie, found[-1])  # version 4, client
        poll = select.poll()
        poll.register(udp, select.POLLIN)
        answer = udp.recv(48) if poll.poll(timeout_ms) else b""
    finally:
        udp.close()
    return _checked(answer, cookie)


def _checked(answer, cookie):
    if len(answer) < 48 or answer[24:32] != cookie or answer[0] & 7 != 4:  # mode 4: a server's
        return 0
    if answer[0] >> 6 == 3 or not 1 <= answer[1] <= 15:  # not synchronized; stratum 0 is the kiss of death
        return 0
    if answer[40:48] == bytes(8):
        return 0
    now = struct.unpack(">I", answer[40:44])[0]
    return now - _UNIX + (0 if now >> 31 else _ERA)  # a first bit of 0: after 2036-02-07
