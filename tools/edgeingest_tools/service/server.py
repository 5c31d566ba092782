"""Runs the service on a socket: address, TLS, access log, and shutdown on Ctrl-C or SIGTERM."""

import asyncio
import logging
import re
import signal
import socket
import ssl
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import BadContentDispositionHeader, web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError
from rich.console import Console

from edgeingest_tools.errors import printable
from edgeingest_tools.service.app import NOTE, TONE, Settings, make_app

_KEY = re.compile(r"ei_[0-9A-Za-z_-]+")
_SHUTDOWN_S = 2.0


@asynccontextmanager
async def serving(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    console: Console | None = None,
) -> AsyncIterator[str]:
    """Serves while the `async with` block runs and yields the URL; used by the tests and the command line."""
    hidden = (*settings.api_keys, settings.hmac_key or "")
    logger = None if console is None else _logger(console, hidden)
    runner = web.AppRunner(
        make_app(settings),
        access_log_class=logger or _NoLog,
        shutdown_timeout=_SHUTDOWN_S,
        keepalive_timeout=settings.kept_s,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        address, actual = runner.addresses[0][:2]
        yield url("https" if tls else "http", address, actual)
    finally:
        await runner.cleanup()


async def run(settings: Settings, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    """Serves until Ctrl-C or SIGTERM. The log goes to stderr, so that programs can read the URL from stdout."""
    # aiohttp warns about part headers that receive.py parses itself, or refuses with its own text.
    warnings.simplefilter("ignore", BadContentDispositionHeader)
    logging.getLogger("aiohttp.server").addFilter(_is_not_http_error)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with serving(settings, host, port, tls, Console(stderr=True)) as address:
        print(f"Listening on {address}", flush=True)
        if host in WILDCARDS and (own := own_address()):
            scheme, _, actual = address.partition("://")
            print(f"From a board: {url(scheme, own, int(actual.rpartition(':')[2]))}", flush=True)
        await stop.wait()


WILDCARDS = ("0.0.0.0", "::", "")


def own_address() -> str | None:
    """Returns this computer's address in its network: the source address of a UDP socket. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
            return probe.getsockname()[0]
        except OSError:
            return None


def url(scheme: str, address: str, port: int) -> str:
    """Returns the origin as clients write it, with an IPv6 address in brackets."""
    return f"{scheme}://[{address}]:{port}" if ":" in address else f"{scheme}://{address}:{port}"


def _is_not_http_error(record: logging.LogRecord) -> bool:
    """Drops tracebacks of requests that are not HTTP: the access log has a line for them, and they may quote a key."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def _no_http(response: web.StreamResponse) -> str:
    """Returns what is wrong with bytes that are not an HTTP request, without quoting any of them."""
    text = getattr(response, "text", None) or ""
    if "HTTPS traffic" in text:
        return "no HTTP: the client speaks TLS, this port does not; give --tls here, or http:// there"
    return f"no HTTP: {text.partition(':')[0] or 'it cannot be read'}"


class _NoLog(AbstractAccessLogger):
    def log(self, request: web.BaseRequest, response: web.StreamResponse, seconds: float) -> None:
        """Logs nothing."""


def _logger(console: Console, hidden: tuple[str, ...]) -> type[AbstractAccessLogger]:
    class ShortLog(AbstractAccessLogger):
        """Prints one line per request: time, client, status, path, size, duration, outcome; never a key."""

        def log(self, request: web.BaseRequest, response: web.StreamResponse, seconds: float) -> None:
            size = request.content_length or 0
            summary = f"{request.method} {request.rel_url.raw_path} {size} B {seconds * 1000:.0f} ms"
            if request.method == "UNKNOWN":  # aiohttp's method for bytes that are not a request
                summary = _no_http(response)
            line = f"{time.strftime('%H:%M:%S')} {request.remote or '-'} {response.status} {summary}"
            if note := request.get(NOTE):
                line = f"{line}  {note}"
            for key in filter(None, hidden):
                line = line.replace(key, "***")
            style = request.get(TONE, "green" if response.status < 400 else "red")
            line = printable(_KEY.sub("ei_***", line))
            console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)

    return ShortLog
