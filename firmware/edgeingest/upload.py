"""The `files` endpoint with one item, as most calls have it: one part (RFC 7578), and a reply that is read whole.

Many items, a boundary or `on_stored` of the caller, and any reply but the plain one are left to `multipart`.
"""

from .body import Chain
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


def files_request(items, hmac_key, boundary, on_stored):
    """Returns a generator, for what `Client.upload` takes.

    It yields None after each step, at last (body, its reply, None).
    """
    item = items[0] if isinstance(items, (list, tuple)) and len(items) == 1 else items
    if boundary is on_stored is None and (hasattr(item, "sensors") or hasattr(item, "readinto")):
        return _one_file(item, hmac_key)
    from .multipart import files_request as many

    return many(items, hmac_key, boundary, on_stored)


def _one_file(item, hmac_key):
    """A generator: see `files_request`."""
    body = body_of(item, hmac_key, 0)
    check_body(body, body.name, 0)
    boundary = random_boundary()
    parts = part_head(body, boundary), body, end_of_parts(boundary)
    yield Chain(parts, "the request", form_type(boundary)), FileReply(body), None


class FileReply(DataReply):
    """The reply of `files` for one item, which is short; any other is read by `multipart`. body: what was sent."""

    limit = 65536 + 2048
    _results: "DataReply" = None  # a FilesReply, once it is needed

    def __init__(self, body):
        self._item = body
        self.begin()

    def begin(self):
        """Called when a reply begins."""
        super().begin()
        if self._results:
            self._results.begin()

    def feed(self, status, data):
        """Takes bytes of the body."""
        if self._results or 200 <= status < 300 and len(self._body) + len(data) > KEPT:
            return self._in_results(status).feed(status, data)
        return super().feed(status, data)

    def _in_results(self, status):
        """Returns what reads a reply of any form, and has read the bytes that came."""
        if not self._results:
            from .multipart import FilesReply

            self._results = FilesReply((self._item,), (0,) if is_labels(self._item.name) else ())
            self._results.feed(status, self._body)
        return self._results

    def finish(self, status, header=None):
        """Returns a list with the `Stored`, or raises the error. header: gives the value of a field by its name."""
        body = self._body
        if 200 <= status < 300 and b'"files"' in body or self._results:
            # MicroPython's json takes one bracket for another.
            value = None if self._results or not body.endswith(b"}]}") else json_value(body)
            results = value.get("files") if isinstance(value, dict) else None
            if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
                return self._in_results(status).finish(status, header)
            outcome = outcome_of(results[0], (self._item,), 0)
            if isinstance(outcome, str):
                from .service_errors import files_error

                raise files_error((self._item,), [outcome])
        else:
            from .service_errors import check_duplicates

            check_duplicates(status, body, json_value(body), header)
            name = self._item.name
            outcome = Stored(name, None, not is_labels(name))
        return [outcome]
