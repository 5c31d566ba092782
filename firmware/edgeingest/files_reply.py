"""The reply of `files`: results are parsed and handed on one by one as they arrive, in constant memory.

Source: the service's documentation, "Ingestion API", and what its own clients read:
{"success": true, "files": [{"success": true, "fileName": ..., "sampleId": ...}, {"success": false, "error": ...}]}.
"""

from json import loads

from micropython import const

from .errors import FilesError, ProtocolError
from .replies import KEPT, DataReply, Stored

_RESULT = const(2048)  # bytes of one result: a name may come with every character escaped
_PIECE = const(512)  # bytes that are looked at together
_NONE: "list" = [None]


def _parsed(data):
    """The JSON object in the bytes, or None."""
    try:
        value = loads(data.decode())
    except (ValueError, MemoryError):  # it may be nested a thousand times
        return None
    return value if isinstance(value, dict) else None


def _odd(data):
    return ProtocolError("the service's answer is not what it should be: %r" % data[:80])


class FilesReply(DataReply):
    """The reply of `files`. Each result is parsed and handed on when its last byte has come.

    bodies: what was sent, a sequence of what has a name. labels: indices of those that are label files, for which
    services may have no result. on_stored: called with (index, Stored); without, all are collected.
    """

    def __init__(self, bodies, labels=(), on_stored=None):
        self._bodies = bodies
        self._labels = labels
        self._on_stored = on_stored
        self.limit = 65536 + len(bodies) * _RESULT
        self._results = None if on_stored else _NONE * len(bodies)
        self._most = 0
        self.begin()

    def begin(self):
        """A reply begins. What those to former attempts have told stands: it is not handed on again."""
        super().begin()  # what is kept is all around the results: they are taken out of it
        self._told = self._most  # items before this one were told of
        self._text = b""  # of a result that is not complete
        self._list = 0  # 1 in the list of results, 2 after it
        self._count = 0
        # Results from the first label file on: whose they are is known at the end.
        self._held: "list" = [] if self._labels else ()  # type: ignore[assignment]

    def feed(self, status, data):
        """Take bytes of the body; those of one result at a time are kept."""
        if not 200 <= status < 300:
            return super().feed(status, data)
        for i in range(0, len(data), _PIECE):
            piece = bytes(data[i : i + _PIECE])
            if self._list == 1:
                self._take_results(self._text + piece, 0)
                continue
            self._body += piece
            if not self._list:
                self._find_list()
            if len(self._body) >= KEPT:
                raise _odd(self._body)
        return None

    def _find_list(self):
        """Look for where the list begins: in the object, and not in what else is in it."""
        body = self._body
        at = body.find(b"[") + 1
        key = body.rfind(b'"files"', 0, at) + 7
        if at and (key < 7 or body[key : at - 1].strip(b": \r\n\t") or body.count(b"{", 0, at) > 1):
            from .nesting import list_of

            at = list_of(body)
        if at:
            self._body = body[:at]
            self._list = 1
            self._take_results(body, at)

    def _take_results(self, text, start):
        end = 1
        while end:
            while start < len(text) and text[start] in b", \r\n\t":
                start += 1
            end = start < len(text) and self._take(text, start)
            start = end or start
        self._text = text[start:]

    def _take(self, text, start):
        """Take the result that begins there, or the end of the list; where it ends, 0 if that has not come."""
        if text[start] == 0x5D:
            self._body += text[start:]
            self._list = 2
            return len(text)
        if text[start] != 0x7B:
            raise _odd(text[start:])
        end = text.find(b"}", start) + 1
        one = text[start:end]
        if one.count(b'"') % 2 or b"\\" in one or b"[" in one or one.rfind(b"{") > 0:
            from .nesting import end_of  # that brace may be in a string, or not the last one

            end = end_of(text, start)
            one = text[start:end]
        if not end:
            if len(text) - start > _RESULT:
                raise _odd(text[start:])
            return 0
        self._result(one)
        return end

    def _result(self, one):
        value = _parsed(one)
        if value is None:
            raise _odd(one)
        if b"\\u" in one:
            from .verdicts import text_of

            for key in ("error", "fileName"):
                value[key] = text_of(value.get(key))
        index = self._count
        self._count += 1
        if index >= len(self._bodies):
            return  # too many: counted, and refused at the end
        if self._labels and index >= self._labels[0]:
            self._held.append(value)
        else:
            self._hand_on(index, value)

    def _hand_on(self, index, value):
        name = value.get("fileName")
        error = value.get("error")
        if value.get("success") is True:
            if not name or not isinstance(name, str):
                name = self._bodies[index].name
            return self.tell(index, Stored(name, value.get("sampleId"), False))
        if not error or not isinstance(error, str):
            error = "no reason was given"
        from .verdicts import DUPLICATE

        if error.startswith(DUPLICATE):
            error = Stored(self._bodies[index].name, None, True)
        return self.tell(index, error)

    def tell(self, index, outcome):
        """Hand on the outcome for an item: a `Stored`, or why it was not stored."""
        results = self._results
        self._most = max(self._most, index + 1)
        if index < self._told and not (results and isinstance(results[index], str)):
            return
        if isinstance(outcome, str):
            if not results:
                self._results = results = _NONE * len(self._bodies)
        elif self._on_stored:
            self._on_stored(index, outcome)
            outcome = None
        if results:
            results[index] = outcome

    def finish(self, status, header=None):
        """The results in the order of the items, or their number with `on_stored`; or the error."""
        total = len(self._bodies)
        labels = self._labels
        if self._list < 2 or not self._body.endswith(b"[]}") and not _parsed(self._body):
            from .verdicts import on_files

            on_files(status, self._body, header)  # an error, unless all of it was there before
            for i in range(total):
                self.tell(i, Stored(self._bodies[i].name, None, i not in labels))
        elif self._count not in (total, total - len(labels)):
            raise ProtocolError("the service answered for %d files, %d were sent" % (self._count, total))
        else:
            for i in labels if self._count < total else ():
                self._held.insert(i - labels[0], None)
            for i, value in enumerate(self._held):
                i += labels[0]
                if value is None:
                    self.tell(i, Stored(self._bodies[i].name, None, False))
                else:
                    self._hand_on(i, value)
        self._refuse()
        return total if self._on_stored else self._results

    def _refuse(self):
        """Raise the FilesError, if some were not stored."""
        results = self._results or ()
        failed = 0
        for i in range(len(results)):
            if isinstance(results[i], str):
                failed += 1
                if failed == 1:
                    text = "%r: %s" % (self._bodies[i].name, results[i][:200])
        if failed:
            told = "%d of %d files were not stored; %s" % (failed, len(results), text)
            raise FilesError(told, 200, text, None, results)
