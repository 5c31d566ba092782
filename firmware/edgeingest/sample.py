"""`Sample`: a time series as a message of the data acquisition format.

Source: the service's documentation, "Data acquisition format" (JSON and CBOR) and "CSV". One message is a map of
payload, protected and signature, here as cbor2 would write it; the signature comes last, so that it can be sent
without knowing it beforehand.
"""

from struct import pack

from micropython import const

from .body import Chain, typecode_of
from .cbor_rows import TypedRows, append_head
from .signing import Signed, key_bytes, next_iat
from .validate import argument_error, check_text

_AXES = const(1024)
_MOST = const(10**15)  # not a float: 1e15 is none in single precision


def _number(value, what, kinds=(int, float)):
    """Returns a number of a message, or raises the SampleError."""
    # NaN compares as False, so it is refused as well
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value < _MOST:
        raise argument_error(what, value)
    return value


def _append_number(out, n):
    """Appends a number in CBOR: floats with 64 bits."""
    if isinstance(n, float):
        out.extend(pack(">Bd", 0xFB, n))
    else:
        append_head(out, 0, n)


def _append_text(out, text, what):
    """Appends a text string in CBOR."""
    data = check_text(text, what).encode()
    append_head(out, 0x60, len(data))
    out.extend(data)


class Sample:
    """A time series: rows of one number per sensor, at a fixed interval.

    sensors: (name, units) pairs, 1 to 1024; units are SenML symbols (RFC 8428), or "N/A". One sensor is one axis.
    interval_ms: milliseconds between rows, more than 0.
    values: shape (rows, axes), row-major: an `array.array`; any buffer with `typecode=`; a list of rows, or of numbers
        for one axis; or a row source: an object whose `readinto(buffer)` gives raw little-endian values of `typecode`,
        any number of bytes at a time (None: none ready), with `rows=`. Values must not change until they are sent:
        what was resized, or has integers of other lengths in it, is a SampleError then. Never resize the buffer behind
        a memoryview: MicroPython cannot tell that it was.
    device_type: the kind of board; device_name: a name of this one, unique in the project, or None.
    name: file name without extension; a label is inferred from it when none is given: its beginning, as far as it has
        only A-Z, a-z, 0-9, spaces, - and _ (`wave` from "wave.01", but `T` from "Tür.01", and none from ".hidden").
    iat: when it was signed, an int of seconds since 1970; None: when it is signed first, if the clock is set, and a
        second that no other Sample has: with equal bytes the service takes two samples for one; False: left out.
        Messages that are not signed have it only when it is given.
    Everything wrong is a SampleError that names the argument.

        sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
        sample = Sample(sensors, 10, array("f", (0.1, 0.2, 9.8) * 100), "RPI_PICO_W", name="wave.01")
    """

    def __init__(
        self,
        sensors,
        interval_ms,
        values,
        device_type,
        device_name=None,
        name="sample",
        typecode=None,
        rows=None,
        iat=None,
    ):
        self.name = check_text(name, "name")
        self.sensors = sensors
        self.interval_ms = interval_ms
        self.device_type = device_type
        self.device_name = device_name
        self.iat = iat
        self.values = values
        self.typecode = typecode
        self.source = self.rows = self.items = None
        if iat is not None and iat is not False:
            _number(iat, "float iat" if isinstance(iat, float) else "iat", int)
        self.payload = self._payload()  # of the message in CBOR: all that comes before the first row
        if typecode_of(values) == "f" and typecode in (None, "f"):
            self.typecode = "f"
            self.rows = len(values) // len(sensors)
        if self.rows is None or self.rows * len(sensors) != len(values):
            if hasattr(values, "readinto"):
                from . import row_source as kind
            elif isinstance(values, (list, tuple)):
                from . import row_list as kind  # type: ignore[no-redef]
            else:
                from . import typecodes as kind  # type: ignore[no-redef]
            kind.set_shape(self, rows)
            self._kind = kind  # the module for values that are not an array of float32
        if rows is not None and rows != self.rows:
            raise argument_error("rows", self.rows, rows)
        append_head(self.payload, 0x80, self.rows)
        if self.source is None:
            self.items = len(self.values)  # as long as the values are those that were counted

    def __repr__(self):
        from . import typecodes

        return typecodes.described(self)

    def _payload(self):
        """Returns the message up to the head of its rows; checks what it consists of."""
        out = bytearray(b"\xa3\x67payload\xa4")
        if self.device_name is not None:
            out[-1] = 0xA5
            out.extend(b"\x6bdevice_name")
            _append_text(out, self.device_name, "device_name")
        out.extend(b"\x6bdevice_type")
        _append_text(out, self.device_type, "device_type")
        out.extend(b"\x6binterval_ms")
        if not _number(self.interval_ms, "interval_ms"):
            raise argument_error("interval_ms", self.interval_ms)
        _append_number(out, self.interval_ms)
        out.extend(b"\x67sensors")
        sensors = self.sensors
        if not isinstance(sensors, (list, tuple)) or not 1 <= len(sensors) <= _AXES:
            raise argument_error("sensors", sensors)
        append_head(out, 0x80, len(sensors))
        for sensor in sensors:
            if not isinstance(sensor, (list, tuple)) or len(sensor) != 2:
                raise argument_error("sensors", sensor)
            out.extend(b"\xa2\x64name")
            _append_text(out, sensor[0], "sensors: name")
            out.extend(b"\x65units")
            _append_text(out, sensor[1], "sensors: units")
        out.extend(b"\x66values")
        return out

    def body(self, format="cbor", hmac_key=None):
        """Returns the message as a body.

        format: "cbor"; "json"; "csv" (a timestamp column in ms, not signed: `hmac_key` is ignored); "binary" (one
        sensor, CBOR header and raw values, for audio). hmac_key: the project's HMAC key, or None for no signature.

            client.upload("training", sample.body("csv"))
        """
        if hmac_key is not None:
            hmac_key = key_bytes(hmac_key)
        if self.source is None and len(self.values) != self.items:
            raise argument_error("changed", "values")
        if format != "cbor":
            if format == "binary":
                from . import binary as form
            else:
                from . import json_csv as form  # type: ignore[no-redef]
            return form.form_body(self, format, hmac_key)
        if self.typecode and self.source is None:
            rows = TypedRows(self.typecode, len(self.sensors), self.rows, self.values)
        else:
            rows = self._kind.cbor_rows(self)
        parts = self.payload, rows, self.protected(hmac_key)
        if hmac_key:
            return Signed(parts, hmac_key, self.name + ".cbor", "application/cbor")
        return Chain(parts, self.name + ".cbor", "application/cbor")

    def signed_at(self, hmac_key):
        """Returns the `iat` of a message with this key or None; False: it has none."""
        if self.iat is None and hmac_key:
            self.iat = (
                next_iat()
            )  # once for all: a sample that is sent again has the same bytes, and counts as a duplicate
        return False if self.iat is None else self.iat

    def protected(self, hmac_key):
        """Returns the end of the message in CBOR: `protected`, and `signature` up to its characters."""
        iat = self.signed_at(hmac_key)
        out = bytearray(b"\x69protected\xa2\x63alg")
        out.extend(b"\x65HS256\x63ver\x62v1" if hmac_key else b"\x64none\x63ver\x62v1")
        if iat is not False:
            out[10] = 0xA3
            out.extend(b"\x63iat")
            _append_number(out, iat)
        out.extend(b"\x69signature\x78\x40" if hmac_key else b"\x69signature\x6200")
        return out
