"""A bad network between a client and a service: it is slow, and its connections die at a random byte."""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

_ENDS = ("close", "reset", "stall")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: RST instead of FIN


@dataclass(frozen=True)
class Conditions:
    """The properties of the network.

    latency_s: seconds that each piece takes; bytes_per_s: in each direction, 0 for no limit; lost: the fraction of
    connections that die; after_bytes: of both directions, how many these live on average (exponentially distributed).
    A connection dies by FIN, by RST, or by silence; the two ends never in the same way, when it is silence.
    """

    latency_s: float = 0.0
    bytes_per_s: float = 0.0
    lost: float = 0.1
    after_bytes: float = 5000.0
    seed: int = 0


class Proxy:
    """Listens on a free port of this computer and passes everything on to `port`."""

    def __init__(self, port: int, conditions: Conditions):
        self.connections = self.killed = self.bytes = 0
        self.port = 0
        self._to, self._conditions = port, conditions
        self._chance = random.Random(conditions.seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def start(self) -> None:
        self._thread.start()
        made = asyncio.start_server(self._serve, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(made, self._loop).result(10)
        self.port = server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        async def cancel() -> None:
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(cancel(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        dies = self._chance.random() < self._conditions.lost
        life = _Life(self._chance.expovariate(1 / self._conditions.after_bytes) if dies else float("inf"))
        end = self._chance.choice(_ENDS)
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:  # nothing listens there, at the moment
            writer.close()
            return
        ways = [
            asyncio.ensure_future(self._pass_on(reader, there_writer, life)),
            asyncio.ensure_future(self._pass_on(there_reader, writer, life)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if life.over:
                self.killed += 1
                for way in ways:
                    way.cancel()
                if end == "stall":
                    while await reader.read(1 << 16):  # until the client closes
                        pass
        except ConnectionError:
            pass
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for one in (writer, there_writer):
                if life.over and end == "reset":
                    one.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                one.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, life: "_Life") -> None:
        conditions = self._conditions
        while not life.over and (data := await reader.read(1400)):
            if conditions.latency_s:
                await asyncio.sleep(conditions.latency_s)
            if conditions.bytes_per_s:
                await asyncio.sleep(len(data) / conditions.bytes_per_s)
            data = data[: life.take(len(data))]
            self.bytes += len(data)
            writer.write(data)
            await writer.drain()


class _Life:
    """Counts the bytes after which a connection dies."""

    def __init__(self, left: float):
        self._left = left
        self.over = False

    def take(self, size: int) -> int:
        """Returns how many of `size` bytes may still pass."""
        allowed = int(min(size, self._left))
        self._left -= size
        self.over = self._left <= 0
        return allowed


@contextlib.contextmanager
def proxy(port: int, **conditions: float) -> Iterator[Proxy]:
    """Gives a Proxy for this port, with these `Conditions`."""
    made = Proxy(port, Conditions(**conditions))  # type: ignore[arg-type]  # a seed is an int
    made.start()
    try:
        yield made
    finally:
        made.stop()
