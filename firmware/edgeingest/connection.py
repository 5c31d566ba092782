"""The connection to the service: name look-up, TCP, TLS, limits of time; a request out, a reply in; kept between calls.

A call is a generator (`Connection.attempt`), which never waits. It yields one of the events below; its driver (`client`
or `aio`) waits for that, no longer than `left()`, and resumes it.
"""

import gc
import time

from micropython import const

from .errors import (
    NO_MEMORY,
    CallersError,
    CertificateError,
    DeadlineError,
    NetworkError,
    ProtocolError,
    SampleError,
    ServiceError,
)
from .http import ResponseParser
from .transport import READABLE, WRITABLE, Transport, addresses_of

# Events that are waited for, besides READABLE and WRITABLE, which are positive numbers:
BODY_NOT_READY = const(0)  # the body has no bytes yet: wait a moment, then ask it again
WINDOW_SENT = const(-1)  # nothing is waited for; other tasks may run (only if `shares`)
BACK_OFF = const(-2)  # wait until `left()` is 0, before another attempt

# States of the connection
_CLOSED = const(0)  # there is none
_KEPT = const(1)  # open since an earlier call, which ended well
_REUSED = const(2)  # as _KEPT, but a call uses it now: the peer may have closed it meanwhile, so it may send again
_USED = const(3)  # opened by this call, or the peer has begun its reply: what fails now has failed

# Phases of a call, each with a limit of time; `network_errors` has the words for them
_FINDING = const(0)  # the name of the host is looked up
_CONNECTING = const(1)
_SENDING = const(2)
_WAITING_FOR_BODY = const(3)  # as _SENDING; the body has no bytes yet
_RECEIVING = const(4)
_PREPARING = const(5)  # the request is made; only a deadline limits it

_NO_TLS_MEMORY = const(-0x7F00)  # as in `network_errors`
_ZEROS = bytes(256)  # what the buffer of a reply has before each read
_LOOK = const(32)  # windows after which an early reply is looked for, even if nothing holds the request up


def ticks_in(ms):
    """Returns the ticks of the moment that is so many milliseconds from now."""
    return time.ticks_add(time.ticks_ms(), ms)


def ms_until(ticks):
    """Returns the milliseconds from now until these ticks; negative when they have passed."""
    return time.ticks_diff(ticks, time.ticks_ms())


def _of_caller(error):
    """Returns the error that a body raised: a SampleError is about the body and the call's, others are the caller's."""
    return error if isinstance(error, (SampleError, CallersError)) else CallersError(error)


