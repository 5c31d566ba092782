"""Streaming CBOR (RFC 8949): what is encoded leaves through `write`, a page at a time; nothing is collected."""

from struct import pack_into

from micropython import const

from .body import octets, typecode_of
from .cbor_items import Items
from .errors import EncodeError

_LISTS = (list, tuple)
_NUMBERS = (float, int)
_NESTED = (list, tuple, dict)
_MOST = float("inf")
_LEAST = -_MOST
_DEPTH = const(32)  # nesting that `encode` follows; deeper would end in the interpreter's stack
_PAGE = const(256)  # bytes of a nested object that are written at once
_SHORT = const(64)  # longer strings are passed on as they are


def _numbers_at(items):
    """1: a list that begins with a number; 2: a list of such lists; 0: anything else, judged by what comes first."""
    if not items:
        return 0
    if isinstance(items[0], _LISTS):
        return 2 if items[0] and type(items[0][0]) in _NUMBERS else 0
    return 1 if type(items[0]) in _NUMBERS else 0


class Encoder(Items):
    """CBOR into `write`, any callable that takes bytes-like: whole objects with `encode`, and the calls of `Items`
    (uint nint int float16 float32 float64 float bytes text array map tag simple boolean null undefined begin_bytes
    begin_text begin_array begin_map end) for anything else."""

    _page: "bytearray" = None

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
        """What is written meanwhile is gathered in the page."""
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
        """Write the page; where to go on behind the bytes that were too many for it."""
        self._sink(self._full)
        page = self._page
        pos -= _PAGE
        for i in range(pos):
            page[i] = page[_PAGE + i]
        return pos

    def _flush(self):
        if self._pos:
            self._sink(self._full[: self._pos])
            self._pos = 0

    def _item(self, obj, depth):
        if not isinstance(obj, _NESTED):
            self._single(obj)
            return
        if not depth:
            raise EncodeError("nested deeper than %d levels" % _DEPTH)
        if isinstance(obj, dict):
            self._head(0xA0, len(obj))
            for key, value in obj.items():  # not obj[key]: an OrderedDict is searched from its start
                self._item(key, depth - 1)
                self._item(value, depth - 1)
            return
        level = _numbers_at(obj)
        if level == 1:
            self._lists((obj,), depth)
            return
        self._head(0x80, len(obj))
        if level == 2:
            self._lists(obj, depth - 1)
            return
        for item in obj:
            self._item(item, depth - 1)

    def _single(self, obj):
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

    def _lists(self, lists, depth):  # noqa: C901  # a call for each number would cost more than all else
        """Lists of numbers, without a call or an object for each; whatever else is among them."""
        pack, type_of, real, whole = pack_into, type, float, int  # a local name is found much faster than a global one
        most = _MOST
        least = _LEAST
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
                self._pos = pos
                self._head(0x80, len(items))
                pos = self._pos
            for x in items:
                kind = type_of(x)
                if kind is real and least < x < most:
                    pack(">Bd", page, pos, 0xFB, x)
                    pos += 9
                elif kind is whole and -0x10000 <= x < 0x10000:
                    major = 0
                    if x < 0:
                        major = 0x20
                        x = -1 - x
                    if x < 24:
                        page[pos] = major | x
                        pos += 1
                    elif x < 256:
                        page[pos] = major | 24
                        page[pos + 1] = x
                        pos += 2
                    else:
                        pack(">BH", page, pos, major | 25, x)
                        pos += 3
                else:
                    self._pos = pos
                    self._item(x, depth - 1)
                    pos = self._pos
                if pos >= _PAGE:
                    pos = self._turn(pos)
        self._pos = pos

    def _typed(self, values, code):
        if not code:
            raise EncodeError("%r has no CBOR form here" % (values,))
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
