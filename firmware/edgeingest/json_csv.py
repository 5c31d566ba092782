"""The JSON and CSV forms of a Sample. Both are generated twice: once for the size, once to be sent.

Numbers: typecode f as %.9g, others as %.17g; a board with single-precision floats prints about 7 digits.
"""

from json import dumps
from struct import unpack_from

from micropython import const

from .errors import SampleError
from .generated_body import GeneratedBody
from .signing import Signed
from .typecodes import item_size
from .validate import argument_error

_PER_MS = const(1000000)  # the smallest step of timestamps: a millionth of a ms


def form_body(sample, format, hmac_key):
    """Returns a Sample in the form "json" or "csv" as a body."""
    if format == "json":
        return json_body(sample, hmac_key)
    if format != "csv":
        raise argument_error("format", format)
    return csv_body(sample)


def json_body(sample, hmac_key):
    """Returns the data acquisition message as JSON, signed if there is a key."""
    members = '"alg":"%s","ver":"v1"' % ("HS256" if hmac_key else "none")
    iat = sample.signed_at(hmac_key)
    if iat is not False:
        members += ',"iat":' + _decimal(iat, 17)
    start = '{"payload":{'
    if sample.device_name:
        start += '"device_name":%s,' % dumps(sample.device_name)
    start += '"device_type":%s,"interval_ms":%s,"sensors":[' % (
        dumps(sample.device_type),
        _decimal(sample.interval_ms, 17),
    )
    start += ",".join(['{"name":%s,"units":%s}' % (dumps(name), dumps(units)) for name, units in sample.sensors])
    end = ']},"protected":{%s},"signature":"' % members
    if not hmac_key:
        end += '00"}'
    body = Table(sample, start + '],"values":[', ",", end)
    if len(sample.sensors) > 1:
        body.brackets = "[", "]"
    body.name = sample.name + ".json"
    body.content_type = "application/json"
    body.measure()
    return Signed((body,), hmac_key, body.name, body.content_type, b'"}') if hmac_key else body


def csv_body(sample):
    """Returns a header line, then a line for each row: timestamp in ms and values. A single row has no timestamp."""
    names = [name for name, _ in sample.sensors]
    for i, name in enumerate(names):
        if name == "timestamp" or name in names[:i]:
            raise SampleError("sensors: a CSV has one column of each name, and timestamp is its own: rename %r" % name)
    if sample.rows > 1 and not round(sample.interval_ms * _PER_MS):
        raise SampleError("interval_ms: %r: a CSV has steps of 0.000001 ms or more" % sample.interval_ms)
    names = [_csv_field(name) for name in names]
    body = Table(sample, ",".join(names if sample.rows == 1 else ["timestamp"] + names) + "\n", "", "")
    body.brackets = "", "\n"
    body.interval = sample.interval_ms if sample.rows > 1 else None
    body.name = sample.name + ".csv"
    body.content_type = "text/csv"
    body.measure()
    return body


def _csv_field(text):
    """Returns a CSV field, in quotes if it needs them (RFC 4180, section 2)."""
    if "," in text or '"' in text:
        return '"%s"' % text.replace('"', '""')
    return text


def _decimal(value, digits):
    """Returns a number in decimal; digits: significant digits of a float."""
    if isinstance(value, int):
        return str(value)
    return "%.*g" % (digits, value)


class Table(GeneratedBody):
    """The rows of a Sample as decimals, between a start and an end."""

    brackets = "", ""  # around each row
    interval = None  # ms between rows, if each row begins with its time

    def __init__(self, sample, start, separator, end):
        self._code = sample.typecode
        self._rows = sample.rows
        self._axes = len(sample.sensors)
        self._start = start
        self._separator = separator
        self._end = end
        self._raw = None  # typed values: of all rows, or of one row from a row source
        self._source = sample.source
        if self._source is None:
            self._values = sample.values
            self._count = sample.items
        if self._code:
            self._width = item_size(self._code)
            if self._source is not None:
                if not self._source.rewindable:
                    raise SampleError("values: JSON and CSV read a row source twice, and this one has no rewind()")
                self._raw = bytearray(self._axes * self._width)
            else:
                self._raw = sample.values

    def restart(self):
        """Begins at the start."""
        self._row = -1
        self._column = 0
        self._have = 0
        if self._source is not None:
            self._source.rewind()

    def piece(self):
        """Generates the start, a number with what is around it, or the end."""
        row = self._row
        column = self._column
        if row < 0:
            self.put(self._start.encode())
            self._row = 0
            return True
        if row >= self._rows:
            if row == self._rows:
                self.put(self._end.encode())
                self._row += 1
                return True
            return False
        if self._source is not None and column == 0 and not self._read_row():
            return None
        out = ""
        if column == 0:
            out = (self._separator if row else "") + self.brackets[0]
            if self.interval is not None:
                out += self._time(row) + ","
        else:
            out = ","
        out += self._number(row, column)
        self._column += 1
        if self._column == self._axes:
            out += self.brackets[1]
            self._column = 0
            self._row += 1
        self.put(out.encode())
        return True

    def _read_row(self):
        """Reads a row from the row source; False if it is not complete yet. What has come is kept."""
        raw = self._raw
        while self._have < len(raw):
            n = self._source.readinto(memoryview(raw)[self._have :])
            if n is None:
                return False
            if not n:
                raise SampleError("values: another body of this sample has read its row source to the end")
            self._have += n
        self._have = 0
        return True

    def _time(self, row):
        """Returns the time of a row in milliseconds, in decimal."""
        # In millionths of a ms: with single-precision floats the steps would not be equal.
        whole, rest = divmod(row * round(self.interval * _PER_MS), _PER_MS)
        return ("%d.%06d" % (whole, rest)).rstrip("0") if rest else str(whole)

    def _number(self, row, column):
        """Returns a value in decimal. Raises the SampleError for NaN and infinity."""
        if self._code:
            i = (row * self._axes if self._source is None else 0) + column
            value = unpack_from(self._code, self._raw, i * self._width)[0]
        else:
            value = self._values[row]
            if isinstance(value, (list, tuple)):
                if len(value) != self._axes:
                    self.fail()
                value = value[column]
            if not isinstance(value, (int, float)):
                self.fail()
        if value - value != 0:
            raise SampleError("values: row %d, axis %d is %r, which JSON and CSV cannot carry" % (row, column, value))
        return _decimal(value, 9 if self._code == "f" else 17)
