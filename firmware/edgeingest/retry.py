"""Back-off as data: what is worth another attempt, and how long to wait before it. Loaded when `retry=` is given.

Sources: RFC 9110, section 10.2.3 (Retry-After); "Exponential Backoff And Jitter", AWS Architecture Blog (full jitter).
"""

import os

from micropython import const

from .errors import CertificateError, IngestError, NetworkError, SampleError, ServiceError, set_text
from .validate import check_whole

_NO_TLS_MEMORY = const(-0x7F00)  # as in `network_errors`


def passing(error):
    """True if the same request may go well later: the network failed, or the service asks to come back."""
    if isinstance(error, ServiceError):
        return error.status >= 500 or error.status in (408, 425, 429)
    if not isinstance(error, NetworkError) or isinstance(error, CertificateError):
        return False
    return error.errno != _NO_TLS_MEMORY


class Retry:
    """How often a call is attempted, and how long it waits in between: `Client(..., retry=Retry())`.

    attempts: in all. base_ms: the longest wait before the second; it doubles for each that follows, up to max_ms. How
    long it is within that is random, so that many boards do not come back at once. A `Retry-After` of the service is
    added to; when it is longer than max_ms the error is raised at once, and its `retry_after` tells.

    Another attempt follows a NetworkError (also a DeadlineError of `timeout_ms`; but no CertificateError, and not when
    there was no memory for TLS) and the statuses 408, 425, 429 and 5xx. Once a byte has left, the service may have the
    data: the request is then sent again only with disallow_duplicates, and "already exists" is `duplicate=True`. A body
    that cannot be read again is not sent again. When the wait does not fit into what is left of `deadline_ms`, the
    error is raised at once. An error's text says why no attempt followed.

    Of a request with many files, the results of one reply stand: `on_stored` is never called twice for an item, and an
    item whose result was in a reply that got lost is a duplicate in the next.

        client = Client("ei_your_api_key", ca="edgeingest.der", retry=Retry(attempts=3))
    """

    def __init__(self, attempts=5, base_ms=500, max_ms=60_000):
        self.attempts = check_whole(attempts, "attempts", 1, 1000)
        self.base_ms = check_whole(base_ms, "base_ms", 1, 1 << 24)
        self.max_ms = check_whole(max_ms, "max_ms", base_ms, 1 << 27)

    def wait_ms(self, error, made):
        """Returns the milliseconds to wait after `made` attempts, the last with this error; or a str: why not again."""
        if made >= self.attempts:
            return "attempt %d of %d" % (made, self.attempts)
        asked = getattr(error, "retry_after", None) or 0
        if asked * 1000 > self.max_ms:
            return "not tried again: the service asks to wait %d s, more than max_ms" % asked
        most = min(self.max_ms, self.base_ms << min(made - 1, 24))
        return min(asked * 1000 + int.from_bytes(os.urandom(4), "little") % (most + 1), self.max_ms)

    def run(self, connection, request, reply, repeatable):
        """A generator, in place of `Connection.attempt`: attempts until one goes well, or its error is final."""
        error = None
        made = 0
        while True:
            try:
                yield from connection.attempt(request, reply, repeatable)
                return
            except (SampleError, MemoryError) as e:
                # A body that was sent once, and is not there any more: that is not why the call failed.
                raise _explained(error, "not sent again: %s", e) if error else e
            except IngestError as e:
                error = e
            made += 1
            connection.close()
            if not passing(error):
                raise error
            wait_ms, why_not = self._next(connection, request, repeatable, error, made)
            if why_not:
                raise _explained(error, why_not)
            reply.begin()
            yield connection.back_off(wait_ms)

    def _next(self, connection, request, repeatable, error, made):
        """Returns (ms to wait, None), with the request ready to be sent again; or (None, why it is not)."""
        wait = self.wait_ms(error, made)
        if isinstance(wait, str):
            return None, wait
        if not repeatable and getattr(error, "sent", True):
            return None, "not sent again: it could be stored twice, disallow_duplicates is off"
        if not connection.has_time(wait):
            return None, "not tried again: deadline_ms leaves no time for it"
        try:
            connection.rewind(request)
            request.close()  # no file stays open while it waits
        except SampleError as e:
            return None, "not sent again: %s" % e
        return wait, None


def _explained(error, why, e=None):
    """Returns the error with the reason why no attempt followed it. e: an exception that is part of that, or None."""
    try:
        return set_text(error, "%s (%s)" % (error, why if e is None else why % e))
    except MemoryError:
        return error
