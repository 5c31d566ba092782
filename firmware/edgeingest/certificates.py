"""`ca=` to an SSLContext, and what to say when a certificate is refused; loaded for https only."""

import ssl
import time

from .errors import CertificateError, SampleError


def _certificates(ca):
    """The DER certificates in what the caller gave: DER or PEM, as bytes or in a file."""
    if isinstance(ca, str) and ca.lstrip().startswith("-----BEGIN"):
        ca = ca.encode()
    elif isinstance(ca, str):
        try:
            with open(ca, "rb") as file:
                ca = file.read()
        except (OSError, ValueError) as e:
            raise SampleError("ca: %r cannot be read: %s" % (ca, e))
    ca = bytes(ca)
    if b"-----BEGIN CERTIFICATE-----" not in ca:
        return [ca]
    from binascii import a2b_base64  # MicroPython's ssl takes DER only

    found = []
    for part in ca.split(b"-----BEGIN CERTIFICATE-----")[1:]:
        base64, end, _ = part.partition(b"-----END CERTIFICATE-----")
        if not end:
            raise SampleError("ca: a certificate in it has no END line")
        try:
            found.append(a2b_base64(b"".join(base64.split())))
        except ValueError:
            raise SampleError("ca: a certificate in it is not base64")
    return found


def tls_context(ca, insecure):
    """An SSLContext that verifies the chain up to `ca` and the host's name; with insecure=True, one that does not."""
    if ca is None and not insecure:
        raise SampleError(
            "ca: https needs the root certificate of the service, as DER or PEM (a path or bytes). "
            "`edgeingest ca HOST -o ca.der` gets it; insecure=True does without and tells anybody on the way the key"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if insecure:
        context.verify_mode = ssl.CERT_NONE
        return context
    context.verify_mode = ssl.CERT_REQUIRED
    for der in _certificates(ca):
        try:
            context.load_verify_locations(cadata=der)
        except (OSError, ValueError) as e:
            raise SampleError("ca: this is no certificate (DER or PEM): %s" % e)
    return context


def is_refusal(e, number):
    """Whether the exception of a handshake says that a certificate was not accepted."""
    # mbedTLS: its words for a refused chain come as ValueError; -0x7680 is "no CA chain", -0x2700 "verify failed".
    return isinstance(e, ValueError) or number in (-0x7680, -0x2700)


def downgrade(number):
    """What a handshake that failed for another reason says of the peer, by the number mbedTLS has for it."""
    if number == -0x7200:  # invalid record
        return " (it does not speak TLS: http:// instead?)"
    if number == -0x6E80:  # bad protocol version
        return " (its TLS is older than 1.2)"
    if number == -0x7780:  # fatal alert
        return " (it refused: no version or cipher of TLS in common?)"
    return ""


def refusal(where, why, number):
    """The CertificateError for it, with what to do."""
    return CertificateError("%s did not prove who it is: %s%s" % (where, why, _hint(why)), number)


def _hint(why):
    clock = "%d-%02d-%02d" % time.gmtime()[:3]
    if "expired" in why or "future" in why:
        return " (the board's clock says %s; if that is wrong, set it)" % clock
    if "trusted" in why or "CA" in why or "signed" in why:
        return " (ca= is not the root of its chain)"
    return ""
