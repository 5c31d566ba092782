"""The CBOR around the values of a message: payload, protected and signature, as cbor2 would write them.

Source: the service's documentation, "Data acquisition format".
"""

import time
from struct import pack

from .rows import head

_CLOCK_SET = 1704067200  # 2024-01-01: a clock that says less has not been set since the board booted


def now():
    """Seconds since 1970, or None while the clock is not set. Ports count from 1970 or from 2000."""
    seconds = int(time.time()) + (946684800 if time.gmtime(0)[0] == 2000 else 0)
    return seconds if seconds >= _CLOCK_SET else None


def protected(sample, hmac_key):
    """The members of `protected`, in order, as (name, value)."""
    members = [("alg", "HS256" if hmac_key else "none"), ("ver", "v1")]
    if sample.iat is None and hmac_key:
        sample.iat = now()  # once for all: a sample that is sent again has the same bytes, and counts as a duplicate
    if sample.iat is not None and sample.iat is not False:
        members.append(("iat", sample.iat))
    return members


def text(s):
    """A text string."""
    s = s.encode()
    return bytes(head(0x60, len(s))) + s


def number(n):
    """An integer from 0 on, or a float."""
    if isinstance(n, float):
        return pack(">Bd", 0xFB, n)
    return bytes(head(0, n)) if n < 0x100000000 else pack(">BQ", 0x1B, n)


def append_payload(sample, out):
    """The payload up to and including the key `values`."""
    out.append(0xA5 if sample.device_name else 0xA4)
    if sample.device_name:
        out.extend(b"\x6bdevice_name" + text(sample.device_name))
    out.extend(b"\x6bdevice_type" + text(sample.device_type))
    out.extend(b"\x6binterval_ms" + number(sample.interval_ms))
    out.extend(b"\x67sensors" + bytes(head(0x80, len(sample.sensors))))
    for name, units in sample.sensors:
        out.extend(b"\xa2\x64name" + text(name) + b"\x65units" + text(units))
    out.extend(b"\x66values")


def append_protected(sample, hmac_key, out):
    """The key `protected` with its map, the key `signature`, and the signature up to where its characters begin."""
    members = protected(sample, hmac_key)
    out.extend(b"\x69protected")
    out.append(0xA0 | len(members))
    for name, value in members:
        out.extend(text(name) + (text if isinstance(value, str) else number)(value))
    out.extend(b"\x69signature" + (b"\x78\x40" if hmac_key else b"\x6200"))
