"""Parses the `url=` of a client. Not loaded for the public service."""

from .errors import SampleError


def _host_and_port(url, rest):
    """Returns (host, port or None, host as the Host field shows it)."""
    if rest.startswith("["):
        host, found, port = rest[1:].partition("]")
        allowed = "0123456789abcdefABCDEF:."
        shown = "[%s]" % host
        if not found or port and not port.startswith(":") or ":" not in host:
            raise SampleError("url: %r is not [an IPv6 address], with or without :port" % url)
        port = port[1:] if port else None
    else:
        host, found, port = rest.partition(":")
        port = port if found else None
        allowed = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._"
        shown = host
    if not 0 < len(host) < 254:
        raise SampleError("url: %r has no host, or one that is too long" % url[:300])
    for c in host:
        if c not in allowed:
            raise SampleError("url: the host of %r has %r in it; only scheme, host and port belong here" % (url, c))
    return host, port, shown


def parse_url(url):
    """Returns (tls, host, port, value of the Host field) of http://host[:port] or https://host[:port].

    A host may be an IPv6 address in brackets. Raises the SampleError for anything else.
    """
    if not isinstance(url, str):
        raise SampleError("url: a str such as https://ingestion.edgeimpulse.com is needed, not %r" % (url,))
    scheme, found, rest = url.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in ("http", "https"):
        raise SampleError(
            "url: http:// or https:// is needed at its beginning, as in https://ingestion.edgeimpulse.com"
        )
    if rest.endswith("/"):
        rest = rest[:-1]
    if "/" in rest or "?" in rest or "#" in rest or "@" in rest:
        raise SampleError("url: scheme, host and port only; no path, no user, as in https://ingestion.edgeimpulse.com")
    host, port, shown = _host_and_port(url, rest)
    tls = scheme == "https"
    number = 443 if tls else 80
    if port is not None:
        if not port.encode().isdigit() or len(port) > 5 or not 0 < int(port) < 65536:
            raise SampleError("url: %r is not a port (1 to 65535)" % port)
        if int(port) != number:
            number = int(port)
            shown += ":%d" % number
    return tls, host, number, shown
