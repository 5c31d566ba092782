"""The binary form of a sample, for audio: a CBOR header that ends in 0xFF, then the raw values.

Source: the service's documentation, data acquisition format, "Binary data". The header's only value is the text
`Ref-BINARY-i16` (or its like). The signature is in the header, before the values, so they are read twice.
"""

from binascii import crc32

from .body import Chain
from .errors import SampleError
from .signing import ZEROS, Hmac
from .typecodes import item_size
from .validate import argument_error


def form_body(sample, _, hmac_key):
    """Returns a body of content type application/octet-stream, which the service takes on its `data` endpoint."""
    code = sample.typecode
    if len(sample.sensors) != 1:
        raise SampleError("format: the binary form takes one sensor, not %d" % len(sample.sensors))
    if code is None or code in "qQd" or item_size(code) > 4:
        raise SampleError("format: the binary form takes typed values of 8, 16 or 32 bits, not %r" % (code,))
    form = ("f" if code == "f" else "i" if code in "bhil" else "u") + str(item_size(code) * 8)
    raw = sample.source
    if raw is None:
        raw = sample.values
    elif hmac_key and not raw.rewindable:
        raise SampleError("values: the signed binary form reads a row source twice, and this one has no rewind()")
    else:
        raw.rewind()  # another body may have read from it
    start = bytearray(b"\xa3" + sample.protected(hmac_key))
    end = bytes(sample.payload)
    end = bytearray(end[1 : end.rfind(b"\x66values") + 7])  # without the map's head and the array's
    end.append(0x9F)
    end.append(0x6B + len(form))
    end.extend(b"Ref-BINARY-" + form.encode() + b"\xff")
    if hmac_key:
        raw = _ReadTwice((raw,), "values")
        start.extend(_signature((start, ZEROS, end, raw), hmac_key))
    return Chain((start, end, raw), sample.name + ".cbor", "application/octet-stream")


class _ReadTwice(Chain):
    """Values that must be the same each time they are read: what is signed the first time is sent the second time."""

    _first: "int" = None  # the sum of the first time

    def _begin(self):
        """Prepares for the first byte."""
        super()._begin()
        self._unread = self.size
        self._sum = 0

    def readinto(self, window):
        """Fills the window. Raises the SampleError before the last byte of what is not the same."""
        n = super().readinto(window)
        if n:
            self._sum = crc32(memoryview(window)[:n], self._sum)
            self._unread -= n
            if not self._unread:
                if self._first is None:
                    self._first = self._sum
                elif self._first != self._sum:
                    raise argument_error("changed", self.name)
        return n


def _signature(parts, key):
    """Returns the signature of the parts, which are read once for it."""
    chain = Chain(parts, "values")
    hmac = Hmac(key)
    window = bytearray(256)
    while True:
        n = chain.readinto(window)
        if n == 0:
            break
        if n is None:
            raise SampleError("values: the signed binary form needs a row source whose values are there at once")
        hmac.update(memoryview(window)[:n])
    return hmac.hexdigest()
