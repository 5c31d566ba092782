"""Samples that are not an array of float32 in CBOR: their shape, and the rooms that encode them."""

from .body import octets, typecode_of
from .errors import SampleError
from .numbers import item_size
from .validate import argument_error, check_whole


def shape(sample, rows):
    """Set `rows` of a Sample, its `typecode`, and `source` for a row source."""
    values = sample.values
    axes = len(sample.sensors)
    if hasattr(values, "readinto"):
        from .source import RawSource

        sample.rows = check_whole(rows, "rows", 1, 1 << 29)
        size = rows * axes * item_size(sample.typecode)
        sample.source = RawSource(values, size)  # one for all bodies: they share its place
    elif isinstance(values, (list, tuple)):
        from .lists import checked_rows

        if sample.typecode is not None:
            raise argument_error("typecode", sample.typecode)
        sample.rows = checked_rows(values, axes)
    else:
        own = typecode_of(values)
        if sample.typecode is None:
            if not own:
                raise argument_error("values", values)
            sample.typecode = own
        if own and own != sample.typecode:
            raise SampleError("typecode: %r was said, but values is an array of %r" % (sample.typecode, own))
        width = item_size(sample.typecode)
        try:
            size = len(octets(values))
        except TypeError:
            raise argument_error("values: a buffer", values)
        if size % (width * axes):
            raise SampleError(
                "values: %d bytes of typecode %s are %d values, no whole number of rows of %d (one per sensor)"
                % (size, sample.typecode, size // width, axes)
            )
        sample.rows = size // (width * axes)


def other_rows(sample):
    """The rows of a Sample in CBOR, as a body."""
    if sample.source is not None:
        from .staged import SourceRows

        return SourceRows(sample.typecode, len(sample.sensors), sample.rows, sample.source)
    if sample.typecode is None:
        from .lists import ListRows

        return ListRows(sample.values)
    from .rows import TypedRows

    return TypedRows(sample.typecode, len(sample.sensors), sample.rows, sample.values)


def other_form(sample, format, hmac_key):
    """A Sample in another form than CBOR, as a body."""
    if format == "binary":
        from .binary import binary_body

        return binary_body(sample, hmac_key)
    if format != "json" and format != "csv":
        raise argument_error("format", format)
    from .text import csv_body, json_body

    return csv_body(sample) if format == "csv" else json_body(sample, hmac_key)
