"""What a broken connection is told as: the exceptions of sockets and TLS in words. Loaded when one comes."""

import time

from .errors import CertificateError, NetworkError


def broken(where, doing, e, tls, sent):
    """The error. where: host:port. doing: what became of it. e: of the socket, or None. sent: bytes before that."""
    number = e.errno if isinstance(e, OSError) else None
    why = "" if e is None else ": " + str(e).strip()
    # mbedTLS: its words for a refused chain come as ValueError; -0x7680 is "no CA chain", -0x2700 "verify failed".
    if tls and not sent and (isinstance(e, ValueError) or number in (-0x7680, -0x2700)):
        return CertificateError("%s did not prove who it is%s%s" % (where, why, _hint(why)), number)
    if tls and not sent:
        why += _downgrade(number)
    if doing == "cannot be found":
        why += " (check the name, and that the network is up)"
    if sent:
        why += ", after %d bytes were sent" % sent
    return NetworkError("%s %s%s" % (where, doing, why), number, sent)


def _hint(why):
    if "expired" in why or "future" in why:
        return " (the board's clock says %d-%02d-%02d; if that is wrong, set it)" % time.gmtime()[:3]
    if "trusted" in why or "CA" in why or "signed" in why:
        return " (ca= is not the root of its chain)"
    return ""


def _downgrade(number):
    """What a handshake that failed for another reason says of the peer, by the number mbedTLS has for it."""
    if number == -0x7200:  # invalid record
        return " (it does not speak TLS: http:// instead?)"
    if number == -0x6E80:  # bad protocol version
        return " (its TLS is older than 1.2)"
    if number == -0x7780:  # fatal alert
        return " (it refused: no version or cipher of TLS in common?)"
    return ""
