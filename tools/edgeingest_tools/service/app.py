"""The local ingestion service: the same API as Edge Impulse's (docs, ingestion API), strict about every rule in it.

Where the documentation is silent, this service is strict, so that the real one should accept what is accepted here:
- if one file breaks a rule, the whole /files request is refused and none of its files is stored; only duplicates are
  reported per file (HTTP 200), as official clients see them;
- chunked requests (411), multipart on /data, unknown label files and unknown payload members are refused;
- a duplicate has the same bytes as a stored file of any category; a wrong signature is recorded, not refused.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from edgeingest_tools.errors import Refusal, brief
from edgeingest_tools.service import formats, headers, labels, notes
from edgeingest_tools.service.names import inferred_label
from edgeingest_tools.service.receive import Receiver, check_framing
from edgeingest_tools.service.store import CATEGORIES, Duplicate, Store, Stored, Upload

_T = TypeVar("_T")
_PROJECT_ID = 1
# The outcome of a request for the access log, and a colour that replaces that of the HTTP status.
NOTE = web.RequestKey("note", str)
TONE = web.RequestKey("tone", str)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """The settings of one service; the defaults are the documented limits."""

    directory: Path
    api_keys: tuple[str, ...] = ()
    hmac_key: str | None = None
    list_labels: bool = False
    max_file_size: int = 100 * 1024 * 1024
    max_files: int = 1000
    idle_s: float = 30.0  # longest time without a byte of a body
    kept_s: float = 75.0  # longest time that a connection is kept without a complete request head


def make_app(settings: Settings) -> web.Application:
    """Returns the service as an aiohttp application. Raises StoreError when its folder cannot be used."""
    service = _Service(settings)
    app = web.Application(middlewares=[_refusals])
    for category in (*CATEGORIES, "split"):
        app.router.add_post(f"/api/{category}/data", service.data)
        app.router.add_post(f"/api/{category}/files", service.files)
    app.router.add_route("*", r"/{path:[\s\S]*}", _unknown)
    app.cleanup_ctx.append(service.lifetime)
    return app


class _Service:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store(settings.directory)
        # One thread each, so that one thread uses the index and at most one large JSON file is in memory.
        self._disk = ThreadPoolExecutor(1, "store")
        self._checks = ThreadPoolExecutor(1, "checks")

    async def lifetime(self, app: web.Application) -> AsyncIterator[None]:
        yield
        self._checks.shutdown()
        self._disk.shutdown()
        self._store.close()

    async def data(self, request: web.Request) -> web.Response:
        """Handles /data: one message as the body; answers with the stored name as plain text."""
        headers.check_key(request.headers, self._settings.api_keys)
        name = headers.file_name(request.headers)
        options = headers.options(request.headers)
        check_framing(request)
        receiver = self._receiver()
        try:
            upload = await receiver.body(request, name, _category(request))
            _apply(upload, options, labels.FileLabels())
            await self._run(self._checks, self._inspect, [upload], {})
            [result] = await self._run(self._disk, self._store.add, [upload], options.disallow_duplicates)
        finally:
            receiver.discard()
        self._note(request, getattr(result, "file_name", ""), [upload], [result])
        if isinstance(result, Duplicate):
            return web.Response(text=_duplicate_text(result), status=400)
        return web.Response(text=result.file_name)

    async def files(self, request: web.Request) -> web.Response:
        """Handles /files: multipart/form-data; answers with JSON, one entry per data file in the order sent."""
        headers.check_key(request.headers, self._settings.api_keys)
        options = headers.options(request.headers)
        check_framing(request)
        receiver = self._receiver()
        try:
            received = await self._receive_all(receiver, request)
            uploads = [upload for upload in received if upload.kind != formats.LABELS]
            labels_of = {upload.sent_name: labels.FileLabels() for upload in uploads}
            await self._run(self._checks, _read_labels, received, labels_of)
            for upload in uploads:
                _apply(upload, options, labels_of[upload.sent_name])
            await self._run(self._checks, self._inspect, uploads, labels_of)
            results = await self._run(self._disk, self._store.add, uploads, options.disallow_duplicates)
        finally:
            receiver.discard()
        entries, remaining = [], iter(results)
        for upload in received:
            if upload.kind != formats.LABELS:
                entries.append(_entry(next(remaining)))
            elif self._settings.list_labels:
                entries.append(_entry(Stored(0, upload.sent_name)))
        self._note(request, f"{len(uploads)} file{'s' * (len(uploads) != 1)}", uploads, results)
        return web.json_response({"success": True, "files": entries})

    async def _receive_all(self, receiver: Receiver, request: web.Request) -> list[Upload]:
        received: list[Upload] = []
        async for upload in receiver.parts(request, _category(request)):
            received.append(upload)
            if len(received) > self._settings.max_files:
                raise Refusal(f"more than {self._settings.max_files} files: send them in several requests")
        if not any(upload.kind != formats.LABELS for upload in received):
            raise Refusal(
                "there is no data file in the request: send at least one part named data that is not a label file"
            )
        return received

    def _note(self, request: web.Request, lead: str, uploads: list[Upload], results: list[Stored | Duplicate]) -> None:
        checked = self._settings.hmac_key is not None
        request[NOTE], request[TONE] = notes.note(lead, uploads, results, checked)

    def _receiver(self) -> Receiver:
        return Receiver(self._store.temporary, self._settings.max_file_size, self._settings.idle_s)

    def _inspect(self, uploads: list[Upload], labels_of: dict[str, labels.FileLabels]) -> None:
        for upload in uploads:
            try:
                upload.facts = formats.inspect(upload.path, upload.kind, self._settings.hmac_key)
                if upload.sent_name in labels_of:
                    labels_of[upload.sent_name].check_fit(upload.facts)
            except Refusal as refusal:
                raise Refusal(f"{brief(upload.sent_name)}: {refusal.text}", refusal.status) from None

    @staticmethod
    async def _run(executor: ThreadPoolExecutor, function: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(executor, function, *arguments)


def _category(request: web.Request) -> str:
    return request.path.split("/")[2]


def _read_labels(received: list[Upload], labels_of: dict[str, labels.FileLabels]) -> None:
    seen = set()
    for upload in received:
        if upload.kind == formats.LABELS:
            if upload.sent_name in seen:
                raise Refusal(f"{upload.sent_name} is sent twice: send one of each")
            seen.add(upload.sent_name)
            labels.read(upload.sent_name, upload.path, labels_of)


def _apply(upload: Upload, options: headers.Options, file_labels: labels.FileLabels) -> None:
    """Sets label and metadata: from a label file; else no label with x-no-label; else x-label or the file name's."""
    if file_labels.labelled or file_labels.segments is not None:
        upload.label = file_labels.label
    elif not options.no_label:
        upload.label = options.label or inferred_label(upload.sent_name)
        upload.label_is_inferred = not options.label
    upload.metadata = {**options.metadata, **file_labels.metadata}
    upload.segments, upload.boxes = file_labels.segments, file_labels.boxes
    upload.add_date_id = options.add_date_id


