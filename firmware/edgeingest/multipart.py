"""The `files` endpoint: many bodies as one multipart/form-data body (RFC 7578), and its reply, result by result.

Each file is in a part named `data`. Parts are made when they are reached and results are parsed as they arrive, so
memory does not depend on how many there are. Source: the service's documentation, "Ingestion API", and its own clients:
{"success": true, "files": [{"success": true, "fileName": ..., "sampleId": ...}, {"success": false, "error": ...}]}.
"""

from binascii import crc32

from micropython import const

from .body import Chain, size_of
from .errors import CallersError, IngestError
from .ingestion import (
    KEPT,
    DataReply,
    Stored,
    body_of,
    check_body,
    end_of_parts,
    form_type,
    is_labels,
    json_value,
    outcome_of,
    part_head,
    random_boundary,
)
from .validate import PLAIN, argument_error

_MAX_FILES = const(1000)
_MAX_RESULT = const(2048)  # bytes of one result: a name may come with every character escaped
_PIECE = const(256)  # bytes of a reply that are looked at together
_LONG = const(400)  # bytes of a result that is not complete, from which on its error is cut
_NONE: "list" = [None]
# where in the reply the next byte is
_BEFORE_RESULTS = const(0)
_IN_RESULTS = const(1)
_BEHIND_RESULTS = const(2)


class ItemBodies:
    """The bodies of the items, made when they are asked for; each is checked when it is made for the first time."""

    labels: "tuple" = ()  # the indices of label files

    def __init__(self, items, hmac_key):
        self._items = items
        self._hmac_key = hmac_key
        self._checked = 0
        self._sums = bytearray(4 * len(items))  # of the names, which are not held: there may be 1000
        self._iat = None  # of the first item that needs one, less its index; False: the clock was not set then

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        try:
            item = self._items[index]
        except IngestError as e:
            raise CallersError(e)
        if self._hmac_key and getattr(item, "iat", 0) is None:
            if self._iat is None:
                from .signing import next_iat

                self._iat = (next_iat(len(self._items) - index) or index) - index or False
            # A Sample that is made anew has the same bytes: it has the same size, and counts as a duplicate.
            item.iat = self._iat and self._iat + index
        body = body_of(item, self._hmac_key, index)
        if index == self._checked:
            self._check(index, body)
            self._checked += 1
        return body

    def _check(self, index, body):
        """Checks a body, and that its name differs from those before it."""
        name = body.name
        check_body(body, name, index)
        if is_labels(name):
            self.labels += (index,)
        name_sum = crc32(name.encode()).to_bytes(4, "little")
        if index and name_sum in self._sums:  # perhaps a second one: compare the names
            for i in range(index):
                if self[i].name == name:
                    raise argument_error("name", index, name, i)
        self._sums[4 * index : 4 * index + 4] = name_sum


