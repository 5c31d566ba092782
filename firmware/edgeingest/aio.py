"""`AsyncClient`: the client for asyncio. Other tasks run while it waits, and after every window it sends."""

import asyncio
import time

from .client import Client
from .errors import DeadlineError, IngestError, NetworkError

_NAP = 8  # ms, the longest between two looks at the socket


class AsyncClient(Client):
    """See `Client` for the arguments and the calls, which are awaited here. Calls of several tasks take turns.

    Name look-up blocks all tasks: MicroPython has no other. Everything else lets them run, TLS too: none waits longer
    than one window or one TLS record takes. A call may be cancelled anywhere, by `asyncio.wait_for` for instance: its
    connection and its bodies are closed then, and the client can be used again. `deadline_ms` counts the wait for the
    turn, too. `close` ends the call that is at work: a NetworkError.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._connection.shares = True
        self._turns = []  # works: the one that is done, and those that wait
        self._closes = 0

    def close(self):
        """Close the connection, also under a call that is at work; the next call opens a new one."""
        self._closes += 1
        super().close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    async def _run(self, work, body, deadline):
        """Let other tasks run while the work waits, to its end.

        It waits by looking now and then: waiting in asyncio's own queue with a time limit makes two tasks each time,
        and a board that uploads while it samples must not collect garbage.
        """
        connection = self._connection
        turns = self._turns
        turns.append(work)
        result = None
        started = False
        try:
            while place := turns.index(work):
                await asyncio.sleep_ms(_NAP * place)
                if deadline is not None and time.ticks_diff(deadline, time.ticks_ms()) <= 0:
                    raise DeadlineError("no time left while waiting for its turn, nothing was sent")
            started = True
            connection.start(deadline)
            closes = self._closes
            for events in work:
                nap = 1 if events == 0 else 0
                while True:
                    await asyncio.sleep_ms(min(nap, connection.left()))
                    if self._closes != closes:
                        raise NetworkError("the client was closed during the call")
                    if not events or not connection.left() or events > 0 and connection.poll(events, 0):
                        break
                    nap = min(2 * nap or 1, _NAP)
        except IngestError as e:
            raise connection.told(e)
        finally:
            turns.remove(work)
            work.close()
            if started:  # otherwise the connection is another's
                result = connection.over()
            body.close()
        return result
