"""`AsyncClient`: the client for asyncio. Other tasks run while it waits, and after every window it sends."""

import asyncio

from micropython import const

from .client import Client
from .connection import BACK_OFF, BODY_NOT_READY, ms_until
from .errors import DeadlineError, IngestError, NetworkError

_MAX_NAP_MS = const(8)  # between two looks at the socket


class AsyncClient(Client):
    """See `Client` for the arguments and the calls, which are awaited here. Calls of several tasks take turns.

    Name look-up blocks all tasks: MicroPython has no other. Everything else lets them run, TLS too: none waits longer
    than one window or one TLS record takes. A call may be cancelled anywhere, by `asyncio.wait_for` for instance: its
    connection and its bodies are closed then, and the client can be used again. `deadline_ms` counts the wait for the
    turn, too. `close` ends the call that is at work: a NetworkError.

        async with AsyncClient("ei_your_api_key", ca="edgeingest.der") as client:
            await client.upload("training", sample)
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._connection.shares = True
        self._turns = []  # requests: the one that is at work, then those that wait
        self._closes = 0

    def close(self):
        """Closes the connection, also under a call that is at work; the next call opens a new one."""
        self._closes += 1
        super().close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_):
        self.close()

    async def _run(self, request, reply, repeatable, deadline):
        """Carries out a call while other tasks run; the wait for its turn is part of it.

        It waits by looking now and then: waiting in asyncio's own queue with a time limit makes two tasks each time,
        and a board that uploads while it samples must not collect garbage.
        """
        connection = self._connection
        turns = self._turns
        turns.append(request)
        work = result = None
        try:
            while place := turns.index(request):
                await asyncio.sleep_ms(_MAX_NAP_MS * place)
                if deadline is not None and ms_until(deadline) <= 0:
                    raise DeadlineError("no time left while waiting for its turn, nothing was sent")
            closes = self._closes
            work = connection.call(request, reply, repeatable, deadline)
            for event in work:
                nap = 1 if event == BODY_NOT_READY else 0
                while True:
                    await asyncio.sleep_ms(min(nap, connection.left()))
                    if self._closes != closes:
                        raise NetworkError("the client was closed during the call")
                    if self._has_come(event):
                        break
                    nap = min(2 * nap or 1, _MAX_NAP_MS)
        except (IngestError, MemoryError) as e:
            raise self._shown(e)
        finally:
            turns.remove(request)
            if work:  # otherwise the connection is at work for another call
                work.close()
                result = connection.end_call()
            request.close()
        return result

    def _has_come(self, event):
        """True when the wait for an event is over, or the time for it."""
        connection = self._connection
        if not connection.left():
            return True
        return connection.poll(event, 0) if event > 0 else event != BACK_OFF
