"""`Client`: the blocking client."""

from .session import Session
from .stream import pause


class Client(Session):
    """See `Session` for the arguments and the calls; they return when the service has answered."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self, exchange):
        """Wait for what the exchange waits for, to its end."""
        connection = self._connection
        try:
            while True:
                events = next(exchange)
                if events > 0:
                    connection.stream.poll(events, connection.limit.left())
                else:
                    pause(connection.limit.left() if events else 1)
        except StopIteration as e:
            result = e.value
        finally:
            exchange.close()
        return result
