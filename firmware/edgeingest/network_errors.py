"""Turns exceptions of sockets and TLS into a NetworkError or CertificateError, with advice. Loaded when one comes."""

from micropython import const

from .errors import CertificateError, DeadlineError, NetworkError

# What failed or took too long, by the phase of the call: see `connection`
_FAILED = (
    "cannot be found",
    "cannot be connected to",
    "cannot be sent to",
    "cannot be sent to",
    "closed the connection before the end of its reply",
)
_DOING = (
    "looking up",
    "connecting to",
    "sending to",
    "waiting for the body's next bytes to send to",
    "waiting for the reply of",
)
_CLOSED = "closed the connection"
_FINDING = const(0)
_RECEIVING = const(4)
# MbedTLS error codes, as the errno of an OSError
_NO_CA_CHAIN = -0x7680
_VERIFY_FAILED = -0x2700
_ADVICE = {
    -0x7200: " (it does not speak TLS: http:// instead?)",  # invalid record
    -0x6E80: " (its TLS is older than 1.2)",  # bad protocol version
    -0x7780: " (it refused: no version or cipher of TLS in common?)",  # fatal alert
}


def network_error(phase, where, e, tls, sent, clock):
    """Returns the error for an exception of a socket, or for a peer that closed the connection (e: None).

    phase: of the call, as in `connection`. where: host:port. tls: True with TLS. sent: bytes that had left before.
    clock: what the board takes for the present, as time.gmtime gives it.
    """
    number = e.errno if isinstance(e, OSError) else None
    why = "" if e is None else ": " + str(e).strip()
    if tls and not sent:
        # MicroPython raises a ValueError with mbedTLS's words for a chain that it refuses.
        if isinstance(e, ValueError) or number in (_NO_CA_CHAIN, _VERIFY_FAILED):
            text = "%s did not prove who it is%s%s" % (where, why, _certificate_advice(why, clock))
            return CertificateError(text, number)
        why += _ADVICE.get(number, "")
    if phase == _FINDING:
        why += " (check the name, and that the network is up)"
    if sent:
        why += ", after %d bytes were sent" % sent
    what = _CLOSED if sent and phase != _RECEIVING else _FAILED[phase]
    return NetworkError("%s %s%s" % (where, what, why), number, sent)


def deadline_error(phase, host, sent):
    """Returns the error for a phase, or a call, that took too long."""
    text = "no time left while %s %s, after %d bytes were sent" % (_DOING[phase], host, sent)
    return DeadlineError(text, None, sent)


def _certificate_advice(why, clock):
    """Returns what to do about a certificate that is refused, by the words of mbedTLS."""
    if "expired" in why or "future" in why:
        return " (the board's clock says %d-%02d-%02d; if that is wrong, set it)" % clock[:3]
    if "trusted" in why or "CA" in why or "signed" in why:
        return " (ca= is not the root of its chain)"
    return ""


def with_text(error, text):
    """Returns an error of the same class with the same attributes, and this text."""
    made = type(error)(text)
    for name in ("errno", "sent", "status", "body", "retry_after", "results"):
        if hasattr(error, name):
            setattr(made, name, getattr(error, name))
    return made
