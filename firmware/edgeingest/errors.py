"""The exceptions of edgeingest. Each docstring says who has to act, and how.

Single inheritance only: MicroPython refuses a class with two native bases, so `errno` is an attribute.
"""

NO_MEMORY = "there is no memory for a reply or for the words of an error: have more heap free before the call"
# The errno of a TLS handshake that found no memory, whoever said so: mbedTLS's number for it
NO_TLS_MEMORY = -0x7F00
_NO_MEMORY = (-12, 0x2880, 0x3F80, 0x4D80, 0x5180, 0x6180, 0x7F00, 141)


class IngestError(Exception):
    """Anything that edgeingest raises on purpose."""


class CallersError(Exception):
    """Carries an error of the caller's code to the end of a call: nothing on the way takes it for the call's own."""


class SampleError(IngestError):
    """The caller's data or arguments are wrong: correct them. Sending the same again does not help."""


class EncodeError(SampleError):
    """A value has no CBOR form here: unknown type, out of range, nested too deep."""


class LimitError(SampleError):
    """More than the service takes: too many files in a request, a file or header too large."""


class SpoolFull(IngestError):
    """There is no space on flash, or not within `max_bytes`: flush the spool, remove rejected files, or allow more.

    The entries in the spool are not changed, and nothing is left of the entry that did not fit.
    """


class NetworkError(IngestError):
    """The connection failed: trying again later may help.

    `errno` is the system's number, or None; `sent` is how many bytes of the request were sent before.
    """

    def __init__(self, text, errno=None, sent=0):
        super().__init__(text)
        self.errno = None if isinstance(errno, str) else errno  # MicroPython's OSError takes a text for its number
        self.sent = sent


class DeadlineError(NetworkError):
    """`timeout_ms` passed without progress, or `deadline_ms` passed in all: try again, or allow more time."""


class CertificateError(NetworkError):
    """The peer could not prove who it is: correct `ca`, `url` or the board's clock. Never retried."""


class ProtocolError(IngestError):
    """The peer did not speak HTTP as required, or its reply makes no sense: check `url`."""


class ServiceError(IngestError):
    """The service answered that it did not store the data.

    `status`: HTTP status. 400, 401, 421 are final: correct the request. 408, 425, 429, 5xx: try again later.
    `body`: the beginning of what the service said (str). `retry_after`: seconds it asked to wait, or None.
    """

    def __init__(self, text, status=None, body="", retry_after=None):
        super().__init__(text)
        self.status = status
        self.body = body
        self.retry_after = retry_after


class FilesError(ServiceError):
    """Some files of a batch were not stored.

    `results` has one entry per item: a `Stored`, or the service's words (str, 200 characters at most) for a file that
    was not stored. With `on_stored`, what was handed to it is None here.
    """

    def __init__(self, text, status=None, body="", retry_after=None, results=()):
        super().__init__(text, status, body, retry_after)
        self.results = results


def set_text(error, text):
    """Gives an IngestError another text; it needs less memory than another error. Returns the error."""
    super(IngestError, error).__init__(text)
    return error


def without_words(error):
    """Takes the words of the peer out of an error, for want of memory to look for keys in them. Returns the error."""
    if hasattr(error, "body"):
        error.body = ""  # makes room
    results: "list" = getattr(error, "results", [])
    for i in range(len(results)):
        if isinstance(results[i], str):
            results[i] = NO_MEMORY
    return set_text(error, NO_MEMORY)


def number_of(e, handshake):
    """Returns the errno of an exception of a socket, or None. handshake: it came in a TLS handshake.

    All the numbers of a handshake without memory become one: ENOMEM, and those of mbedTLS for X.509, keys, curves,
    hashes, ciphers, TLS and PSA; and in the last 7 bits, beside any module's number, those for big numbers and ASN.1.
    """
    number = e.errno if isinstance(e, OSError) else None
    if not isinstance(number, int):  # MicroPython's OSError takes a text for its number
        return None
    if handshake:
        n = -number
        if n in _NO_MEMORY or n > 0 and n & 0x7F in (0x10, 0x6A):
            return NO_TLS_MEMORY
    return number
