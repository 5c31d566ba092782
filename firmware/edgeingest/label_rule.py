"""How the service infers a label from a file name (documentation, "Ingestion API", x-label).

Its rule is the JavaScript pattern ^[a-zA-Z0-9\\s-_]+.
"""

from .errors import SampleError


def inferred(file_name):
    """The label, or None."""
    if not isinstance(file_name, str):
        raise SampleError("file_name: a str is needed, not %r" % (file_name,))
    n = 0
    for c in file_name:
        if not ("a" <= c <= "z" or "A" <= c <= "Z" or "0" <= c <= "9" or c in "-_" or _is_space(ord(c))):
            break
        n += 1
    return file_name[:n] or None


def _is_space(c):
    """JavaScript's \\s (ECMA-262, WhiteSpace and LineTerminator)."""
    return (
        9 <= c <= 13
        or c in (0x20, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF)
        or 0x2000 <= c <= 0x200A
    )
