"""What is rarely asked of a reply's head: fields by name, lists of lengths. What the parser needs, it reads itself."""


def field(head, name):
    """The value of a field as str, or None; several of one name are joined by commas. head: lines, as they came; the
    last may be cut off, and does not count then."""
    key = ("\n%s:" % name.lower()).encode()
    lower = head.lower()
    values = []
    start = lower.find(key)
    while start >= 0:
        start += len(key)
        end = head.find(b"\r", start)
        if end < 0:
            break
        # A field may hold any bytes; each becomes the character of that number (ISO 8859-1).
        values.append("".join([chr(c) for c in head[start:end].strip(b" \t")]))
        start = lower.find(key, start)
    return ", ".join(values) if values else None


def only(lengths):
    """The one value of a list of equal ones, which are allowed (RFC 9112, section 6.3); nothing if they differ."""
    values = [value.strip() for value in lengths.split(b",")]
    return values[0] if values == [values[0]] * len(values) else b""