class Connection(Transport):
    """One connection, made when a call needs it, and the one buffer through which everything goes.

    context: an SSLContext, or None. secrets: the API key and the HMAC key, or None, which are in no error. timeout_ms:
    the longest time of one phase: connecting with TLS, sending without progress, waiting for the reply. shares: other
    tasks may run after each window. retry: a `Retry` or None. sent: bytes of the present request that have left.
    """

    shares = False
    nagle = True  # long requests use Nagle's algorithm

    def __init__(self, host, port, context, secrets, timeout_ms, buffer_size, retry):
        self._host = host
        self._port = port
        self._context = context
        self.secrets = secrets
        self._timeout_ms = timeout_ms
        self._view = memoryview(bytearray(buffer_size))
        self._reply = memoryview(bytearray(_ZEROS))
        self._parser = ResponseParser()
        self.status = None  # of the last reply
        self.retry = retry
        self._state = _CLOSED
        self._address = 0  # which of the host's addresses is tried first, modulo their number
        self._deadline = None

    # -- what a driver calls, or a Retry

    def begin_call(self, deadline):
        """Begins a call, whose request is prepared first. deadline: ticks at which it must be over, or None."""
        self._deadline = deadline
        self._result = None
        self.sent = 0
        self._begin_phase(_PREPARING)

    def exchange(self, request, reply, repeatable):
        """Returns the generator of the rest of a call.

        request: a body, head included. reply: what takes the reply, such as `ingestion.DataReply`. repeatable: the
        request may be sent twice.
        """
        if self._state == _KEPT:
            self._state = _REUSED
        attempts = self.retry.run if self.retry else Connection.attempt
        return attempts(self, request, reply, repeatable)

    def end_call(self):
        """Ends a call, whatever came of it, and returns its result. The connection stays open if all went well."""
        if self._state != _KEPT:
            self.close()
        self._parser.begin(0, None)  # what it holds of the reply is garbage now
        result = self._result
        self._result = None
        return result

    def rewind(self, request):
        """Has a request begin again."""
        try:
            request.rewind()
        except Exception as e:
            raise _of_caller(e)

    def wait(self, event):
        """Waits for an event of the call, blocking."""
        if event > 0:
            self.poll(event, self.left())
        else:
            time.sleep_ms(self.left() if event == BACK_OFF else 1)

    def left(self):
        """Returns the milliseconds until the phase or the call must be over, whichever is first; 0 when one must."""
        left = ms_until(self._phase_end)
        if self._deadline is not None:
            left = min(left, ms_until(self._deadline))
        return max(left, 0)

    def close(self):
        """Closes it; may be called twice."""
        super().close()
        self._state = _CLOSED

    # -- limits of time

    def _begin_phase(self, phase):
        """Begins a phase of timeout_ms."""
        self._phase = phase
        self._phase_end = ticks_in(self._timeout_ms)

    def back_off(self, ms):
        """Begins a phase of waiting, before another attempt; returns its event."""
        self._phase_end = ticks_in(ms)
        return BACK_OFF

    def has_time(self, ms):
        """True if the call has more time left than this."""
        return self._deadline is None or ms_until(self._deadline) > ms

    def _check_time(self):
        """Raises the DeadlineError when the time of the phase or of the call has passed."""
        if not self.left():
            self._address += 1
            error = DeadlineError(NO_MEMORY, None, self.sent)
            try:
                from .network_errors import deadline_error

                error = deadline_error(self._phase, self._host, self.sent, self._context)
            except MemoryError:
                pass
            raise error

    # -- a request and its reply

    def attempt(self, request, reply, repeatable):
        """A generator: sends the request, reads the reply and keeps the result for `end_call`.

        A kept connection that turns out to be closed is replaced, and the request sent again, if that is safe.
        """
        while True:
            self._phase = _FINDING
            self.rewind(request)
            if self._state != _REUSED or not self.is_open():
                self.close()
                yield from self._connect()
            try:
                yield from self._exchange(request, reply)
                return
            except NetworkError as e:
                if self._state != _REUSED or isinstance(e, DeadlineError):
                    raise e
                # Once a byte has left, the service may have all of it.
                if self.sent and not repeatable or not request.rewindable:
                    raise e
                self.close()

    def _exchange(self, request, reply):
        """A generator: sends the request and reads the reply on the open connection."""
        parser = self._parser
        parser.begin(reply.limit, reply.feed)
        self.sent = 0
        failure = None
        try:
            yield from self._write(request)
        except (OSError, ValueError, NetworkError) as e:
            failure = e if isinstance(e, NetworkError) else self._error(e)
            if isinstance(e, DeadlineError) or not self.sent:
                raise failure
            # a peer that refuses may answer, and close, before it has read everything
        try:
            self._begin_phase(_RECEIVING)
            while not parser.done and not reply.enough(parser.status):
                if not self._read(failure):
                    yield READABLE
                    self._check_time()
                elif self.shares:
                    yield WINDOW_SENT
            if failure and parser.status < 300:
                raise failure
            self._finish(parser, reply)
        except NetworkError as e:
            raise failure or e
        except MemoryError:
            reply.begin()  # frees what it has read
            raise self._no_memory()
        # A long refusal is not read to its end; and what comes next would count as the rest of half a request.
        if parser.keep_alive and parser.done and self.sent == request.size:
            self._state = _KEPT

    def _finish(self, parser, reply):
        """Keeps the result of a reply that has come, or raises its error."""
        self.status = parser.status
        if parser.coding:
            from .service_errors import coded

            raise coded(parser.status, parser.coding, parser.header)
        self._result = reply.finish(parser.status, parser.header)

    def _write(self, request):
        """A generator: sends the request window by window, unless a final reply comes before its end.

        Raises the exceptions of the socket as they are.
        """
        view = self._view
        size = len(view)
        left = request.size
        read = request.readinto
        send = self.send
        hurried = self._deadline is not None
        look = _LOOK
        self._stalled_at = -1
        self._phase = _SENDING
        while left:
            try:
                n = read(view)
            except Exception as e:
                raise _of_caller(e)
            if n is None:
                self._stall(_WAITING_FOR_BODY)
                yield BODY_NOT_READY
                self._check_time()
                continue
            left -= n
            # Windows that follow each other go in full segments, but the last one must not wait for the ACK of those
            # before it: Nagle's algorithm.
            if self.sent and self.nagle and (not left or look == _LOOK - 1):
                self.set_nodelay(0 if left else 1)
            rest = view if n == size else view[:n]
            while rest:
                n = send(rest)
                if not n:
                    self._stall(_SENDING)
                    yield READABLE | WRITABLE
                    self._check_time()
                    if self._has_early_reply():
                        return
                    continue
                self.sent += n
                rest = rest[n:] if n < len(rest) else None
            look = look - 1 or _LOOK
            if left and (look == _LOOK or hurried) and self._should_stop(look):
                return
            if self.shares:
                yield WINDOW_SENT

    def _stall(self, phase):
        """Called when nothing can be sent: the time limit of the phase counts from the last progress."""
        if self._stalled_at != self.sent:
            self._stalled_at = self.sent
            self._begin_phase(phase)

    def check_deadline(self):
        """Raises the DeadlineError when the time of the call has passed."""
        if not self.has_time(0):
            self._check_time()

    def _should_stop(self, look):
        """Called between two windows. True if the peer has answered already; checks the limit of the call."""
        self.check_deadline()
        return look == _LOOK and self._has_early_reply()

    def _has_early_reply(self):
        """True if the head of a final reply has come before the whole request was sent."""
        parser = self._parser
        if self.sent and self.poll(READABLE, 0):
            try:
                while not parser.answered and self._read():
                    pass
            except MemoryError:
                raise self._no_memory()
            if parser.answered and parser.status < 300:
                raise ProtocolError("the service answered %d before it had the whole request" % parser.status)
        return parser.answered

    def _read(self, failure=None):
        """Reads what has come of the reply; if nothing has, returns False or raises the failure.

        `readinto` reads until the buffer is full, and when it fails then, nobody says how much it has read: a reply
        with a reset behind it. The buffer is zeros before, and no reply ends with them.
        """
        view = self._reply
        error = None
        try:
            n = self.receive(view)
        except (OSError, ValueError) as e:
            error = e
            n = len(bytes(view).rstrip(b"\0"))
        if n is None:
            if failure:
                raise failure
            return False
        parser = self._parser
        if n:
            self._state = _USED
            phase = self._phase
            self._phase = _RECEIVING  # also while something is still to be sent
            if parser.feed(view[:n]) < n:
                parser.keep_alive = False  # what follows a reply without a request is not a reply
            self._phase = phase
            view[:] = _ZEROS
        if error and not parser.done or not n and not parser.eof():
            raise self._error(error)
        return True

    # -- sockets

    def _connect(self):
        """A generator: makes a new connection to the first of the host's addresses that accepts one.

        Each may use an equal share of the time that is left. It begins with the address that was used last, or with
        the next one if there was no progress with that.
        """
        gc.collect()  # TLS allocates 16.7 KB in one piece, and a reply some KB
        self.sent = 0
        self._begin_phase(_FINDING)
        try:
            addresses = addresses_of(self._host, self._port)
        except OSError as e:
            raise self._error(e)
        self._begin_phase(_CONNECTING)
        end = self._phase_end
        for untried in range(len(addresses), 0, -1):
            self._phase_end = end
            self._phase_end = ticks_in(self.left() // untried)
            try:
                self.open(addresses[self._address % len(addresses)])
                while not self.poll(WRITABLE, 0):
                    yield WRITABLE
                    self._check_time()
                self.establish(self._context, self._host)
                self._state = _USED
                return
            except (OSError, ValueError) as e:
                error = self._error(e)
                self._address += 1
            except DeadlineError as e:
                error = e
            self.close()
        raise error

    def _error(self, e):
        """Returns the NetworkError or CertificateError for an exception of a socket, or None if the peer closed."""
        # Made first: what a module takes in vain is not all free again. A ValueError is a certificate that is refused.
        kind = CertificateError if isinstance(e, ValueError) and not self.sent else NetworkError
        # Without memory for words there is none for TLS, whatever its number for that was.
        number = _NO_TLS_MEMORY if self._context and not self.sent else getattr(e, "errno", None)
        error = kind(NO_MEMORY, number, self.sent)
        try:
            from .network_errors import network_error

            where = "%s:%d" % (self._host, self._port)
            error = network_error(self._phase, where, e, self._context is not None, self.sent, time.gmtime())
        except MemoryError:
            pass
        return error

    def _no_memory(self):
        """Returns the error for a reply that there is no memory to read.

        Below 500 it may be about a duplicate, or about one file of many: then it has to be asked for again.
        """
        status = self._parser.status or 0
        return ServiceError(NO_MEMORY, status) if status >= 500 else NetworkError(NO_MEMORY, None, self.sent)
