"""`Sample`: a time series as a message of the data acquisition format.

Source: the service's documentation, "Data acquisition format" (JSON and CBOR) and "CSV". One message is a map of
payload, protected and signature; the signature comes last, so that it can be sent without knowing it beforehand.
"""

from .body import Chain, octets, typecode_of
from .checks import plain_text, whole
from .errors import SampleError
from .message import append_payload, append_protected
from .rows import TypedRows, item_size
from .signing import Signed, key_bytes

_FORMATS = ("cbor", "json", "csv", "binary")
_AXES = 1024


def _number(value, what):
    # NaN compares as False, so it is refused as well
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e15 < value < 1e15:
        raise SampleError("%s: a number (of up to 1e15) is needed, not %r" % (what, value))
    return value


class Sample:
    """A time series: rows of one number per sensor, at a fixed interval.

    sensors: (name, units) pairs, 1 to 1024; units are SenML symbols (RFC 8428), or "N/A". One sensor is one axis.
    interval_ms: milliseconds between rows, more than 0.
    values: shape (rows, axes), row-major: an `array.array`; any buffer with `typecode=`; a list of rows, or of numbers
        for one axis; or a row source: an object whose `readinto(buffer)` gives raw little-endian values of `typecode`,
        any number of bytes at a time (None: none ready), with `rows=`.
    device_type: the kind of board; device_name: a name of this one, unique in the project, or None.
    name: file name without extension; a label is inferred from it when none is given.
    iat: when it was signed, in seconds since 1970; None: when it is signed first, if the clock is set; False: left
        out. Messages that are not signed have it only when it is given.
    Everything wrong is a SampleError that names the argument.
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
        self.sensors = _checked_sensors(sensors)
        self.interval_ms = _number(interval_ms, "interval_ms")
        if interval_ms <= 0:
            raise SampleError("interval_ms: more than 0 is needed, not %r" % interval_ms)
        self.device_type = plain_text(device_type, "device_type")
        self.device_name = device_name if device_name is None else plain_text(device_name, "device_name")
        self.name = plain_text(name, "name")
        if iat is not None and iat is not False and _number(iat, "iat") < 0:
            raise SampleError("iat: seconds since 1970 are needed, not %r" % iat)
        self.iat = iat
        self.values = values
        self.typecode = typecode
        self.source = None
        axes = len(self.sensors)
        if hasattr(values, "readinto"):
            self.rows = whole(rows, "rows", 1, 1 << 29)
            width = item_size(typecode)
            from .source import RawSource

            self.source = RawSource(values, rows * axes * width)  # one for all bodies: they share its place
        elif isinstance(values, (list, tuple)):
            if typecode is not None:
                raise SampleError("typecode: %r goes with a buffer or a row source, not with a list" % (typecode,))
            from .lists import checked_rows

            self.rows = checked_rows(values, axes)
        else:
            self.rows = self._typed_rows(axes)
        if rows is not None and rows != self.rows:
            raise SampleError("rows: %r was said, but values has %d rows" % (rows, self.rows))

    def _typed_rows(self, axes):
        values = self.values
        own = typecode_of(values)
        if self.typecode is None:
            if not own:
                raise SampleError(
                    "values: an array, a buffer with typecode=, a list or a row source is needed, not %r" % type(values)
                )
            self.typecode = own
        if own and own != self.typecode:
            raise SampleError("typecode: %r was said, but values is an array of %r" % (self.typecode, own))
        width = item_size(self.typecode)
        try:
            size = len(octets(values))
        except TypeError:
            raise SampleError("values: %r is not a buffer" % type(values))
        if size % (width * axes):
            raise SampleError(
                "values: %d bytes of typecode %s are %d values, no whole number of rows of %d (one per sensor)"
                % (size, self.typecode, size // width, axes)
            )
        return size // (width * axes)

    def body(self, format="cbor", hmac_key=None):
        """The message as a body.

        format: "cbor"; "json"; "csv" (a timestamp column in ms, not signed: `hmac_key` is ignored); "binary" (one
        sensor, CBOR header and raw values, for audio). hmac_key: the project's HMAC key, or None for no signature.
        """
        if format not in _FORMATS:
            raise SampleError("format: %r is none of %s" % (format, " ".join(_FORMATS)))
        if hmac_key is not None:
            key_bytes(hmac_key)
        if format == "cbor":
            body = self._cbor(hmac_key)
        elif format == "binary":
            from .binary import binary_body

            body = binary_body(self, hmac_key)
        else:
            from .text import csv_body, json_body

            body = csv_body(self) if format == "csv" else json_body(self, hmac_key)
        return body

    def _cbor(self, hmac_key):
        start = bytearray(b"\xa3\x67payload")
        append_payload(self, start)
        values = self.values
        if self.typecode is None:
            from .lists import ListRows

            rows = ListRows(values)
        else:
            rows = TypedRows(self.typecode, len(self.sensors), self.rows, values, self.source)
        end = bytearray()
        append_protected(self, hmac_key, end)
        body = Chain((start, rows, end), self.name + ".cbor", "application/cbor")
        return Signed(body, hmac_key) if hmac_key else body


def _checked_sensors(sensors):
    if not isinstance(sensors, (list, tuple)) or not 1 <= len(sensors) <= _AXES:
        raise SampleError("sensors: 1 to %d (name, units) pairs are needed" % _AXES)
    for sensor in sensors:
        if not isinstance(sensor, (list, tuple)) or len(sensor) != 2:
            raise SampleError("sensors: %r is not a (name, units) pair" % (sensor,))
        plain_text(sensor[0], "sensors: name")
        plain_text(sensor[1], "sensors: units")
    return sensors
