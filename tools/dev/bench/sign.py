"""Compares a signed message with an unsigned one and with SHA-256 of as many bytes, read_all a 2 KB window."""

from array import array
from hashlib import sha256

from edgeingest import Sample
from rounds import measure, options, report

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))


def main():
    settings = options()
    sample = Sample(_AXES, 10, array("f", bytes(12 * settings["rows"])), "bench", iat=1704067200)
    size = sample.body(hmac_key="key").size
    window = bytearray(2048)

    def read_all(key):
        body = sample.body(hmac_key=key)
        while body.readinto(window):
            pass

    def sha():
        update = sha256().update
        for _ in range(size // 2048):
            update(window)

    contenders = [("SHA-256", sha), ("unsigned", lambda: read_all(None)), ("signed", lambda: read_all("key"))]
    report(sign=measure(contenders, settings["rounds"]), size=size)


main()
