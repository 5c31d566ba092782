"""Metadata as a header field: JSON in ASCII. Source: the service's documentation, "Metadata"."""

from json import dumps

from .errors import SampleError
from .validate import check_text


def metadata_value(metadata):
    """Returns the value of X-Metadata for a dict of str to str; "" for an empty dict, which is no metadata."""
    if not isinstance(metadata, dict):
        raise SampleError("metadata: a dict of str to str is needed, not %r" % (metadata,))
    for key in metadata:
        check_text(key, "metadata: key")
        if metadata[key] != "":
            check_text(metadata[key], "metadata: value of %r" % key)
    out = []
    for c in dumps(metadata) if metadata else "":
        c = ord(c)
        if c < 127:
            out.append(chr(c))
        elif c < 0x10000:
            out.append("\\u%04x" % c)
        else:  # a pair of surrogates, as JSON has it (RFC 8259, section 7)
            c -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF)))
    return "".join(out)
