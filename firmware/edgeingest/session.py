"""What the blocking and the asyncio client share: arguments to request, request to reply.

`Session` never waits. Its methods are generators that yield the poll events they wait for (0: a moment, as a body has
nothing ready); a driver waits for them on `_stream`, no longer than `_limit.left()`, and resumes.
"""

from binascii import crc32

from .body import Chain
from .errors import DeadlineError, LimitError, NetworkError, ProtocolError, SampleError
from .http import ResponseParser, request_head
from .ingestion import MAX_FILES, check_body, checked_key, fields, target
from .multipart import checked_name, multipart
from .replies import DataReply
from .stream import READ, WRITE, Limit, Stream, parse_url, tls_context


def _milliseconds(value, what):
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 28:
        raise SampleError("%s: milliseconds, 1 to 2**28-1, are needed, not %r" % (what, value))
    return value


class Bodies:
    """The bodies of items, made when they are asked for; and of each item its name."""

    def __init__(self, items, hmac_key):
        self._items = items
        self._hmac_key = hmac_key

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        item = self._items[index]
        if hasattr(item, "sensors"):  # a Sample
            if not item.rows:
                raise SampleError("values: %r has no rows" % item.name)
            return item.body(hmac_key=self._hmac_key)
        for member in ("readinto", "rewind", "close", "size", "content_type"):
            if not hasattr(item, member):
                raise SampleError("item %d: a Sample, a File or a body is needed; %r has no %s" % (index, item, member))
        return item


class Names:
    """The file names of bodies, as a sequence."""

    def __init__(self, bodies):
        self._bodies = bodies

    def __len__(self):
        return len(self._bodies)

    def __getitem__(self, index):
        return self._bodies[index].name


def _check_items(bodies):
    """One pass over all items before anything is sent; the indices of label files."""
    labels = []
    names = Names(bodies)
    sums = [0] * len(bodies)
    for i in range(len(bodies)):
        body = bodies[i]
        name = checked_name(body.name, "item %d: name" % i)
        check_body(body, name)
        if getattr(body, "labels", False):
            labels.append(i)
        sums[i] = _name_sum(name)
    # Two equal names have equal sums. Names themselves are not held: there may be 1000.
    sums.sort()
    for i in range(1, len(sums)):
        if sums[i] == sums[i - 1]:
            _refuse_twins(names, sums[i])
    return labels


def _name_sum(name):
    return crc32(name.encode()) & 0x3FFFFFFF


def _refuse_twins(names, name_sum):
    found = []
    for i in range(len(names)):
        name = names[i]
        if _name_sum(name) == name_sum:
            if name in found:
                raise SampleError("items: item %d has the name %r, as one before it" % (i, name))
            found.append(name)


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
        self._context = tls_context(ca, insecure) if tls else None
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

    def _upload(self, category, items, label, metadata, no_label, disallow_duplicates, add_date_id, deadline_ms,
                on_stored, boundary):
        where = target(category, "files")
        if hasattr(items, "sensors") or hasattr(items, "readinto"):
            items = [items]
        # MicroPython's own lists do not show __len__ to hasattr.
        if not isinstance(items, (list, tuple)) and not (hasattr(items, "__len__") and hasattr(items, "__getitem__")):
            raise SampleError("items: a Sample, a File, a body or a sequence of them is needed, not %r" % type(items))
        if not 1 <= len(items) <= MAX_FILES:
            error = LimitError if len(items) else SampleError
            raise error("items: 1 to %d files go into a request, not %d" % (MAX_FILES, len(items)))
        if on_stored is not None and not callable(on_stored):
            raise SampleError("on_stored: a function is needed, not %r" % (on_stored,))
        found = fields(self._api_key, None, label, metadata, no_label, disallow_duplicates, add_date_id)
        bodies = Bodies(items, self._hmac_key)
        if isinstance(items, (list, tuple)):
            bodies = [bodies[i] for i in range(len(bodies))]
        labels = _check_items(bodies)
        from .files_reply import FilesReply

        reply = FilesReply(Names(bodies), labels, on_stored)
        return self._exchange(where, found, multipart(bodies, boundary), reply, disallow_duplicates, deadline_ms)

    def _send(self, category, item, file_name, label, metadata, no_label, disallow_duplicates, add_date_id, deadline_ms):
        where = target(category, "data")
        body = Bodies((item,), self._hmac_key)[0]
        name = checked_name(body.name if file_name is None else file_name, "file_name")
        check_body(body, name)
        found = fields(self._api_key, name, label, metadata, no_label, disallow_duplicates, add_date_id)
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
                parser = yield from self._once(request, reply, fresh)
            except NetworkError as e:
                # A kept connection that the peer closed just now. Once a byte has left, the service may have taken it.
                again = not (fresh or self._answered or isinstance(e, DeadlineError))
                if not again or not request.rewindable or self._sent and not repeatable:
                    raise
                self.close()
                request.rewind()
                yield from self._connect(limit)
                parser = yield from self._once(request, reply, True)
            result = reply.finish(parser.status, parser.header("retry-after"))
            keep = parser.keep_alive
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

    def _once(self, request, reply, fresh):
        """A generator: send the request and read the reply; its parser."""
        self._sent = 0
        self._answered = False
        parser = ResponseParser(limit_body=reply.limit, sink=reply.feed)
        broken = None
        try:
            yield from self._write(request, parser, fresh)
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

    def _write(self, request, parser, stalled):
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
                if not stalled:
                    stalled = True
                    limit.restart()
                yield 0
                limit.check("waiting for the body's next bytes", self._sent)
                continue
            window = view if n == size else view[:n]
            while True:
                try:
                    done = stream.write(window)
                except (OSError, ValueError) as e:
                    raise stream.error("closed the connection" if self._sent else "cannot be sent to", e, self._sent)
                if done == n:
                    break
                if done:
                    window = window[done:]
                    self._sent += done
                    n -= done
                    stalled = False
                    continue
                if not stalled:
                    stalled = True
                    limit.restart()
                yield READ | WRITE
                limit.check("sending to " + self._host, self._sent)
                if self._sent and stream.poll(READ, 0) and self._early(parser):
                    return
            self._sent += n
            stalled = False

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
                    % (self._host, self._sent), None, self._sent,
                )
        else:
            self._answered = True
            if parser.feed(view[:n]) < n:
                parser.keep_alive = False  # what follows a reply that nobody asked for is not a reply
        return True
