"""Turns exceptions of sockets and TLS into a NetworkError or CertificateError, with advice. Loaded when one comes."""

import gc

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
_RESET = "ECONNRESET"
_PREPARING = const(5)
_FINDING = const(0)
_CONNECTING = const(1)
_SENDING = const(2)
_RECEIVING = const(4)
# MbedTLS error codes, as the errno of an OSError
_NO_CA_CHAIN = -0x7680
_VERIFY_FAILED = -0x2700
_REFUSALS = (0x7680, 0x7A00, 0x4380, 0x4E00)  # no CA, bad certificate; bad signature by RSA, by an elliptic curve
_BROKEN_RULE = " (a certificate of its chain must not be used so: its usage, extensions, names or the chain's length)"
_NO_TLS = " (before TLS began: is the port right? if it does not speak TLS: http:// instead?)"
_ADVICE = {
    -0x7200: " (it does not speak TLS: http:// instead?)",  # invalid record
    -0x6E80: " (its TLS is older than 1.2)",  # bad protocol version
    -0x7780: " (it refused: no version or cipher of TLS in common?)",  # fatal alert
    -0x7280: _NO_TLS,  # end of the connection
}
_NO_TLS_MEMORY = const(-0x7F00)  # of mbedTLS; `retry` knows it
# ENOMEM, and what mbedTLS says for X.509, keys, curves, hashes, ciphers, TLS and PSA
_OUT_OF_MEMORY = (-12, 0x2880, 0x3F80, 0x4D80, 0x5180, 0x6180, 0x7F00, 141)
_NO_MEMORY = (
    ": no memory for TLS. %d bytes of heap are free, and it needs about 32000, 16.7 KB of them in one piece: import "
    "all modules first, then gc.collect(), then call; hold fewer windows of samples; have the library in ROM (an ESP32 "
    "has memory for TLS outside of this heap)"
)
# lwIP says -1 when the radio takes nothing. The connection cannot be used any more: when it says one of these, it has
# queued some bytes of the window already, and nobody knows how many (tcp_output fails after tcp_write).
_NO_WAY = (5, 101, 113, 118, -1)  # EIO, ENETUNREACH, EHOSTUNREACH, the same on ESP32
_LINK = (5, 101, 113, 114, 118, -1)


def network_error(phase, where, e, tls, sent, clock):
    """Returns the error for an exception of a socket, or for a peer that closed the connection (e: None).

    phase: of the call, as in `connection`. where: host:port. tls: True with TLS. sent: bytes that had left before.
    clock: what the board takes for the present, as time.gmtime gives it.
    """
    number = _number_of(e, tls and not sent)
    why = "" if e is None else ": " + str(e).strip()
    if tls and not sent:
        # MicroPython raises a ValueError with mbedTLS's words for a chain that it refuses.
        refused = number is not None and _is_refusal(-number & 0xFF80)
        if isinstance(e, ValueError) or refused:
            advice = _BROKEN_RULE
            if not refused or number in (_NO_CA_CHAIN, _VERIFY_FAILED):
                advice = _certificate_advice(why, clock)
            return CertificateError("%s did not prove who it is%s%s" % (where, why, advice), number)
        if number == _NO_TLS_MEMORY:
            why = _NO_MEMORY % gc.mem_free()
        if phase != _CONNECTING:
            why += _NO_TLS if _RESET in why else _ADVICE.get(number, "")
    if phase == _FINDING:
        why += _lookup_advice(why)
    elif phase == _CONNECTING or number in _NO_WAY:
        why += _connect_advice(why, number)
    elif not tls and (e is None or _RESET in why):
        why += " (if it has answered nothing: https:// instead?)"
    if sent:
        why += ", after %d bytes were sent" % sent
    what = _CLOSED if sent and phase != _RECEIVING and number not in _NO_WAY else _FAILED[phase]
    return NetworkError("%s %s%s" % (where, what, why), number, sent)


def _number_of(e, handshake):
    """Returns the errno of an exception of a socket, or None. handshake: it came in a TLS handshake.

    All the numbers of a handshake without memory become one, also those that have, in their last 7 bits, the number of
    mbedTLS's big numbers or of its ASN.1.
    """
    number = e.errno if isinstance(e, OSError) else None
    if not isinstance(number, int):  # MicroPython's OSError takes a text for its number
        return None
    if handshake:
        n = -number
        if n in _OUT_OF_MEMORY or n > 0 and n & 0x7F in (0x10, 0x6A):
            return _NO_TLS_MEMORY
    return number


def _lookup_advice(why):
    """Returns what to do when there is no address, by the code of getaddrinfo: unix, lwIP on RP2, lwIP on ESP32."""
    code = why.strip("]").rsplit(" ", 1)[-1]
    if code in ("-2", "-16"):  # the second: an empty name, or one that is too long
        return " (no such name: is url right?)"
    if code in ("-3", "-6"):
        return " (no name server answers: is the network up?)"
    if code == "-202":
        return " (no such name, or no name server answers: is url right, is the network up?)"
    return " (is url right, is the network up?)"


def _connect_advice(why, number):
    """Returns what to do when no connection is made, or the network is gone."""
    if "ECONNREFUSED" in why or _RESET in why:  # the second is what lwIP calls it
        return " (nothing listens there: is the service running, is the port right?)"
    if number in _NO_WAY:
        return " (there is no way to that address: is the network up, is url right?)"
    return " (is the service running, is url right?)"


def deadline_error(phase, host, sent, tls):
    """Returns the error for a phase, or a call, that took too long. tls: an SSLContext, or None."""
    if phase == _PREPARING:
        return DeadlineError("no time left before the request was made, nothing was sent")
    text = "no time left while %s %s, after %d bytes were sent" % (_DOING[phase], host, sent)
    if phase == _CONNECTING:
        text += " (nothing answers: is url right, is the network up?)"
    elif phase == _RECEIVING:
        text += " (a slow service needs more timeout_ms)"
    elif tls and phase == _SENDING and not sent:
        text += _NO_TLS
    return DeadlineError(text, None, sent)


def _is_refusal(code):
    """Returns whether this error of mbedTLS, without its sign and details, is about a certificate, or proof of its key.

    Its modules: X.509 from 0x2080 to 0x3000, keys from 0x3900; but neither has enough memory at 0x2880, 0x3F80.
    """
    return 0x2080 <= code <= 0x3000 and code != 0x2880 or 0x3900 <= code < 0x3F80 or code in _REFUSALS


def _certificate_advice(why, clock):
    """Returns what to do about a certificate that is refused, by the words of mbedTLS."""
    if "expired" in why or "future" in why:
        return " (the board's clock says %d-%02d-%02d; if that is wrong, set it)" % clock[:3]
    if "not match" in why:
        return " (it is of another host: check url)"
    if "trusted" in why or "CA" in why or "signed" in why:
        return " (ca= is not the root of its chain)"
    return ""
