"""Streaming CBOR (RFC 8949): what is encoded leaves through `write`, a page at a time; nothing is collected."""

from struct import pack_into, unpack_from

from micropython import const

from .body import octets, typecode_of
from .cbor_rows import put_head
from .errors import EncodeError

_NUMBERS = (float, int)
_LISTS = (list, tuple)
_NESTED = (list, tuple, dict)
_MOST = float("inf")
_TOO_LARGE = const(0x1FFFFFF << 103)  # for a float32; not a float, as single-precision boards have no such float
_DEPTH = const(32)  # nesting that `encode` follows; deeper would end in the interpreter's stack
_PAGE = const(256)  # bytes of a nested object that are written at once
_SHORT = const(64)  # longer strings are passed on as they are


def _half(x):
    """The float16 nearest to a finite x >= 0, as (bits, whether it is x exactly)."""
    if x >= 65520:  # rounds to infinity
        return 0x7C00, False
    exponent = 0
    unit = 1 / (16384 >> exponent)  # the smallest normal number; below it float16 goes on in steps of unit / 1024
    while x >= 2 * unit:
        unit *= 2
        exponent += 1
    mantissa = round(x / unit * 1024)
    return (exponent << 10) + mantissa, mantissa * unit / 1024 == x


def _refused(why, value):
    """Returns the EncodeError for a value."""
    return EncodeError("%s, not %r" % (why, value))


def _has_numbers(items):
    """True for a list that begins with a number: the others are expected to be numbers as well."""
    return isinstance(items, _LISTS) and items and type(items[0]) in _NUMBERS


