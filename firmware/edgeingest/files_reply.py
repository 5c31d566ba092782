"""The reply of `files`: results are parsed and handed on one by one as they arrive, in constant memory.

Source: the service's documentation, "Ingestion API", and what its own clients read:
{"success": true, "files": [{"success": true, "fileName": ..., "sampleId": ...}, {"success": false, "error": ...}]}.
"""

from micropython import const

from .errors import FilesError, ProtocolError
from .replies import DUPLICATE, KEPT, DataReply, Stored, parsed, refused, said, text_of

_RESULT = const(4096)  # bytes of one result: a name may come with every character escaped


class FilesReply(DataReply):
    """The reply of `files`. Each result is parsed and handed on when its last byte has come.

    names: any object with `__len__` and `__getitem__`: name of item i. labels: indices of the items that are label
    files, for which services may have no result. on_stored: called with (index, Stored); without, all are collected.
    """

    def __init__(self, names, labels=(), on_stored=None):
        self._names = names
        self._labels = labels
        self._on_stored = on_stored
        self.limit = 65536 + len(names) * _RESULT
        self._results = None if on_stored else [None] * len(names)
        self._told = self._most = 0
        super().__init__(None)

    def begin(self):
        """A reply begins. What those to former attempts have told stands: it is not handed on again."""
        super().begin()
        self._told = self._most  # items before this one were told of
        self._item = bytearray()
        self._depth = 0
        self._string = 0  # 0 outside of a JSON string, 1 in one, 2 after a backslash in one
        self._in_files = False
        self._count = 0
        self._held = []  # results from the first label file on: whose they are is known at the end
        self._failed = 0
        self._failure = None

    def feed(self, status, data):
        """Take bytes of the body; those of one result at a time are kept."""
        if not 200 <= status < 300:
            return super().feed(status, data)
        return self._scan(data)

    def _is_files(self):
        key = bytes(self._body).rstrip()
        return key[-1:] == b":" and key[:-1].rstrip().endswith(b'"files"')

    def _scan(self, data):
        for b in data:
            inside = self._in_files and self._depth > 2
            if self._string:
                self._string = 2 if b == 0x5C and self._string == 1 else 0 if b == 0x22 and self._string == 1 else 1
            elif b == 0x22:
                self._string = 1
            elif b == 0x7B or b == 0x5B:
                self._depth += 1
                if self._depth == 2:
                    self._in_files = b == 0x5B and self._is_files()
                inside = self._in_files and self._depth > 2
            elif b == 0x7D or b == 0x5D:
                self._depth -= 1
            kept = self._item if inside else self._body
            if len(kept) >= (_RESULT if inside else KEPT):
                raise ProtocolError("the service's answer is not what it should be: %r..." % bytes(kept[:80]))
            if inside or not (self._in_files and self._depth == 2 and b in b", \r\n\t"):
                kept.append(b)
            if inside and self._depth == 2:
                self._result()

    def _result(self):
        value = parsed(self._item)
        if not isinstance(value, dict):
            raise ProtocolError("a result of the service is not an object: %r" % bytes(self._item[:80]))
        self._item = bytearray()
        index = self._count
        self._count += 1
        if index >= len(self._names):
            return  # too many: counted, and refused at the end
        if self._labels and index >= self._labels[0]:
            self._held.append(value)
        else:
            self._hand_on(index, value)

    def _hand_on(self, index, value):
        error = text_of(value.get("error")) or "no reason was given"
        name = text_of(value.get("fileName"))
        if value.get("success") is True:
            outcome = Stored(name or self._names[index], value.get("sampleId"), False)
        elif error.startswith(DUPLICATE):
            outcome = Stored(self._names[index], None, True)
        else:
            outcome = error
        self._set(index, outcome)

    def _set(self, index, outcome):
        self._most = max(self._most, index + 1)
        if index < self._told and not (self._results and isinstance(self._results[index], str)):
            return None
        if isinstance(outcome, str):
            self._failed += 1
            if self._results is None:
                self._results = [None] * len(self._names)
            if self._failure is None:
                self._failure = "%r: %s" % (self._names[index], outcome[:200])
        elif self._on_stored:
            if self._results:
                self._results[index] = None
            return self._on_stored(index, outcome)
        self._results[index] = outcome
        return None

    def finish(self, status, header=None):
        """The results in the order of the items, or their number with `on_stored`; or the error."""
        total = len(self._names)
        value = parsed(self._body)
        if (
            not 200 <= status < 300 or not isinstance(value, dict) or value.get("files") != []
        ):  # results are taken out of it
            text = said(self._body)
            if text.startswith(DUPLICATE):
                for i in range(total):
                    self._set(i, Stored(self._names[i], None, i not in self._labels))
                return self._done()
            if not 200 <= status < 300 or isinstance(value, dict) and value.get("success") is False:
                raise refused(status, text, header)
            raise ProtocolError("the service's answer is not what it should be: %r" % bytes(self._body[:80]))
        if self._count == total - len(self._labels):
            for i in self._labels:
                self._held.insert(i - self._labels[0], None)
        elif self._count != total:
            raise ProtocolError("the service answered for %d files, %d were sent" % (self._count, total))
        for i, value in enumerate(self._held):
            i += self._labels[0]
            if value is None:
                self._set(i, Stored(self._names[i], None, False))
            else:
                self._hand_on(i, value)
        return self._done()

    def _done(self):
        if self._failed:
            text = "%d of %d files were not stored; %s" % (self._failed, len(self._names), self._failure)
            raise FilesError(text, 200, self._failure, None, self._results)
        return len(self._names) if self._on_stored else self._results
