"""Where things begin and end in JSON that has objects in objects. Loaded when a reply has more than it must have."""


def end_of(text, i):
    """Where the object that begins at i ends, behind its brace; 0 if it does not end in these bytes."""
    return _walk(text, i, 0)


def list_of(text):
    """Where the list begins that is the member `files` of the object, behind its bracket; 0 if it is not there yet."""
    return _walk(text, 0, 2)


def _walk(text, i, wanted):
    depth = 0
    key = 0  # where the last string began
    while i < len(text):
        c = text[i]
        if c == 0x22:  # a string: to its closing quote
            key = i
            i = text.find(b'"', i + 1)
            while i > 0 and _escaped(text, i):
                i = text.find(b'"', i + 1)
            if i < 0:
                return 0
        elif c in b"{[":
            depth += 1
            if depth == wanted and c == 0x5B and text[key:i].rstrip(b": \r\n\t") == b'"files"':
                return i + 1
        elif c in b"}]":
            depth -= 1
            if not depth and not wanted:
                return i + 1
        i += 1
    return 0


def _escaped(text, i):
    """Whether the character there has an odd number of backslashes before it."""
    n = 0
    while text[i - 1 - n] == 0x5C:
        n += 1
    return n % 2
