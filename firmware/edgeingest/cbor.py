"""Streaming CBOR (RFC 8949): what is encoded leaves at once through `write`; nothing is collected, nothing grows."""

from struct import pack_into

from .body import octets, typecode_of
from .cbor_items import Items
from .errors import EncodeError

_LISTS = (list, tuple)  # made once: a tuple in the code of encode would be allocated at each call
_NESTED = (list, tuple, dict)
_MOST = float("inf")
_LEAST = -_MOST
_DEPTH = 32  # nesting that `encode` follows; deeper would end in the interpreter's stack


class Encoder(Items):
    """CBOR into `write`, any callable that takes bytes-like: whole objects with `encode`, and the calls of `Items`
    (uint nint int float16 float32 float64 float bytes text array map tag simple boolean null undefined begin_bytes
    begin_text begin_array begin_map end) for anything else."""

    def encode(self, obj, _depth=_DEPTH):
        """Any of None, bool, int, float, str, bytes, bytearray, memoryview, list, tuple, dict, array, as cbor2.dumps
        writes it; a memoryview is a byte string, `array('f')` is written as float32. At most 32 levels deep."""
        kind = type(obj)
        if kind is float:
            self.float(obj)
        elif kind is int:
            self.int(obj)
        elif kind is str:
            self.text(obj)
        elif not _depth and isinstance(obj, _NESTED):
            raise EncodeError("nested deeper than %d levels" % _DEPTH)
        elif isinstance(obj, _LISTS):
            # Few names, here and in _floats: a frame of more than 11 words is put on the heap, and finding room there
            # costs more than all else.
            self._head(0x80, len(obj))
            i = self._floats(obj, 0)
            while i < len(obj):
                self.encode(obj[i], _depth - 1)
                i = self._floats(obj, i + 1)
        elif isinstance(obj, dict):
            self._pairs(obj, _depth - 1)
        else:
            self._other(obj, kind)

    def _pairs(self, pairs, depth):
        self._head(0xA0, len(pairs))
        for key, value in pairs.items():  # not pairs[key]: an OrderedDict is searched from its start
            self.encode(key, depth)
            if depth and isinstance(value, dict):  # straight on: a level takes one frame of the stack, not two
                self._pairs(value, depth - 1)
            else:
                self.encode(value, depth)

    def _floats(self, items, i):
        """The finite floats from items[i] on, without a call or an object for each; the index of what follows them."""
        while i < len(items) and type(items[i]) is float and _LEAST < items[i] < _MOST:
            pack_into(">Bd", self._buf, 0, 0xFB, items[i])
            self._write(self._views[9])
            i += 1
        return i

    def _other(self, obj, kind):
        if obj is None:
            self.null()
        elif kind is bool:
            self.boolean(obj)
        elif isinstance(obj, (bytes, bytearray, memoryview)):
            self.bytes(obj)
        else:
            self._typed(obj, typecode_of(obj))

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
