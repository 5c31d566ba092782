"""One connection to the service, kept between calls: a request out, a reply in.

`Connection` never waits. `attempt` is a generator that yields the poll events it waits for; a driver (`client`, `aio`)
says `start`, waits for them with `poll`, no longer than `left()`, resumes, and says `over` whatever came of it. It
yields 0 when a body has nothing ready, None after each window if it `shares`: others may run; and `Retry`, which takes
its place, -1 to wait until `left()` is 0 before another attempt.
"""

from micropython import const

from .errors import DeadlineError, NetworkError, ProtocolError
from .http import ResponseParser
from .stream import PROBE, READ, WRITE, Stream
from .validate import argument_error

_LOOK = const(32)  # windows after which an early reply is looked for, though nothing holds the request up


class Connection(Stream):
    """The connection, and the one buffer through which everything goes."""

    shares = False
    retry = result = None

    def __init__(self, host, port, context, secret, timeout_ms, buffer_size):
        super().__init__(host, port, context, timeout_ms)
        self._secret = secret  # in no error text, even if the peer sends it back
        self._view = memoryview(bytearray(buffer_size))
        self._parser = ResponseParser()
        self._kept = self._answered = False  # whether the connection stays open; whether a reply has begun

    def start(self, deadline):
        """A call begins. deadline: the ticks at which it must be over, or None."""
        self._kept = False
        self.deadline = deadline

    def over(self):
        """A call has ended. The connection stays open only if all went well; gives the result."""
        if not self._kept:
            self.close()
        result = self.result
        self.result = None
        return result

    def told(self, error):
        """The error of a call, as the caller may see it."""
        from .masking import masked

        return masked(error, self._secret)

    def attempt(self, head, body, reply, repeatable):  # noqa: C901  # generators cost heap: one, not three
        """A generator: send the request, read the reply, set `result`.

        repeatable: the request may be sent again on a new connection if a kept one turns out to be closed.
        """
        parser = self._parser
        fresh = False
        while True:
            body.rewind()
            if not self.idle():
                self.close()
                fresh = True
                yield from self._connect()
            self.sent = 0
            self._answered = False
            parser.begin(reply.limit, reply.feed)
            broken = None
            try:
                try:
                    yield from self._write(head, body)
                except NetworkError as e:
                    if isinstance(e, DeadlineError) or not self.sent:
                        raise e
                    broken = e  # a peer that refuses may answer, and close, before it has read everything
                self.restart()
                while not parser.done and not reply.full(parser.status):
                    if not self._read(self._view):
                        yield READ
                        self.check("waiting for the reply of")
                    elif self.shares:
                        yield None
                break
            except NetworkError as e:
                # A kept connection that the peer closed just now. Once a byte has left, the service may have taken it.
                again = not (fresh or self._answered or isinstance(e, DeadlineError))
                if not again or self.sent and not repeatable or not getattr(body, "rewindable", True):
                    raise broken or e
                self.close()
        if broken and parser.status < 300:
            raise broken
        self.result = reply.finish(parser.status, parser.header)
        # A long refusal is not read to its end; and what comes next would count as the rest of half a request.
        self._kept = parser.keep_alive and parser.done and self.sent == len(head) + body.size

    def _connect(self):
        """A generator: a new connection."""
        self.sent = 0
        self.restart()
        addresses = self.addresses()
        while True:
            try:
                self.begin(addresses.pop(0))
                while not self.poll(WRITE, 0):
                    yield WRITE
                    self.check("connecting to")
                return self.established()
            except NetworkError as e:
                self.close()
                if not addresses or isinstance(e, DeadlineError):
                    raise e

    def _write(self, head, body):  # noqa: C901  # one loop: what is called in each window costs time there
        """A generator: all of the request through one buffer, unless a reply is there before its end."""
        view = self._view
        size = len(view)
        read = body.readinto
        write = self.write
        left = body.size
        rest = len(head)
        sent = 0
        look = _LOOK * size
        stalled = False
        while left or rest:
            filled = 0
            if rest:
                filled = min(rest, size)
                start = len(head) - rest
                view[:filled] = memoryview(head)[start : start + filled]
                rest -= filled
            while filled < size and left:
                n = read(view[filled:] if filled else view)
                if not n:
                    break
                filled += n
                left -= n
            if left <= 0:  # before its last byte leaves: nothing is cut
                if left or read(PROBE):
                    raise argument_error("longer", body.name, body.size)
                if sent:
                    self.push(1)
            elif filled < size:
                if n == 0:
                    raise argument_error("ended", body.name, left, body.size)
                if not filled:
                    if not stalled:
                        stalled = True
                        self.restart()
                    yield 0
                    self.check("waiting for the body's next bytes to send to")
                    continue
            window = view if filled == size else view[:filled]
            while filled:
                try:
                    n = write(window)
                except (OSError, ValueError) as e:
                    raise self.error("closed the connection" if sent else "cannot be sent to", e)
                if n:
                    if not sent:
                        self.settle()
                    self.sent = sent = sent + n
                    filled -= n
                    stalled = False
                    if filled:
                        window = window[n:]
                    continue
                if not stalled:  # timeout_ms counts from the last progress
                    stalled = True
                    self.restart()
                yield READ | WRITE
                self.check("sending to")
                if sent and self._early():
                    return
            if not left:
                if sent > size:
                    self.push(0)
            elif sent > look:  # a peer that reads on may have answered all the same
                look = sent + _LOOK * size
                if self._early():
                    return
            if self.deadline is not None and not self.fits(0):
                self.check("sending to")
            if self.shares:
                yield None

    def _early(self):
        """Whether a final reply has begun before the request has gone.

        The buffer is in use: 64 bytes a time, all that there are, for what TLS has decrypted the socket does not show.
        """
        parser = self._parser
        if self.poll(READ, 0):
            view = memoryview(bytearray(64))
            while not parser.answered and self._read(view):
                pass
            if parser.answered and parser.status < 300:
                raise ProtocolError("the service answered %d before it had the whole request" % parser.status)
        return parser.answered

    def _read(self, view):
        """What has come of the reply; False if nothing has."""
        parser = self._parser
        try:
            n = self.readinto(view)
        except (OSError, ValueError) as e:
            raise self.error("closed the connection before the end of its reply", e)
        if n is None:
            return False
        if n == 0:
            if not parser.eof():
                raise self.error("closed the connection before the end of its reply")
        else:
            self._answered = True
            if parser.feed(view[:n]) < n:
                parser.keep_alive = False  # what follows a reply that nobody asked for is not a reply
        return True
