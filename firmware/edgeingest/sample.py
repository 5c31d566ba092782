"""`Sample`: a time series as a message of the data acquisition format.

Source: the service's documentation, "Data acquisition format" (JSON and CBOR) and "CSV". One message is a map of
payload, protected and signature; the signature comes last, so that it can be sent without knowing it beforehand.
"""

import time

from .body import Chain, octets, plain_text, typecode_of
from .errors import SampleError
from .rows import TypedRows, head, item_size
from .signing import Signed, key_bytes

_FORMATS = ("cbor", "json", "csv", "binary")
_AXES = 1024
_CLOCK_SET = 1704067200  # 2024-01-01: a clock that says less has not been set since the board booted


def now():
    """Seconds since 1970, or None while the clock is not set. Ports count from 1970 or from 2000."""
    seconds = int(time.time()) + (946684800 if time.gmtime(0)[0] == 2000 else 0)
    return seconds if seconds >= _CLOCK_SET else None


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
    iat: when it was signed, in seconds since 1970; None: now, if the clock is set; False: left out.
        Messages that are not signed have it only when it is given.
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
        axes = len(self.sensors)
        if hasattr(values, "readinto"):
            if isinstance(rows, bool) or not isinstance(rows, int) or not 0 < rows < 1 << 29:
                raise SampleError("rows: how many rows the row source will give is needed, not %r" % (rows,))
            item_size(typecode)
            self.rows = rows
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
                "values: %d bytes are no whole number of rows of %d values of typecode %s" % (size, axes, self.typecode)
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

    def protected(self, hmac_key):
        """The members of `protected`, in order, as (name, value)."""
        members = [("alg", "HS256" if hmac_key else "none"), ("ver", "v1")]
        iat = self.iat
        if iat is None and hmac_key:
            iat = now()
        if iat is not None and iat is not False:
            members.append(("iat", iat))
        return members

    def payload_head(self, out):
        """Append the CBOR payload up to and including the key `values`."""
        out.append(0xA5 if self.device_name else 0xA4)
        if self.device_name:
            out.extend(cbor_text("device_name") + cbor_text(self.device_name))
        out.extend(cbor_text("device_type") + cbor_text(self.device_type))
        out.extend(cbor_text("interval_ms") + cbor_number(self.interval_ms))
        out.extend(cbor_text("sensors") + bytes(head(0x80, len(self.sensors))))
        for name, units in self.sensors:
            out.extend(b"\xa2" + cbor_text("name") + cbor_text(name) + cbor_text("units") + cbor_text(units))
        out.extend(cbor_text("values"))

    def protected_cbor(self, hmac_key, out):
        """Append the key `protected` and its CBOR map."""
        members = self.protected(hmac_key)
        out.extend(cbor_text("protected"))
        out.append(0xA0 | len(members))
        for name, value in members:
            out.extend(cbor_text(name) + (cbor_text if isinstance(value, str) else cbor_number)(value))

    def _cbor(self, hmac_key):
        start = bytearray(b"\xa3" + cbor_text("payload"))
        self.payload_head(start)
        values = self.values
        if self.typecode is None:
            from .lists import ListRows

            rows = ListRows(values)
        else:
            source = hasattr(values, "readinto")
            rows = TypedRows(
                self.typecode, len(self.sensors), self.rows, None if source else values, values if source else None
            )
        end = bytearray()
        self.protected_cbor(hmac_key, end)
        end.extend(cbor_text("signature") + (b"\x78\x40" if hmac_key else b"\x6200"))
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


def cbor_text(s):
    """A short CBOR text string."""
    s = s.encode()
    return bytes(head(0x60, len(s))) + s


def cbor_number(n):
    """A CBOR integer or float, as cbor2 writes it."""
    from .cbor import Encoder

    out = bytearray()
    Encoder(out.extend).encode(n)
    return out
