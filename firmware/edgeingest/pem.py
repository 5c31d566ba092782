"""Decodes certificates in PEM, and explains what is wrong with a `ca=`. Loaded when `ca=` is not DER."""

from binascii import a2b_base64

from .errors import SampleError

_GETS_IT = "`edgeingest ca HOST -o ca.der` gets it"
_BEGIN = b"-----BEGIN CERTIFICATE-----"


def certificates(ca):
    """Returns a list of the certificates in PEM (bytes or str) as DER."""
    ca = ca.encode() if isinstance(ca, str) else bytes(ca)
    found = []
    for part in ca.split(_BEGIN)[1:]:
        base64, end, _ = part.partition(b"-----END CERTIFICATE-----")
        if not end:
            raise SampleError("ca: a certificate in it has no END line: it was cut off; " + _GETS_IT)
        found.append(a2b_base64(b"".join(base64.split())))
    if not found:
        raise ValueError("neither begins as DER nor has BEGIN CERTIFICATE")
    return found


def complaint(ca, e):
    """Returns the SampleError for a `ca=` that cannot be used."""
    if ca is None:
        return SampleError(
            "ca: https needs the root certificate of the service, as DER or PEM (a path or bytes). "
            + _GETS_IT
            + "; insecure=True works without one, and anybody on the network path "
            "can read the API key"
        )
    if isinstance(ca, str) and "-----BEGIN" not in ca:
        return SampleError(
            "ca: %r cannot be read: %s; %s, `mpremote cp ca.der :` puts it on the board" % (ca, e, _GETS_IT)
        )
    return SampleError(
        "ca: %s; %s" % ("this is no certificate (DER or PEM): %s" % e if ca else "it is empty", _GETS_IT)
    )