class Encoder:
    """CBOR into `write`: any callable that takes bytes-like (bytearray.extend, file.write, hash.update).

    `encode` takes whole objects; the other calls write one item each. What `write` is given is valid during the call
    only. Everything bad is an EncodeError, raised before anything of the refused item is written. Integers take the
    shortest form (RFC 8949, section 4.2.1).

        data = bytearray()
        Encoder(data.extend).encode({"accX": [0.5, -1]})
    """

    _page: "bytearray" = None

    def __init__(self, write):
        self._write = write
        self._buf = bytearray(9)
        view = memoryview(self._buf)
        self._views = (None, view[:1], view[:2], view[:3], None, view[:5], None, None, None, view)
        self._open = 0  # indefinite items that wait for their end
        self._chunk = 0  # major type of the chunks of the indefinite string that is open

    def _put(self, n, major):
        """Writes the first n bytes of the buffer. Raises an EncodeError inside an indefinite string of another type."""
        if self._chunk and self._chunk != major:
            raise EncodeError("an indefinite string takes definite ones of its kind only: end() it first")
        self._write(self._views[n])

    def _head(self, major, n):
        """Writes the head of an item."""
        self._put(put_head(self._buf, 0, major, n), major)

    def _counted(self, major, n, what):
        """Writes a head whose number the caller gave."""
        if type(n) is not int or not 0 <= n < 0x10000000000000000:
            raise _refused(what + " takes an integer of 0 to 2**64-1", n)
        self._head(major, n)

    def uint(self, n):
        """An integer of 0 to 2**64-1 (major type 0)."""
        self._counted(0, n, "uint")

    def nint(self, n):
        """An integer of -1 down to -2**64 (major type 1)."""
        if type(n) is not int or not -0x10000000000000000 <= n < 0:
            raise _refused("nint takes an integer of -2**64 to -1", n)
        self._head(0x20, -1 - n)

    def int(self, n):
        """An integer of any size; beyond 64 bits a bignum (RFC 8949, section 3.4.3)."""
        if type(n) is not int:
            raise _refused("int takes an integer", n)
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
        if x - x == 0 and abs(x) >= _TOO_LARGE:  # rounds to infinity
            raise EncodeError("%r is too large for a float32 (3.4e38)" % x)
        pack_into(">Bf", self._buf, 0, 0xFA, x)
        self._put(5, 0xE0)

    def float64(self, x):
        """Double precision."""
        pack_into(">Bd", self._buf, 0, 0xFB, self._number(x))
        self._put(9, 0xE0)

    def _number(self, x):
        """Returns x as a float, or raises the EncodeError."""
        if type(x) is float:
            return x
        if type(x) is int:
            try:
                x = float(x)
                if x - x == 0:
                    return x
            except OverflowError:
                pass
        raise _refused("a float is needed", x)

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
            if abs(x) < _TOO_LARGE:
                pack_into(">f", self._buf, 1, x)
                if unpack_from(">f", self._buf, 1)[0] == x:
                    return self.float32(x)
            self.float64(x)

    def text(self, s):
        """A text string; its UTF-8 is passed through, not copied."""
        if not isinstance(s, str):
            raise _refused("text takes a str", s)
        try:
            data = memoryview(s)  # type: ignore[arg-type]  # MicroPython's str is a buffer of UTF-8
        except TypeError:
            try:
                data = s.encode()
            except UnicodeError:
                raise EncodeError("%r has a lone surrogate" % s)
        self._head(0x60, len(data))
        self._write(data)

    def bytes(self, data):
        """A byte string of any buffer's bytes; they are passed through, not copied."""
        try:
            data = octets(data)
        except TypeError:
            raise _refused("bytes takes a buffer", data)
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
            raise _refused("simple takes 0 to 23 or 32 to 255", n)
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
        """Begins an item of indefinite length."""
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
        """Closes the innermost indefinite item."""
        if not self._open:
            raise EncodeError("end() without a begin")
        self._open -= 1
        self._chunk = 0
        self._buf[0] = 0xFF
        self._put(1, 0xFF)

    def encode(self, obj):
        """Any of None, bool, int, float, str, bytes, bytearray, memoryview, list, tuple, dict, array, as cbor2.dumps
        writes it; a memoryview is a byte string, `array('f')` is written as float32. At most 32 levels deep."""
        if not isinstance(obj, _NESTED):
            self._single(obj)
        else:
            if self._chunk:
                self._put(0, 0xFF)  # no chunk of a string: this raises
            self._nested(obj)

    def _nested(self, obj):
        """Encodes an object with others in it; what is written meanwhile is gathered in the page."""
        if self._page is None:
            self._page = bytearray(_PAGE + _SHORT)
            self._full = memoryview(self._page)[:_PAGE]
        write = self._sink = self._write
        self._pos = 0
        self._write = self._gather
        try:
            self._item(obj, _DEPTH)
        finally:
            self._write = write
        self._flush()

    def _gather(self, data):
        """Takes the place of `write` while an object with others in it is encoded."""
        n = len(data)
        if n > _SHORT:
            self._flush()
            self._sink(data)
            return
        pos = self._pos
        self._page[pos : pos + n] = data
        self._pos = pos + n
        if pos + n >= _PAGE:
            self._pos = self._turn(pos + n)

    def _turn(self, pos):
        """Writes the page; returns where to go on, behind the bytes that were too many for it."""
        self._sink(self._full)
        page = self._page
        pos -= _PAGE
        for i in range(pos):
            page[i] = page[_PAGE + i]
        return pos

    def _flush(self):
        """Writes what is in the page."""
        if self._pos:
            self._sink(self._full[: self._pos])
            self._pos = 0

    def _item(self, obj, depth):
        """Encodes an object; depth: levels of nesting that are left."""
        if not isinstance(obj, _NESTED):
            self._single(obj)
            return
        if not depth:
            raise EncodeError("nested deeper than 32 levels")
        if isinstance(obj, dict):
            self._head(0xA0, len(obj))
            for key, value in obj.items():  # not obj[key]: an OrderedDict is searched from its start
                self._item(key, depth - 1)
                self._item(value, depth - 1)
        elif _has_numbers(obj):
            self._lists((obj,), depth)
        else:
            self._head(0x80, len(obj))
            if obj and _has_numbers(obj[0]):
                self._lists(obj, depth - 1)
            else:
                for item in obj:
                    self._item(item, depth - 1)

    def _single(self, obj):
        """Encodes an object that holds no others."""
        kind = type(obj)
        if kind is float:
            self.float(obj)
        elif kind is int:
            self.int(obj)
        elif kind is str:
            self.text(obj)
        elif obj is None:
            self.null()
        elif kind is bool:
            self.boolean(obj)
        elif isinstance(obj, (bytes, bytearray, memoryview)):
            self.bytes(obj)
        else:
            self._typed(obj, typecode_of(obj))

    def _lists(self, lists, depth):
        """Encodes lists of numbers without a call or an object for each number; whatever else is among them."""
        pack, type_of, real, whole = pack_into, type, float, int  # a local name is found much faster than a global one
        most = _MOST
        least = -most  # made once: a float is an object
        page = self._page
        pos = self._pos
        for items in lists:
            if not depth or not isinstance(items, _LISTS):
                self._pos = pos
                self._item(items, depth)
                pos = self._pos
                continue
            if len(items) < 24:
                page[pos] = 0x80 | len(items)
                pos += 1
            else:
                pos = put_head(page, pos, 0x80, len(items))
            for x in items:
                kind = type_of(x)
                if kind is real and least < x < most:
                    pack(">Bd", page, pos, 0xFB, x)
                    pos += 9
                elif kind is whole and -0x10000 <= x < 0x10000:
                    major = 0x20 if x < 0 else 0
                    x = -1 - x if major else x
                    if x > 255:
                        pack(">BH", page, pos, major | 25, x)
                        pos += 3
                    else:
                        pos = put_head(page, pos, major, x)
                else:
                    self._pos = pos
                    self._item(x, depth - 1)
                    pos = self._pos
                if pos >= _PAGE:
                    pos = self._turn(pos)
        self._pos = pos

    def _typed(self, values, code):
        """Encodes an array.array."""
        if not code or code == "O":
            raise EncodeError("%r has no CBOR form" % (values,))
        width = {"f": 4, "d": 8}.get(code)
        self.array(len(values))
        if not width:
            for value in values:
                self.int(value)
            return
        # From the raw bytes: on boards with single-precision floats values[i] would round a double.
        raw = octets(values)
        buf = self._buf
        buf[0] = 0xFA if width == 4 else 0xFB
        for i in range(width - 1, len(raw), width):
            for k in range(width):
                buf[1 + k] = raw[i - k]
            self._put(width + 1, 0xE0)
