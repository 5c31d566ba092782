"""HMAC-SHA256 (RFC 2104) as the service signs: over the bytes to be sent, with 64 `0`s where the signature goes.

Source: the service's documentation, data acquisition format. The key is its ASCII text, not the bytes it spells.
"""

from binascii import hexlify
from hashlib import sha256

from .body import Body
from .errors import SampleError

ZEROS = b"0" * 64


def key_bytes(hmac_key):
    """The key as bytes; refuses what cannot be a key, such as one with a line end from the file it was read from."""
    if isinstance(hmac_key, str):
        hmac_key = hmac_key.encode()
    if not isinstance(hmac_key, bytes) or not hmac_key:
        raise SampleError("hmac_key: the key as the project's dashboard shows it is needed, a str that is not empty")
    if min(hmac_key) < 0x21 or max(hmac_key) > 0x7E:
        raise SampleError("hmac_key: only visible ASCII characters may be in it, no space and no line end")
    return hmac_key


class Hmac:
    """One HMAC-SHA256: `update` as often as needed, then `hexdigest` once."""

    def __init__(self, key):
        if len(key) > 64:
            key = sha256(key).digest()
        key = key + bytes(64 - len(key))
        self._outer = sha256(bytes([b ^ 0x5C for b in key]))
        self._inner = sha256(bytes([b ^ 0x36 for b in key]))
        self.update = self._inner.update

    def hexdigest(self):
        """The signature: 64 lower-case hex digits, as bytes."""
        self._outer.update(self._inner.digest())
        return hexlify(self._outer.digest())


class Signed(Body):
    """A body that hashes what passes through, and ends in its signature and `tail`: one pass, nothing to seek."""

    def __init__(self, body, hmac_key, tail=b""):
        self._body = body
        self._key = key_bytes(hmac_key)
        self._tail = tail
        self.name = body.name
        self.content_type = body.content_type
        self.size = body.size + 64 + len(tail)
        self.rewindable = body.rewindable
        self._hmac = None
        self._end = None  # signature and tail, once everything before them has passed

    def readinto(self, window):
        """Fill the window."""
        room = len(window)
        done = 0
        while self._end is None:
            if self._hmac is None:
                self._hmac = Hmac(self._key)
            part = memoryview(window)[done:] if done else window
            n = self._body.readinto(part)
            if n is None:
                return done or None
            if n:
                self._hmac.update(part if n == len(part) else memoryview(part)[:n])
                done += n
                if done == room:
                    return done
            else:
                self._hmac.update(ZEROS)
                self._hmac.update(self._tail)
                self._end = memoryview(self._hmac.hexdigest() + self._tail)
        n = min(len(self._end), room - done)
        window[done : done + n] = self._end[:n]
        self._end = self._end[n:]
        return done + n

    def rewind(self):
        """Start again; the signature will be the same."""
        self._body.rewind()
        self._hmac = None
        self._end = None

    def close(self):
        """Close what is signed."""
        self._body.close()
