"""HMAC-SHA256 signatures of messages, and the board's clock, which gives the time of a signature (`iat`).

A signature covers the bytes to be sent, with 64 `0`s where the signature goes (the service's documentation, data
acquisition format). The key is its ASCII text, not the bytes that its hex digits stand for. HMAC: RFC 2104.
"""

import time
from binascii import hexlify
from hashlib import sha256

from micropython import const

from .body import Chain
from .validate import argument_error

ZEROS = b"0" * 64
_DAY = const(86400)
_last_iat = 0
_CLOCK_SET = const(1704067200)  # 2024-01-01: a clock that shows less has not been set since the board started


def epoch():
    """Seconds from 1970 to the port's epoch, which is 1970 (RP2040, unix) or 2000 (ESP32)."""
    return 946684800 if time.gmtime(0)[0] == 2000 else 0


def plausible(seconds):
    """Returns seconds since 1970 as they are; None for a time before this library existed."""
    return seconds if seconds >= _CLOCK_SET else None


def now():
    """Returns the seconds since 1970, or None while the clock is not set."""
    return plausible(int(time.time()) + epoch())


def next_iat(count=1):
    """Returns the `iat` of the first of `count` messages, of which each has the next second; None without a set clock.

    No second is given twice: the service takes messages with equal bytes for one. So it runs ahead of the clock while
    more messages are made than seconds pass. A clock that was set back by more than a day is believed.
    """
    global _last_iat
    seconds = now()
    if seconds is not None:
        if seconds <= _last_iat < seconds + _DAY:
            seconds = _last_iat + 1
        _last_iat = seconds + count - 1
    return seconds


def key_bytes(hmac_key):
    """Returns the key as bytes; refuses what cannot be a key, such as one that ends in a line end."""
    if isinstance(hmac_key, str):
        hmac_key = hmac_key.encode()
    if not isinstance(hmac_key, bytes) or not hmac_key or min(hmac_key) < 0x21 or max(hmac_key) > 0x7E:
        raise argument_error("hmac_key")
    return hmac_key


class Hmac:
    """Computes one HMAC-SHA256: call `update` for each piece of the message, then `hexdigest` once."""

    def __init__(self, key):
        if len(key) > 64:
            key = sha256(key).digest()
        self._key = key
        self._hash = self._padded(b"\x36")
        self.update = self._hash.update

    def _padded(self, mask):
        """Returns a hash of the key, padded to a block and combined with the mask."""
        pad = bytearray(mask * 64)
        for i in range(len(self._key)):
            pad[i] ^= self._key[i]
        return sha256(pad)

    def hexdigest(self):
        """Returns the signature: 64 lower-case hex digits, as bytes."""
        outer = self._padded(b"\x5c")
        outer.update(self._hash.digest())
        return hexlify(outer.digest())


class Signed(Chain):
    """A Chain that hashes the bytes while they are read, and ends with their signature and `tail`: in one pass.

    parts: a tuple. key: as `key_bytes` gives it.
    """

    def __init__(self, parts, key, name, content_type, tail=b""):
        self._key = key
        self._end = bytearray(ZEROS + tail)
        super().__init__(parts + (self._end,), name, content_type)

    def _begin(self):
        """Prepares for the first byte."""
        super()._begin()
        self._unsigned = self.size - len(self._end)  # bytes that are still to be hashed
        self._hmac = None

    def readinto(self, window):
        """Fills the window; stops before the signature once, as that needs all bytes before it."""
        left = self._unsigned
        if self._hmac is None:
            self._hmac = Hmac(self._key)
            if not left:
                self._sign()
        if 0 < left < len(window):
            window = memoryview(window)[:left]
        n = Chain.readinto(self, window)
        if n and left:
            self._hmac.update(window if n == len(window) else memoryview(window)[:n])
            self._unsigned -= n
            if n == left:
                self._sign()
        return n

    def _sign(self):
        """Puts the signature into the end of the message."""
        end = self._end
        self._hmac.update(ZEROS)
        self._hmac.update(memoryview(end)[64:])
        end[:64] = self._hmac.hexdigest()
