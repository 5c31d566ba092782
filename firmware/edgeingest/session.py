"""What the blocking and the asyncio client share: arguments to request, request to reply.

`Session` never waits. Its methods are generators that yield the poll events they wait for (0: a moment, as a body has
nothing ready); a driver waits for them on `_stream`, no longer than `_limit.left()`, and resumes.
"""

from .body import Chain
from .errors import DeadlineError, NetworkError, ProtocolError, SampleError
from .http import ResponseParser, request_head
from .ingestion import check_body, checked_flag, checked_key, fields, target
from .items import Names, bodies_of, body_of
from .multipart import checked_name, multipart
from .replies import DataReply
from .stream import READ, WRITE, Limit, Stream, parse_url


def _milliseconds(value, what):
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 28:
        raise SampleError("%s: milliseconds, 1 to 2**28-1, are needed, not %r" % (what, value))
    return value


class Session:
    """See `Client` for the arguments."""

    def __init__(self, api_key, url, ca, hmac_key, insecure, timeout_ms, buffer_size):
        self._api_key = checked_key(api_key)
        if hmac_key is not None:
            from .signing import key_bytes

            key_bytes(hmac_key)
        self._hmac_key = hmac_key
        tls, self._host, self._port, self._host_field = parse_url(url)
        self._timeout_ms = _milliseconds(timeout_ms, "timeout_ms")
        if isinstance(buffer_size, bool) or not isinstance(buffer_size, int) or not 64 <= buffer_size <= 1 << 20:
            raise SampleError("buffer_size: 64 to 1048576 bytes are needed, not %r" % (buffer_size,))
        checked_flag(insecure, "insecure")
        if ca is not None and not isinstance(ca, (str, bytes, bytearray)):
            raise SampleError("ca: the path of a certificate, or its bytes, is needed, not %r" % type(ca))
        self._context = None
        if tls:
            from .certificates import tls_context

            self._context = tls_context(ca, insecure)
        self._view = memoryview(bytearray(buffer_size))
        self._stream = None
        self._limit = None
        self._sent = 0
        self._answered = False

    def close(self):
        """Close the connection; the next call opens a new one."""
        stream = self._stream
        self._stream = None
        if stream is not None:
            stream.close()

    def _upload(
        self,
        category,
        items,
        label,
        metadata,
        no_label,
        disallow_duplicates,
        add_date_id,
        deadline_ms,
        on_stored,
        boundary,
    ):
        where = target(category, "files")
        found = fields(self._api_key, None, label, metadata, no_label, disallow_duplicates, add_date_id)
        if on_stored is not None and not callable(on_stored):
            raise SampleError("on_stored: a function is needed, not %r" % (on_stored,))
        made = bodies_of(items, self._hmac_key)
        # A list's bodies are made and held; those of other sequences are made anew whenever they are reached.
        bodies = [made[i] for i in range(len(made))] if isinstance(items, (list, tuple)) or len(made) == 1 else made
        body = multipart(bodies, boundary)
        from .files_reply import FilesReply

        reply = FilesReply(Names(bodies), made.labels, on_stored)
        return self._exchange(where, found, body, reply, disallow_duplicates, deadline_ms)

    def _send(
        self, category, item, file_name, label, metadata, no_label, disallow_duplicates, add_date_id, deadline_ms
    ):
        where = target(category, "data")
        body = body_of(item, self._hmac_key, "item")
        name = checked_name(body.name if file_name is None else file_name, "file_name")
        found = fields(self._api_key, name, label, metadata, no_label, disallow_duplicates, add_date_id)
        check_body(body, name)
        return self._exchange(where, found, body, DataReply(name), disallow_duplicates, deadline_ms)

    def _exchange(self, where, found, body, reply, repeatable, deadline_ms):
        """A generator: one request, its reply, and the result. The connection is kept only if all went well."""
        found.append(("Content-Type", body.content_type))
        found.append(("Content-Length", str(body.size)))
        request = Chain((request_head("POST", where, self._host_field, found), body), "the request")
        if deadline_ms is not None:
            _milliseconds(deadline_ms, "deadline_ms")
        return self._run_exchange(request, reply, repeatable, deadline_ms)

    def _run_exchange(self, request, reply, repeatable, deadline_ms):
        self._limit = limit = Limit(self._timeout_ms, deadline_ms)
        keep = False
        try:
            fresh = yield from self._connect(limit)
            try:
                parser = yield from self._once(request, reply)
            except NetworkError as e:
                # A kept connection that the peer closed just now. Once a byte has left, the service may have taken it.
                again = not (fresh or self._answered or isinstance(e, DeadlineError))
                if not again or not request.rewindable or self._sent and not repeatable:
                    raise
                self.close()
                request.rewind()
                yield from self._connect(limit)
                parser = yield from self._once(request, reply)
            result = reply.finish(parser.status, parser.header("retry-after"))
            keep = parser.keep_alive and parser.done  # a long refusal is not read to its end
            return result
        finally:
            if not keep:
                self.close()
            request.close()

    def _connect(self, limit):
        """A generator: whether the connection is new."""
        if self._stream is not None:
            if self._stream.idle():
                return False
            self.close()
        stream = Stream(self._host, self._port, self._context)
        addresses = stream.addresses()
        limit.restart()
        while True:
            address = addresses.pop(0)
            try:
                self._stream = stream
                stream.begin(address)
                while not stream.poll(WRITE, 0):
                    yield WRITE
                    limit.check("connecting to %s:%d" % (self._host, self._port), 0)
                stream.established()
                return True
            except NetworkError as e:
                self.close()
                if not addresses or isinstance(e, DeadlineError):
                    raise

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
                raise
            broken = e  # a peer that refuses may answer, and close, before it has read everything
        self._limit.restart()
        try:
            while not parser.done and not reply.full:
                if not self._read(parser):
                    yield READ
                    self._limit.check("waiting for the reply of " + self._host, self._sent)
        except NetworkError as e:
            raise broken or e
        if broken and parser.status == 200:
            raise broken
        return parser

    def _write(self, request, parser):
        """A generator: all of the request through one buffer, unless the reply is there before its end."""
        stream = self._stream
        limit = self._limit
        view = self._view
        size = len(view)
        while True:
            n = request.readinto(view)
            if n == 0:
                return
            if n is None:
                limit.stall()
                yield 0
                limit.check("waiting for the body's next bytes", self._sent)
                continue
            window = view if n == size else view[:n]
            while n:
                try:
                    done = stream.write(window)
                except (OSError, ValueError) as e:
                    raise stream.error("closed the connection" if self._sent else "cannot be sent to", e, self._sent)
                if done:
                    self._sent += done
                    n -= done
                    limit.stalled = False
                    if n:
                        window = window[done:]
                    continue
                limit.stall()
                yield READ | WRITE
                limit.check("sending to " + self._host, self._sent)
                if self._sent and stream.poll(READ, 0) and self._early(parser):
                    return
            if limit.late():
                limit.check("sending to " + self._host, self._sent)

    def _early(self, parser):
        """Whether the whole of a reply has come before the request has gone. The buffer is in use: 64 bytes a time."""
        self._read(parser, memoryview(bytearray(64)))
        if parser.done and parser.status == 200:
            raise ProtocolError("the service answered 200 before it had the whole request")
        return parser.done

    def _read(self, parser, view=None):
        """What has come of the reply; False if nothing has."""
        stream = self._stream
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
