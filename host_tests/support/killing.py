"""A proxy that ends some of its connections in the middle of a request or of a reply."""

import asyncio
import concurrent.futures
import contextlib
import random
import threading
from collections.abc import Iterator

_REQUEST, _REPLY = 1000, 100  # bytes of request or reply after which such a connection ends


class Killing:
    """Counts all `connections`, and those that were `killed`."""

    def __init__(self, host: str, port: int, share: float, seed: int):
        self.url = ""
        self.connections = self.killed = 0
        self._to = (host, port)
        self._share = share
        self._random = random.Random(seed)

    async def serve(self, started: "concurrent.futures.Future[asyncio.AbstractEventLoop]") -> None:
        """Runs until it is cancelled."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started.set_result(asyncio.get_running_loop())
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        doomed, most = self._random.random() < self._share, self._random.choice((_REQUEST, _REPLY))
        left = self._random.randrange(most) if doomed else None
        upstream_reader, upstream = await asyncio.open_connection(*self._to)
        ends = (writer, upstream)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, direction: int) -> None:
            carried = 0
            while data := await source.read(100):
                carried += len(data)
                if left is not None and direction == most and carried > left:
                    self.killed += 1
                    for end in ends:
                        end.transport.abort()
                    return
                sink.write(data)
                await sink.drain()
            sink.close()

        with contextlib.suppress(OSError):
            await asyncio.gather(pump(reader, upstream, _REQUEST), pump(upstream_reader, writer, _REPLY))
        for end in ends:
            end.close()


@contextlib.contextmanager
def killing(url: str, share: float, seed: int) -> Iterator[Killing]:
    """Gives a proxy in a thread, on a free port, for the server at this URL."""
    host, port = url.removeprefix("http://").split(":")
    proxy = Killing(host, int(port), share, seed)
    started: concurrent.futures.Future[asyncio.AbstractEventLoop] = concurrent.futures.Future()
    thread = threading.Thread(target=lambda: asyncio.run(_until_cancelled(proxy, started)), name="proxy")
    thread.start()
    loop = started.result(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(_cancel_all, loop)
        thread.join()


async def _until_cancelled(proxy: Killing, started: "concurrent.futures.Future[asyncio.AbstractEventLoop]") -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await proxy.serve(started)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
