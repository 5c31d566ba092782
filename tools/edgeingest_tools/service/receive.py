"""Writes request bodies to files in incoming/ in bounded chunks: memory does not depend on the size of an upload."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import Message
from functools import partial
from pathlib import Path
from typing import TypeVar

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from edgeingest_tools.errors import Refusal, brief
from edgeingest_tools.service import formats
from edgeingest_tools.service.store import Upload

_T = TypeVar("_T")
_CHUNK = 1 << 16
# How browsers, and clients that follow them, write these characters in a part's file name (HTML standard, multipart).
_FORM_ESCAPES = (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"))


def check_framing(request: web.Request) -> None:
    """Raises Refusal unless Content-Length and Content-Type are sent and the body is neither chunked nor compressed.

    No official client sends chunked requests, and no documentation says that the real service accepts them.
    """
    if "Content-Length" not in request.headers:
        raise Refusal(
            "Content-Length is missing: send it, and no chunked transfer encoding (no official client does)", 411
        )
    if "Content-Encoding" in request.headers:
        raise Refusal(
            f"Content-Encoding is {brief(request.headers['Content-Encoding'])}: send the file's bytes as they are"
        )
    if not request.headers.get("Content-Type"):
        raise Refusal("Content-Type is missing: send the type of the body")


class Receiver:
    """Receives the files of one request and removes those that were not stored."""

    def __init__(self, temporary: Callable[[], Path], max_file_size: int, idle_s: float) -> None:
        self._temporary = temporary
        self._max_file_size = max_file_size
        self._idle_s = idle_s
        self._paths: list[Path] = []

    def discard(self) -> None:
        """Removes every temporary file that is left; stored files have been moved to their places."""
        for path in self._paths:
            path.unlink(missing_ok=True)

    async def body(self, request: web.Request, name: str, category: str) -> Upload:
        """Receives the body of /data as one file. Raises Refusal."""
        kind = formats.by_content_type(request.content_type)
        if (request.content_length or 0) >= self._max_file_size:
            raise self._too_large(name)
        return await self._save(request.content.readany, name, request.content_type, kind, category)

    async def parts(self, request: web.Request, category: str) -> AsyncIterator[Upload]:
        """Receives the parts of /files and yields each as a file. Raises Refusal."""
        if request.content_type != "multipart/form-data":
            raise Refusal(f"Content-Type is {brief(request.content_type)}: /files takes multipart/form-data")
        try:
            form = await request.multipart()
            while (part := await self._within_idle_time(form.next())) is not None:
                if not isinstance(part, BodyPartReader):
                    raise Refusal("a part is multipart itself: send every file as a part of its own")
                name, content_type = _checked_part(part)
                read = partial(part.read_chunk, _CHUNK)
                yield await self._save(read, name, content_type, formats.by_name(name), category)
        except (ValueError, RuntimeError, AssertionError, BadHttpMessage) as error:
            reason = " ".join(str(error).split())[:100]  # may quote what was sent, over several lines
            raise Refusal(
                f"not multipart/form-data ({reason}): each part begins with --boundary, the body ends in --boundary--, "
                "lines end in CRLF"
            ) from None

    async def _save(
        self, read: Callable[[], Awaitable[bytes]], name: str, content_type: str, kind: str, category: str
    ) -> Upload:
        path = self._temporary()
        self._paths.append(path)
        sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        with path.open("xb") as file:
            while chunk := await self._within_idle_time(read()):
                size += len(chunk)
                if size >= self._max_file_size:
                    raise self._too_large(name)
                sha256.update(chunk)
                md5.update(chunk)
                file.write(chunk)
        if size == 0:
            raise Refusal(f"{brief(name)} is empty: send at least one byte")
        if category == "split":
            category = _split(md5.hexdigest())
        return Upload(path, name, content_type, kind, size, sha256.hexdigest(), category)

    async def _within_idle_time(self, read: Awaitable[_T]) -> _T:
        try:
            return await asyncio.wait_for(read, self._idle_s)
        except asyncio.TimeoutError:
            raise Refusal(
                f"no byte came for {self._idle_s:g} s: send the whole body without long pauses", 408
            ) from None

    def _too_large(self, name: str) -> Refusal:
        limit = self._max_file_size
        return Refusal(
            f"{brief(name)} has {limit} bytes or more: a file must be smaller (documented: 100 MB); split it"
        )


def _checked_part(part: BodyPartReader) -> tuple[str, str]:
    """Returns file name and content type of a part. Raises Refusal unless it is a file in the field `data`."""
    if not part.headers:
        raise Refusal("a part has no header fields: give it a Content-Disposition; the last line is --boundary--")
    disposition = part.headers.get("Content-Disposition", "")
    if any("\udc80" <= char <= "\udcff" for char in disposition):  # aiohttp decodes bytes that are not UTF-8 to these
        raise Refusal(f"the Content-Disposition {brief(disposition)} is not UTF-8: send the filename as UTF-8")
    # aiohttp's own parsing of this header drops file names with several semicolons, so the standard library does it.
    header = Message()
    header["Content-Disposition"] = disposition
    field = header.get_param("name", header="content-disposition")
    name = header.get_filename("")
    if header.get_content_disposition() != "form-data" or field != "data":
        raise Refusal(
            f"a part has the field name {brief(field)}: every file, label files too, belongs in a field named data"
        )
    for escape, char in _FORM_ESCAPES:
        name = name.replace(escape, char)
    if not name:
        raise Refusal("a part has no filename: name every file in its Content-Disposition")
    content_type = part.headers.get("Content-Type", "")
    if not content_type:
        raise Refusal(f"{brief(name)} has no Content-Type: send the part's own type")
    return name, content_type


def _split(md5: str) -> str:
    """Returns training or testing, as official clients do: by the first hex digit of the MD5 that is not f."""
    digit = md5.lstrip("f")[:1] or "0"
    return "training" if digit in "0123456789ab" else "testing"
