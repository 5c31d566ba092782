"""`Client`: the blocking client."""

from .session import Session
from .stream import pause


class Client(Session):
    """A client of the ingestion service; one connection, kept while the service keeps it.

    api_key: of the project. url: scheme, host and port. ca: for https, the root certificate of the service: DER or PEM,
        a path or bytes. hmac_key: signs every Sample. insecure=True: https without verification.
    timeout_ms: the longest time without a byte of progress while sending; also the whole time for connecting with TLS,
        and for the reply after the last byte. Name look-up is not bounded: MicroPython's getaddrinfo blocks.
    buffer_size: bytes of the one buffer through which everything is sent.
    Bad arguments are a SampleError before anything is connected. After any error the connection is closed; the client
    can be used again.
    """

    def __init__(
        self,
        api_key,
        url="https://ingestion.edgeimpulse.com",
        ca=None,
        hmac_key=None,
        insecure=False,
        timeout_ms=10_000,
        buffer_size=2048,
    ):
        super().__init__(api_key, url, ca, hmac_key, insecure, timeout_ms, buffer_size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def upload(
        self,
        category,
        items,
        label=None,
        metadata=None,
        no_label=False,
        disallow_duplicates=True,
        add_date_id=False,
        deadline_ms=None,
        on_stored=None,
        boundary=None,
    ):
        """Send one item, or a sequence of up to 1000 (Sample, File, body), in one request to the `files` endpoint.

        category: "training", "testing", "anomaly", or "split". label: for all of them; otherwise the service infers one
        from each file name, unless no_label. metadata: a dict of str to str. deadline_ms: for the whole call.
        disallow_duplicates: what is stored already is not stored again, and is no error. add_date_id: the service makes
        the stored names unique. boundary: of the multipart body, random if not given.

        Returns a list of Stored(file_name, sample_id, duplicate) in the order of the items. `items` may be any object
        with `__len__` and `__getitem__`: items are then made when they are reached, once for the size and once to be
        sent. With on_stored, on_stored(index, stored) is called for each as its result arrives, and their number is
        returned. Raises FilesError when some were not stored; see `errors` for the others.
        """
        return self._run(
            self._upload(
                category,
                items,
                label,
                metadata,
                no_label,
                disallow_duplicates,
                add_date_id,
                deadline_ms,
                on_stored,
                boundary,
            )
        )

    def send(
        self,
        category,
        item,
        file_name=None,
        label=None,
        metadata=None,
        no_label=False,
        disallow_duplicates=True,
        add_date_id=False,
        deadline_ms=None,
    ):
        """Send one Sample, File or body to the `data` endpoint, under its own name or `file_name`.

        Returns Stored(file_name, sample_id=None, duplicate). The other arguments are those of `upload`.
        """
        return self._run(
            self._send(
                category, item, file_name, label, metadata, no_label, disallow_duplicates, add_date_id, deadline_ms
            )
        )

    def _run(self, exchange):
        """Wait for what the exchange waits for, to its end."""
        try:
            while True:
                events = next(exchange)
                if events:
                    self._stream.poll(events, self._limit.left())
                else:
                    pause()
        except StopIteration as e:
            return e.value
        finally:
            exchange.close()
