"""Makes the SSLContext for `ca=`. Loaded for https only."""

try:
    import ssl
except ImportError:
    from .import_errors import no_module

    raise no_module("ssl")


def tls_context(ca, insecure):
    """Returns an SSLContext that verifies the chain up to `ca` and the host's name; with insecure=True, neither."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if insecure:
        context.verify_mode = ssl.CERT_NONE
        return context
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        if isinstance(ca, str) and "-----BEGIN" not in ca:
            with open(ca, "rb") as file:
                ca = file.read()
        if ca[0] != 0x30:  # DER begins with this; MicroPython's ssl takes no other form
            from .pem import certificates

            for der in certificates(ca):
                context.load_verify_locations(cadata=der)
        else:
            context.load_verify_locations(cadata=bytes(ca))
    except (OSError, ValueError, TypeError, IndexError) as e:
        from .pem import complaint

        raise complaint(ca, e)
    return context
