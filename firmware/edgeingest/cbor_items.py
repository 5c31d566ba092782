"""CBOR items one by one (RFC 8949), each by a call of its own; `cbor.Encoder` adds whole objects."""

from struct import pack_into, unpack_from

from .body import octets
from .errors import EncodeError


def _half(x):
    """The float16 nearest to a finite x >= 0, as (bits, whether it is x exactly)."""
    if x >= 65520:  # rounds to infinity
        return 0x7C00, False
    unit = 2.0**-14  # the smallest normal number; below it float16 goes on in steps of unit / 1024
    exponent = 0
    while x >= 2 * unit:
        unit *= 2
        exponent += 1
    mantissa = round(x / unit * 1024)
    return (exponent << 10) + mantissa, mantissa * unit / 1024 == x


class Items:
    """CBOR into `write`: any callable that takes bytes-like (bytearray.extend, file.write, hash.update).

    What `write` is given is valid during the call only. Everything bad is an EncodeError, raised before anything
    of the refused item is written. Integers take the shortest form (RFC 8949, section 4.2.1).
    """

    def __init__(self, write):
        self._write = write
        self._buf = bytearray(9)
        view = memoryview(self._buf)
        self._views = (None, view[:1], view[:2], view[:3], None, view[:5], None, None, None, view)
        self._open = 0  # indefinite items that wait for their end
        self._chunk = 0  # major type of the chunks of the indefinite string that is open

    def _put(self, n, major):
        if self._chunk and self._chunk != major:
            raise EncodeError("an indefinite string takes definite strings of its own kind only: end() it first")
        self._write(self._views[n])

    def _head(self, major, n):
        buf = self._buf
        if n < 24:
            buf[0] = major | n
            self._put(1, major)
        elif n < 0x100:
            buf[0] = major | 24
            buf[1] = n
            self._put(2, major)
        elif n < 0x10000:
            pack_into(">BH", buf, 0, major | 25, n)
            self._put(3, major)
        elif n < 0x100000000:
            pack_into(">BI", buf, 0, major | 26, n)
            self._put(5, major)
        else:
            pack_into(">BQ", buf, 0, major | 27, n)
            self._put(9, major)

    def _counted(self, major, n, what):
        if type(n) is not int or not 0 <= n < 0x10000000000000000:
            raise EncodeError("%s takes an integer of 0 to 2**64-1, not %r" % (what, n))
        self._head(major, n)

    def uint(self, n):
        """An integer of 0 to 2**64-1 (major type 0)."""
        self._counted(0, n, "uint")

    def nint(self, n):
        """An integer of -1 down to -2**64 (major type 1)."""
        if type(n) is not int or not -0x10000000000000000 <= n < 0:
            raise EncodeError("nint takes an integer of -2**64 to -1, not %r" % (n,))
        self._head(0x20, -1 - n)

    def int(self, n):
        """An integer of any size; beyond 64 bits a bignum (RFC 8949, section 3.4.3)."""
        if type(n) is not int:
            raise EncodeError("int takes an integer, not %r" % (n,))
        major = 0
        if n < 0:
            major = 0x20
            n = -1 - n
        if n < 0x10000000000000000:
            self._head(major, n)
        else:
            self.tag(2 if major == 0 else 3)
            self.bytes(n.to_bytes((len("%x" % n) + 1) // 2, "big"))

    def float16(self, x):
        """Half precision, rounded to the nearest."""
        x = self._number(x)
        buf = self._buf
        pack_into(">f", buf, 1, 0.0 if x - x != 0 or abs(x) >= 65520 else x)
        sign = buf[1] & 0x80
        if x != x:
            bits = 0x7E00
        elif x - x != 0:
            bits = 0x7C00
            sign = 0x80 if x < 0 else 0
        else:
            bits = _half(abs(x))[0]
            if bits >= 0x7C00:
                raise EncodeError("%r is too large for a float16 (65504)" % x)
        pack_into(">BH", buf, 0, 0xF9, bits | sign << 8)
        self._put(3, 0xE0)

    def float32(self, x):
        """Single precision, rounded to the nearest."""
        x = self._number(x)
        if x - x == 0 and abs(x) >= 3.4028235677973366e38:  # rounds to infinity
            raise EncodeError("%r is too large for a float32 (3.4e38)" % x)
        pack_into(">Bf", self._buf, 0, 0xFA, x)
        self._put(5, 0xE0)

    def float64(self, x):
        """Double precision."""
        pack_into(">Bd", self._buf, 0, 0xFB, self._number(x))
        self._put(9, 0xE0)

    def _number(self, x):
        if type(x) is float:
            return x
        if type(x) is int:
            try:
                x = float(x)
                if x - x == 0:
                    return x
            except OverflowError:
                pass
        raise EncodeError("a float is needed, not %r" % (x,))

    def float(self, x, shortest=False):
        """Double precision, NaN and infinities in the 3-byte form; shortest=True: the shortest lossless form."""
        x = self._number(x)
        if x - x != 0:
            self.float16(x)
        elif not shortest:
            self.float64(x)
        elif _half(abs(x))[1]:
            self.float16(x)
        else:
            if abs(x) < 3.4028235677973366e38:
                pack_into(">f", self._buf, 1, x)
                if unpack_from(">f", self._buf, 1)[0] == x:
                    return self.float32(x)
            self.float64(x)

    def text(self, s):
        """A text string; its UTF-8 is passed through, not copied."""
        if not isinstance(s, str):
            raise EncodeError("text takes a str, not %r" % (s,))
        try:
            data = memoryview(s)  # type: ignore[arg-type]  # MicroPython's str is a buffer of UTF-8
        except TypeError:
            try:
                data = s.encode()
            except UnicodeError:
                raise EncodeError("%r has no UTF-8 form: it holds a lone surrogate" % s)
        self._head(0x60, len(data))
        self._write(data)

    def bytes(self, data):
        """A byte string of any buffer's bytes; they are passed through, not copied."""
        try:
            data = octets(data)
        except TypeError:
            raise EncodeError("bytes takes a buffer, not %r" % (data,))
        self._head(0x40, len(data))
        self._write(data)

    def array(self, n):
        """The head of an array of n items, which the caller writes next."""
        self._counted(0x80, n, "array")

    def map(self, n):
        """The head of a map of n pairs: key, value, key, value..."""
        self._counted(0xA0, n, "map")

    def tag(self, n):
        """A tag for the item that follows."""
        self._counted(0xC0, n, "tag")

    def simple(self, n):
        """A simple value: 0 to 19 or 32 to 255, as 20 to 23 have names and 24 to 31 are not well-formed."""
        if type(n) is not int or not (0 <= n < 24 or 32 <= n < 256):
            raise EncodeError("simple takes 0 to 23 or 32 to 255, not %r" % (n,))
        self._head(0xE0, n)

    def boolean(self, value):
        """True or False."""
        self._head(0xE0, 21 if value else 20)

    def null(self):
        """None."""
        self._head(0xE0, 22)

    def undefined(self):
        """JavaScript's undefined."""
        self._head(0xE0, 23)

    def _begin(self, initial):
        self._buf[0] = initial
        self._put(1, 0xFF)  # no chunk may be an indefinite item
        self._open += 1

    def begin_bytes(self):
        """A byte string of unknown length: bytes() chunks, then end()."""
        self._begin(0x5F)
        self._chunk = 0x40

    def begin_text(self):
        """A text string of unknown length: text() chunks, then end()."""
        self._begin(0x7F)
        self._chunk = 0x60

    def begin_array(self):
        """An array of unknown length: items, then end()."""
        self._begin(0x9F)

    def begin_map(self):
        """A map of unknown length: keys and values in turn, then end()."""
        self._begin(0xBF)

    def end(self):
        """Close the innermost indefinite item."""
        if not self._open:
            raise EncodeError("end() without a begin")
        self._open -= 1
        self._chunk = 0
        self._buf[0] = 0xFF
        self._put(1, 0xFF)
