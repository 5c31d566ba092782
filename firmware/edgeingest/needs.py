"""What arguments have to be, in words: loaded when one is not."""

from .errors import SampleError

_NEEDED = {
    "sensors": "1 to 1024 (name, units) pairs",
    "interval_ms": "a number of more than 0 (and up to 1e15)",
    "iat": "seconds since 1970, a number from 0 up to 1e15, or None or False",
    "typecode": "one of b B h H i I l L q Q f d, with a buffer or a row source,",
    "values": "an array, a buffer with typecode=, a list or a row source",
    "format": "one of cbor json csv binary",
}


def refusal(what, value):
    """A SampleError. what: an argument of `Sample`, or any sentence that ends in what is needed."""
    if what == "hmac_key":  # keys are in no error text
        return SampleError(
            "hmac_key: the key as the project's dashboard shows it is needed, a str of visible ASCII characters "
            "without a space or a line end"
        )
    if what in _NEEDED:
        what = "%s: %s" % (what, _NEEDED[what])
    return SampleError("%s is needed, not %r" % (what, value))


def text(value, what, end, refused):
    """`checks.plain_text`, to the letter."""
    if not isinstance(value, str) or not value:
        raise refusal(what + ": a str that is not empty", value)
    for c in value:
        n = ord(c)
        if n < 32 or n == 127 or n >= end or 0xD800 <= n < 0xE000 or c in refused:
            raise SampleError("%s: %r has a character in it that cannot be sent: %r" % (what, value, c))
    return value
