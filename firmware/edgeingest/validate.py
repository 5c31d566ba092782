"""Checks of arguments. Each returns the value, or raises a SampleError that names the argument and the value."""

# characters that need no quoting anywhere: in a header field, a file name, a URL, a boundary
PLAIN = "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"


def argument_error(what, *values):
    """Returns the error for an argument; its text comes from `argument_errors`, which is loaded for it."""
    from . import argument_errors

    return argument_errors.argument_error(what, values)


def check_text(value, what, end=0x110000, refused=""):
    """A str that is not empty and has no control character, no lone surrogate and none of `refused`.

    end: the first code point that is refused.
    """
    if isinstance(value, str) and value and min(value) >= " " and max(value) <= "~":
        for c in refused:
            if c in value:
                break
        else:
            return value
    from .argument_errors import check_characters

    return check_characters(value, what, end, refused)


def check_file_name(value, what):
    """A file name: no path, and nothing that a service could take for one."""
    if value in (".", ".."):
        raise argument_error(what + ": a file name", value)
    return check_text(value, what, refused="/\\")


def check_whole(value, what, least, most):
    """An int from least to most."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise argument_error("whole", what, least, most, value)
    return value


def check_flag(value, what):
    """True or False: not a str, of which "no" would count as yes."""
    if value is not True and value is not False:
        raise argument_error(what + ": True or False", value)
    return value
