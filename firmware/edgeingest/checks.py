"""Checks of arguments that several rooms share. Each returns the value, or raises a SampleError that names it."""

from .errors import SampleError


def plain_text(value, what, end=0x110000, refused=""):
    """A str that is not empty and has no control character, lone surrogate, character of `refused` or from `end` on."""
    if not isinstance(value, str) or not value:
        raise SampleError("%s: a str that is not empty is needed, not %r" % (what, value))
    for c in value:
        n = ord(c)
        if n < 32 or n == 127 or n >= end or 0xD800 <= n < 0xE000 or c in refused:
            raise SampleError("%s: %r has a character in it that cannot be sent: %r" % (what, value, c))
    return value


def checked_name(value, what):
    """A file name: no path, nothing that a service could take for one."""
    if value in (".", ".."):
        raise SampleError("%s: %r is no file name" % (what, value))
    return plain_text(value, what, refused="/\\")


def whole(value, what, least, most):
    """An int of least to most."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SampleError("%s: a whole number of %d to %d is needed, not %r" % (what, least, most, value))
    return value
