"""The errors of bodies that change or end early, and of what is given instead of a body. Loaded when there is one."""

from array import array

from micropython import const

from .errors import SampleError

_SHOWN = const(200)  # characters of a value
TEXTS = {
    "in use": "%r is being sent by another call: wait until that has ended, or make a body of its own for each call",
    "changed": "%s: the values were changed or resized since they were counted; values must not change until they are "
    "sent",
    "ended": "%r ended %d bytes before its size of %d bytes",
    "longer": "%r has more than its size of %d bytes",
    "parts": "%r: a part has another size than before: it was made anew, or resized; values must not change until they "
    "are sent",
    "read": "%r cannot be read a second time",
    "readinto": "%r: its readinto returned %r, which is not the number of bytes that it put into the window",
}


def no_items(items):
    """Returns the error for what is neither an item nor a sequence of them."""
    return _no_item("items: a Sample, a File, a body or a sequence of them", items, "list(...) makes a sequence")


def no_body(item, index):
    """Returns the error for an item that is neither a Sample nor a body; index: among the items, or None."""
    for member in ("readinto", "rewind", "close", "size", "name", "content_type"):
        if not hasattr(item, member):
            break
    what = "item" if index is None else "items: item %d" % index
    return _no_item(what + ": a Sample, a File or a body", item, "it has no " + member)


def _no_item(what, item, otherwise):
    """Returns the error for what was given instead of an item, with the way to make one of it."""
    shown = type(item)
    if isinstance(item, str):
        shown = item[:_SHOWN]
        how = "a file is given as File(%r)" % shown
    elif isinstance(item, (bytes, bytearray, memoryview)):
        how = 'bytes have no file name: File(bytes, name="climate.csv")'
    elif isinstance(item, (int, float, array)):
        shown = shown if isinstance(item, array) else item
        how = "values are given as Sample(sensors, interval_ms, values, device_type)"
    elif isinstance(item, (list, tuple)):
        how = "send takes one, upload takes several"
    elif isinstance(item, dict):
        how = "those of a dict d are list(d.values())"
    elif hasattr(item, "readinto") and not hasattr(item, "content_type"):
        how = 'a stream is given as File(stream, name="climate.csv", size=number of bytes)'
    else:
        how = otherwise
    return SampleError("%s is needed, not %r: %s" % (what, shown, how))
