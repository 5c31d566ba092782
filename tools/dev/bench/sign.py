"""A signed message against an unsigned one and against SHA-256 alone over as many bytes, through a 2 KB window."""

from array import array
from hashlib import sha256

from edgeingest import Sample
from rounds import measure, options, report

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))


def main():
    asked = options()
    sample = Sample(_AXES, 10, array("f", bytes(12 * asked["rows"])), "bench", iat=1704067200)
    size = sample.body(hmac_key="key").size
    window = bytearray(2048)

    def through(key):
        body = sample.body(hmac_key=key)
        while body.readinto(window):
            pass

    def sha():
        update = sha256().update
        for _ in range(size // 2048):
            update(window)

    contenders = [("SHA-256", sha), ("unsigned", lambda: through(None)), ("signed", lambda: through("key"))]
    report(sign=measure(contenders, asked["rounds"]), size=size)


main()
