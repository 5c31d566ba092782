"""Bodies that two calls share: each has one place where it is read, so only one call at a time may have it.

Loaded when a call begins while another, of another client, is at work.
"""

from .body import at_work
from .validate import argument_error


def _inside(body):
    """Yields the body and all that it reads from: parts of a Chain, the body or stream of a File, row sources."""
    waiting = [body]
    while waiting:
        body = waiting.pop()
        yield body
        parts = getattr(body, "_parts", ())
        if isinstance(parts, (list, tuple)):
            waiting.extend([part for part in parts if hasattr(part, "readinto")])
        for name in ("_source", "_stream", "_part"):
            inner = getattr(body, name, None)
            if hasattr(inner, "readinto"):
                waiting.append(inner)


def is_used(body):
    """Returns True if a call that is at work sends this body, or reads from what it reads from."""
    for request in at_work:
        for used in _inside(request):
            for one in _inside(body):
                if one is used:
                    return True
    return False


def check_unused(request):
    """Raises the SampleError for a request with a body that another call sends."""
    if is_used(request):
        for part in request._parts:
            if hasattr(part, "readinto") and is_used(part):
                raise argument_error("in use", part.name)
