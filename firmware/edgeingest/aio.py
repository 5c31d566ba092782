"""`AsyncClient`: the client for asyncio. Other tasks run while it waits, and after every window it sends."""

import asyncio

from .session import Session

_NAP = 8  # ms, the longest between two looks at the socket


class AsyncClient(Session):
    """See `Session` for the arguments and the calls, which are awaited here. Calls of several tasks take turns.

    Name look-up blocks all tasks: MicroPython has no other. Everything else lets them run, TLS too: none waits longer
    than one window or one TLS record takes. A call may be cancelled anywhere, by `asyncio.wait_for` for instance: its
    connection and its bodies are closed then, and the client can be used again.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._connection.shares = True
        self._lock = asyncio.Lock()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    async def _run(self, exchange):
        """Let other tasks run while the exchange waits, to its end."""
        try:
            async with self._lock:
                while True:
                    events = next(exchange)
                    if events:
                        await self._ready(events)
                    else:
                        await asyncio.sleep_ms(0 if events is None else 1)
        except StopIteration as e:
            result = e.value
        finally:
            exchange.close()
        return result

    async def _ready(self, events):
        """Until one of the events is there, or no time is left; the exchange looks at its limits itself.

        By looking now and then: waiting in asyncio's own queue with a time limit makes two tasks each time, and a board
        that uploads while it samples must not collect garbage.
        """
        connection = self._connection
        nap = 1
        await asyncio.sleep_ms(0)
        while not connection.stream.poll(events, 0):
            left = connection.limit.left()
            if not left:
                return
            await asyncio.sleep_ms(min(nap, left))
            nap = min(2 * nap, _NAP)
