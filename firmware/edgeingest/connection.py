"""One connection to the service, kept between calls: a request out, a reply in.

`Connection` never waits. `exchange` is a generator that yields the poll events it waits for; a driver (`client`, `aio`)
waits for them on `stream`, no longer than `limit.left()`, and resumes. It yields 0 when a body has nothing ready, -1 to
wait until `limit` has passed before another attempt, and, if `shares`, first its Limit, to be resumed when no other
exchange is at work, and None after each window: others may run.
"""

from micropython import const

from .errors import DeadlineError, IngestError, NetworkError, ProtocolError
from .http import ResponseParser
from .stream import READ, WRITE, Limit, Stream

_LOOK = const(65536)  # bytes after which an early reply is looked for, though nothing holds the request up


class Connection:
    """The connection, its time limits, and the one buffer through which everything goes."""

    shares = False

    def __init__(self, host, port, context, secret, timeout_ms, buffer_size, retry):
        self._host = host
        self._port = port
        self._context = context
        self._secret = secret  # in no error text, even if the peer sends it back
        self._timeout_ms = timeout_ms
        self._retry = retry
        self._view = memoryview(bytearray(buffer_size))
        self.stream = None
        self.limit = None
        self._sent = 0
        self._answered = False
        self._kept = False  # whether the last reply leaves the connection open

    def close(self):
        """Close it; the next exchange opens a new one."""
        stream = self.stream
        self.stream = None
        if stream is not None:
            stream.close()

    def exchange(self, request, reply, repeatable, deadline_ms):
        """A generator: send the request, read the reply, return its result. Kept open only if all went well.

        repeatable: the request may be sent again on a new connection if a kept one turns out to be closed.
        """
        limit = Limit(self._timeout_ms, deadline_ms)
        keep = self.shares
        try:
            if keep:  # the connection is another's, until it is resumed
                yield limit
                keep = False
            self.limit = limit
            self._kept = False
            work = self._retry.run if self._retry else Connection.attempt
            result = yield from work(self, request, reply, repeatable)
            keep = self._kept
        except IngestError as e:
            from .masking import masked

            raise masked(e, self._secret)
        finally:
            if not keep:
                self.close()
            request.close()
        return result  # not from within `try`: the native emitter loses the value

    def attempt(self, request, reply, repeatable):
        """A generator: send the request, read the reply, return its result."""
        fresh = yield from self._connect()
        try:
            parser = yield from self._once(request, reply)
        except NetworkError as e:
            # A kept connection that the peer closed just now. Once a byte has left, the service may have taken it.
            again = not (fresh or self._answered or isinstance(e, DeadlineError))
            if not again or not request.rewindable or self._sent and not repeatable:
                raise e
            self.close()
            request.rewind()
            yield from self._connect()
            parser = yield from self._once(request, reply)
        result = reply.finish(parser.status, parser.header)
        self._kept = parser.keep_alive and parser.done  # a long refusal is not read to its end
        return result

    def _connect(self):
        """A generator: whether the connection is new."""
        if self.stream is not None:
            if self.stream.idle():
                return False
            self.close()
        stream = Stream(self._host, self._port, self._context)
        addresses = stream.addresses()
        limit = self.limit
        limit.restart()
        while True:
            address = addresses.pop(0)
            try:
                self.stream = stream
                stream.begin(address)
                while not stream.poll(WRITE, 0):
                    yield WRITE
                    limit.check("connecting to %s:%d" % (self._host, self._port), 0)
                stream.established()
                return True
            except NetworkError as e:
                self.close()
                if not addresses or isinstance(e, DeadlineError):
                    raise e

    def _once(self, request, reply):
        """A generator: send the request and read the reply; its parser."""
        self._sent = 0
        self._answered = False
        parser = ResponseParser(limit_body=reply.limit, sink=reply.feed)
        broken = None
        try:
            yield from self._write(request, parser)
        except NetworkError as e:
            if isinstance(e, DeadlineError) or not self._sent:
                raise e
            broken = e  # a peer that refuses may answer, and close, before it has read everything
        self.limit.restart()
        try:
            while not parser.done and not reply.full:
                if not self._read(parser):
                    yield READ
                    self.limit.check("waiting for the reply of " + self._host, self._sent)
                elif self.shares:
                    yield None
        except NetworkError as e:
            raise broken or e
        if broken and parser.status < 300:
            raise broken
        if self._sent < request.size:
            parser.keep_alive = False  # what comes next would count as the rest of this request
        return parser

    def _write(self, request, parser):  # noqa: C901  # one loop: a generator more would be allocated in each window
        """A generator: all of the request through one buffer, unless the reply is there before its end."""
        stream = self.stream
        limit = self.limit
        view = self._view
        size = len(view)
        look = _LOOK
        while True:
            n = request.readinto(view)
            if n == 0:
                if self._sent > size:
                    stream.push(0)
                return
            if n is None:
                limit.stall()
                yield 0
                limit.check("waiting for the body's next bytes", self._sent)
                continue
            window = view if n == size else view[:n]
            if self._sent and self._sent + n == request.size:
                stream.push(1)
            while n:
                try:
                    done = stream.write(window)
                except (OSError, ValueError) as e:
                    raise stream.error("closed the connection" if self._sent else "cannot be sent to", e, self._sent)
                if done:
                    if not self._sent:
                        stream.settle()
                    self._sent += done
                    n -= done
                    limit.stalled = False
                    if n:
                        window = window[done:]
                    continue
                limit.stall()
                yield READ | WRITE
                limit.check("sending to " + self._host, self._sent)
                if self._sent and stream.poll(READ, 0) and (yield from self._early(parser)):
                    return
            if look < self._sent < request.size:  # a peer that reads on may have answered all the same
                look = self._sent + _LOOK
                if stream.poll(READ, 0) and (yield from self._early(parser)):
                    return
            if not limit.fits(0):
                limit.check("sending to " + self._host, self._sent)
            if self.shares:
                yield None

    def _early(self, parser):
        """A generator: whether a final reply has begun before the request has gone.

        The buffer is in use: 64 bytes a time, all that there are, for what TLS has decrypted the socket does not show.
        """
        view = memoryview(bytearray(64))
        while not parser.answered and self._read(parser, view):
            if self.shares:
                yield None
        if parser.answered and parser.status < 300:
            raise ProtocolError("the service answered %d before it had the whole request" % parser.status)
        return parser.answered

    def _read(self, parser, view=None):
        """What has come of the reply; False if nothing has."""
        stream = self.stream
        view = view or self._view
        try:
            n = stream.readinto(view)
        except (OSError, ValueError) as e:
            raise stream.error("closed the connection before the end of its reply", e, self._sent)
        if n is None:
            return False
        if n == 0:
            if not parser.eof():
                raise NetworkError(
                    "%s closed the connection before the end of its reply, after %d bytes were sent"
                    % (self._host, self._sent),
                    None,
                    self._sent,
                )
        else:
            self._answered = True
            if parser.feed(view[:n]) < n:
                parser.keep_alive = False  # what follows a reply that nobody asked for is not a reply
        return True
