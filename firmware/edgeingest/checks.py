"""Checks of arguments that several rooms share. Each returns the value, or raises a SampleError that names it."""


def refuse(what, value=None):
    """Raise the SampleError that says what the argument `what` has to be."""
    from .needs import refusal

    raise refusal(what, value)


def plain_text(value, what, end=0x110000, refused=""):
    """A str that is not empty and has no control character, lone surrogate, character of `refused` or from `end` on."""
    if isinstance(value, str) and value and min(value) >= " " and max(value) <= "~":
        for c in refused:
            if c in value:
                break
        else:
            return value
    from .needs import text

    return text(value, what, end, refused)


def checked_name(value, what):
    """A file name: no path, nothing that a service could take for one."""
    if value in (".", ".."):
        refuse(what + ": a file name", value)
    return plain_text(value, what, refused="/\\")


def whole(value, what, least, most):
    """An int of least to most."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        refuse("%s: a whole number of %d to %d" % (what, least, most), value)
    return value
