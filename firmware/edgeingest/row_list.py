"""Values given as lists of Python numbers: their shape, and their CBOR rows as `cbor2.dumps` writes them."""

from .cbor import Encoder
from .errors import SampleError
from .generated_body import GeneratedBody
from .validate import argument_error


def _is_number(value):
    """True for a float, and for an int of at most 64 bits."""
    if type(value) is int:
        return -0x10000000000000000 <= value < 0x10000000000000000
    return type(value) is float


def set_shape(sample, rows):
    """Sets `rows` of a Sample. Raises a SampleError for rows of another length and for what is not a number."""
    values = sample.values
    axes = len(sample.sensors)
    if sample.typecode is not None:
        raise argument_error("typecode", sample.typecode)
    flat = axes == 1 and values and not isinstance(values[0], (list, tuple))
    for r, row in enumerate(values):
        if flat:
            row = (row,)
        elif not isinstance(row, (list, tuple)) or len(row) != axes:
            what = "has %d" % len(row) if isinstance(row, (list, tuple)) else "is %r, not a list of" % type(row)
            raise SampleError("values: row %d %s values; %d are needed, one per sensor" % (r, what, axes))
        for value in row:
            if not _is_number(value):
                raise SampleError("values: %r in row %d is not a number of at most 64 bits" % (value, r))
    sample.rows = len(values)


def cbor_rows(sample):
    """Returns the rows in CBOR as a body."""
    return ListRows(sample)


class ListRows(GeneratedBody):
    """The rows (or numbers) of a list in CBOR, without the array's head: one number at a time, so memory stays."""

    content_type = "application/cbor"

    def __init__(self, sample):
        self._values = values = sample.values
        self._count = sample.rows
        # of a row; 0 for a list of numbers
        self._axes = len(sample.sensors) if values and isinstance(values[0], (list, tuple)) else 0
        self._encoder = Encoder(self.put)
        self.measure()

    def restart(self):
        """Begins at the first row."""
        self._row = 0
        self._column = 0

    def piece(self):
        """The next number, with the head of its row where one begins."""
        values = self._values
        at = self._row
        if at == self._count:
            return False
        value = values[at]
        axes = self._axes
        if axes:
            column = self._column
            if not isinstance(value, (list, tuple)) or len(value) != axes:
                self.fail()
            if column == 0:
                self._encoder.array(axes)
            value = value[column]
            column += 1
            if column == axes:
                column = 0
                self._row = at + 1
            self._column = column
        else:
            self._row = at + 1
        if type(value) is not float and type(value) is not int:
            self.fail()
        self._encoder.encode(value)
        return True