class Parts:
    """The parts of a multipart body, made when they are asked for in order: framing, body, framing, body, ..., end.

    watched: makes a body that looks for the boundary, or None.
    """

    def __init__(self, bodies, boundary, watched):
        self._bodies = bodies
        self._watched = watched
        self._boundary = boundary
        self._body = None  # the one that follows the framing that was asked for

    def __len__(self):
        return 2 * len(self._bodies) + 1

    def __getitem__(self, index):
        body = self._body
        self._body = None  # a body is handed out once: it may be read to its end, and only one is held
        if index % 2:
            return self._watched(body, self._boundary) if self._watched else body
        if index == 2 * len(self._bodies):
            return end_of_parts(self._boundary)
        self._body = body = self._bodies[index // 2]
        return part_head(body, self._boundary, "\r\n" if index else "")


def multipart(bodies, boundary=None):
    """A generator: makes one body of all bodies of a sequence. Yields None after each part, and at last the body.

    boundary: random if not given (RFC 2046, section 5.1.1, without the characters that need quotes in the header).
    Of a list the bodies are held; those of any other object are made anew whenever they are reached.
    """
    watched = None
    if boundary is None:
        boundary = random_boundary()
    elif not isinstance(boundary, str) or not 0 < len(boundary) < 71 or boundary.strip(PLAIN + "+'"):
        raise argument_error("boundary", boundary)
    else:
        from .boundary import Watched as watched  # type: ignore[assignment]
    parts = Parts(bodies, boundary, watched)
    kept: "list" = [] if isinstance(bodies, list) else None
    size = 0
    rewindable = True
    for i in range(len(parts)):
        part = None  # never two at once
        part = parts[i]
        size += size_of(part)
        rewindable = rewindable and getattr(part, "rewindable", True)
        if kept is not None:
            kept.append(part)
        yield None
    body = Chain(kept or parts, "the request", form_type(boundary), size)
    body.rewindable = rewindable
    kept = part = None  # the generator is held as long as the call lasts
    yield body


def files_request(items, hmac_key, boundary, on_stored):
    """A generator: see `upload.files_request`."""
    if hasattr(items, "sensors") or hasattr(items, "readinto"):
        items = (items,)
    held = isinstance(items, (list, tuple))
    # MicroPython's own lists do not show __len__ to hasattr.
    if not held and (
        isinstance(items, (str, dict)) or not hasattr(items, "__len__") or not hasattr(items, "__getitem__")
    ):
        raise argument_error("items", items)
    count = len(items)
    if not count:
        raise argument_error("no items")
    if count > _MAX_FILES:
        raise argument_error("files", _MAX_FILES, count)
    if on_stored is not None and not callable(on_stored):
        raise argument_error("on_stored", on_stored)
    made = ItemBodies(items, hmac_key)
    bodies: "list" = [] if held else made  # type: ignore[assignment]
    for i in range(count if held else 0):  # the bodies of a list are made once
        bodies.append(made[i])
        yield None
    for body in multipart(bodies, boundary):
        if body is None:
            yield None
    yield body, FilesReply(bodies, made.labels, on_stored), None


def _is_whole(text, start, end):
    """True if the braces outside of strings are balanced. MicroPython's json takes what is not, before 1.27."""
    if text.find(b"\\", start, end) < 0 and text.count(b"{", start, end) == 1:
        return text.count(b'"', start, end) % 2 == 0
    from .service_errors import is_whole

    return is_whole(text, start, end)


def _nonsense(data):
    """Returns the error for a reply that is not what the documentation says."""
    from .service_errors import nonsense

    return nonsense(data)


class FilesReply(DataReply):
    """The reply of `files`. Each result is parsed and handed on when its last byte has come.

    bodies: what was sent, a sequence of what has a name. labels: indices of those that are label files, for which the
    service may have no result. on_stored(index, stored): is called with each; None: all are collected.
    """

    def __init__(self, bodies, labels=(), on_stored=None):
        self._bodies = bodies
        self._labels = labels
        self._on_stored = on_stored
        self.limit = 65536 + len(bodies) * _MAX_RESULT
        self._results = None if on_stored else _NONE * len(bodies)
        self._reported = 0  # items before this one have an outcome
        self.begin()

    def begin(self):
        """Called when a reply begins. Outcomes of the attempts before stand: they are not reported again."""
        super().begin()  # `_body` is what is around the results, which are taken out of it
        self._known = self._reported
        self._place = _BEFORE_RESULTS
        self._text = b""  # the beginning of a result that is not complete
        self._count = 0
        # Results from the first label file on: which items they belong to is known at the end.
        self._held: "list" = [] if self._labels else ()  # type: ignore[assignment]

    def feed(self, status, data):
        """Takes bytes of the body; those of one result at a time are kept."""
        if not 200 <= status < 300:
            return super().feed(status, data)
        for i in range(0, len(data), _PIECE):
            piece = bytes(data[i : i + _PIECE])
            if self._place == _IN_RESULTS:
                piece = self._text + piece
                self._text = b""  # no copy of a long result is held
                self._take_results(piece)
                continue
            self._body += piece
            if self._place == _BEFORE_RESULTS:
                self._find_results(len(self._body) - len(piece))
            if len(self._body) >= KEPT:
                raise _nonsense(self._body)
        return None

    def _find_results(self, start):
        """Looks for the list that is the member `files` of the whole object, and of no other in it."""
        body = self._body
        at = body.find(b"[", start) + 1
        while at:
            # It is that list if the object ends well with the list closed here, and has it as its member.
            value = json_value(body[:at] + b"]}")
            if isinstance(value, dict) and value.get("files") == []:
                self._body = body[:at]
                self._place = _IN_RESULTS
                return self._take_results(body[at:])
            at = body.find(b"[", at) + 1

    def _take_results(self, text):
        """Takes the results that are complete, and the end of the list; keeps what follows them."""
        start = 0
        end = 1
        while end:
            while start < len(text) and text[start] in b", \r\n\t":
                start += 1
            end = start < len(text) and self._take_next(text, start)
            start = end or start
        self._text = text[start:] if start else text
        if len(self._text) > _LONG and b'"error"' in self._text:
            from .service_errors import with_short_error

            self._text = with_short_error(self._text, 0, len(self._text))

    def _take_next(self, text, start):
        """Takes the result that begins there, or the end of the list. Returns where it ends; 0 if more has to come."""
        if text[start] == 0x5D:  # ]
            self._body += text[start:]
            self._place = _BEHIND_RESULTS
            return len(text)
        end = text.find(b"}", start) + 1
        while end and not _is_whole(text, start, end):
            end = text.find(b"}", end) + 1
        if end:
            value = json_value(text, start, end)
            if isinstance(value, dict):
                self._take_result(value)
                return end
        elif text[start] == 0x7B and len(text) - start <= _MAX_RESULT:  # {
            return 0
        raise _nonsense(text[start : start + 80])

    def _take_result(self, value):
        """Takes one result."""
        index = self._count
        self._count += 1
        if index >= len(self._bodies):
            return  # too many: counted, and refused at the end
        if self._labels and index >= self._labels[0]:
            self._held.append(value)
        else:
            self._report(index, outcome_of(value, self._bodies, index))

    def _report(self, index, outcome):
        """Collects the outcome of an item, or calls on_stored with it; a `Stored`, or why it was not stored."""
        results = self._results
        self._reported = max(self._reported, index + 1)
        if index < self._known and not (results and isinstance(results[index], str)):
            return
        if isinstance(outcome, str):
            if not results:
                self._results = results = _NONE * len(self._bodies)
        elif self._on_stored:
            try:
                self._on_stored(index, outcome)
            except IngestError as e:
                raise CallersError(e)
            outcome = None
        if results:
            results[index] = outcome

    def finish(self, status, header=None):
        """Returns the results in the order of the items, or their number with `on_stored`; or raises the error."""
        total = len(self._bodies)
        labels = self._labels
        # With the list closed and nothing else the object ends well: that was checked where the list began.
        if self._place != _BEHIND_RESULTS or not (self._body.endswith(b"[]}") or json_value(self._body)):
            from .service_errors import check_duplicates

            check_duplicates(status, self._body + self._text, json_value(self._body), header)
            for i in range(total):
                self._report(i, Stored(self._bodies[i].name, None, i not in labels))
        elif self._count not in (total, total - len(labels)):
            from .service_errors import wrong_count

            raise wrong_count(self._count, total)
        else:
            self._report_held(total)
        for result in self._results or ():
            if isinstance(result, str):
                from .service_errors import files_error

                raise files_error(self._bodies, self._results)
        return total if self._on_stored else self._results

    def _report_held(self, total):
        """Reports the results from the first label file on; label files without one are not duplicates."""
        labels = self._labels
        held = iter(self._held)
        for i in range(labels[0] if labels else total, total):
            if i in labels and self._count < total:
                self._report(i, Stored(self._bodies[i].name, None, False))
            else:
                self._report(i, outcome_of(next(held), self._bodies, i))