def _entry(result: Stored | Duplicate) -> dict:
    if isinstance(result, Duplicate):
        return {"success": False, "error": _duplicate_text(result)}
    return {
        "success": True,
        "projectId": _PROJECT_ID,
        "sampleId": result.sample_id,
        "fileName": result.file_name,
    }


def _duplicate_text(duplicate: Duplicate) -> str:
    """Returns a text that begins as the real service's does, because clients look for that beginning."""
    return f"An item with this hash already exists (ids: {', '.join(map(str, duplicate.ids))})"


async def _unknown(request: web.Request) -> web.Response:
    raise Refusal(
        f"{request.method} {request.path} is not part of the ingestion API: POST to /api/<category>/data or /files "
        f"with one of the categories {', '.join((*CATEGORIES, 'split'))}",
        404,
    )


@web.middleware
async def _refusals(request: web.Request, handler: Callable) -> web.StreamResponse:
    """Turns a Refusal into the answer that clients expect: plain text, or JSON on /files."""
    try:
        return await handler(request)
    except Refusal as refusal:
        text, status = refusal.text, refusal.status
    except ConnectionError:  # no client reads this answer; its text goes to the log
        text, status = "the client went away; nothing was stored", 400
    except OSError as error:
        _log.exception("cannot store")
        text, status = f"the service could not store the upload: {error.strerror or error}", 500
    request[NOTE] = text
    if request.path.endswith("/files"):
        return web.json_response({"success": False, "error": text}, status=status)
    return web.Response(text=text, status=status)
