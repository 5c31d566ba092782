"""`Client`: turns the arguments of a call into a request, and waits for its result."""

from micropython import const

from . import ingestion
from .body import Chain
from .connection import Connection, ticks_in
from .errors import IngestError, ProtocolError, SampleError, ServiceError
from .http import request_head
from .validate import argument_error, check_flag, check_whole

_MAX_MS = const(0xFFFFFFF)  # three days: the ticks of a board start again after six
_HOST = "ingestion.edgeimpulse.com"


def _close_bodies(items):
    """Closes the bodies of a call that comes to nothing."""
    for item in items if isinstance(items, (list, tuple)) else (items,):
        if hasattr(item, "readinto") and hasattr(item, "close"):
            item.close()


class Client:
    """A client of the ingestion service; one connection, kept while the service keeps it.

    api_key: of the project. url: scheme, host and port. ca: for https, the root certificate of the service: DER or PEM,
        a path or bytes. hmac_key: signs every Sample. insecure=True: https without verification.
    timeout_ms: the longest time without a byte of progress while sending; also the whole time for connecting with TLS,
        and for the reply after the last byte. Name look-up is not bounded: MicroPython's getaddrinfo blocks.
    buffer_size: bytes of the one buffer through which everything is sent. retry: a `Retry`, for calls that try again
        after a passing failure.
    Bad arguments are a SampleError before anything is connected. After any error the connection is closed; the client
    can be used again. Calls return when the service has answered.

        with Client("ei_your_api_key", ca="edgeingest.der", hmac_key="your_hmac_key") as client:
            client.upload("training", sample)
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
        retry=None,
    ):
        if hmac_key is not None:
            from . import signing

            signing.key_bytes(hmac_key)
        self._hmac_key = hmac_key
        tls, host, port, self._host = True, _HOST, 443, _HOST
        if url != "https://" + _HOST:
            from . import url as urls

            tls, host, port, self._host = urls.parse_url(url)
        self._key_field = ingestion.key_field(api_key)
        check_whole(timeout_ms, "timeout_ms", 1, _MAX_MS)
        check_whole(buffer_size, "buffer_size", 64, 1 << 20)
        check_flag(insecure, "insecure")
        if ca is not None and not isinstance(ca, (str, bytes, bytearray)):
            raise argument_error("ca", type(ca))
        if retry is not None and not hasattr(retry, "wait_ms"):
            raise argument_error("retry", retry)
        context = None
        if tls:
            from . import tls as certificates

            context = certificates.tls_context(ca, insecure)
        self._connection = Connection(host, port, context, (api_key, hmac_key), timeout_ms, buffer_size, retry)

    def __repr__(self):
        return "Client(%r)" % self._host

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the connection; the next call opens a new one."""
        self._connection.close()

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
        """Sends one item, or a sequence of up to 1000 (Sample, File, body), in one request to the `files` endpoint.

        category: "training", "testing", "anomaly", or "split". label: for all of them; otherwise the service infers one
        from each file name, unless no_label. metadata: a dict of str to str. deadline_ms: for the whole call.
        disallow_duplicates: what is stored already is not stored again, and is no error. add_date_id: the service makes
        the stored names unique. boundary: of the multipart body, random if not given.

        Returns a list of Stored(file_name, sample_id, duplicate) in the order of the items. `items` may be any object
        with `__len__` and `__getitem__`: items are then made when they are reached, once for the size and once to be
        sent. With on_stored, on_stored(index, stored) is called for each as its result arrives, and their number is
        returned. Raises FilesError when some were not stored; see `errors` for the others.

            for stored in client.upload("training", [sample, File("frame.jpg")], label="wave"):
                print(stored.file_name, stored.duplicate)
        """
        try:
            from . import multipart

            body, reply = multipart.files_request(items, self._hmac_key, boundary, on_stored)
            fields = ingestion.header_fields(None, label, metadata, no_label, disallow_duplicates, add_date_id)
            return self._call("files", category, fields, body, reply, disallow_duplicates, deadline_ms)
        except SampleError as e:
            _close_bodies(items)
            raise e

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
        """Sends one Sample, File or body to the `data` endpoint, under its own name or `file_name`.

        Returns Stored(file_name, sample_id=None, duplicate). The other arguments are those of `upload`.

            print(client.send("testing", sample, file_name="wave.02.cbor").file_name)
        """
        try:
            body = ingestion.body_of(item, self._hmac_key)
            name = body.name if file_name is None else file_name
            ingestion.check_body(body, name)
            fields = ingestion.header_fields(name, label, metadata, no_label, disallow_duplicates, add_date_id)
            return self._call(
                "data", category, fields, body, ingestion.DataReply(name), disallow_duplicates, deadline_ms
            )
        except SampleError as e:
            _close_bodies(item)
            raise e

    def _call(self, endpoint, category, fields, body, reply, repeatable, deadline_ms):
        """Sends a request and returns what `reply` makes of the answer."""
        path = "/api/%s/%s" % (ingestion.check_category(category), endpoint)
        fields = self._key_field + fields + ingestion.header_field("Content-Type", body.content_type, "content_type")
        head = request_head(path, self._host, fields, body.size)
        request = Chain((head, body), "the request")
        deadline = None
        if deadline_ms is not None:
            deadline = ticks_in(check_whole(deadline_ms, "deadline_ms", 1, _MAX_MS))
        return self._run(request, reply, repeatable, deadline)

    def _run(self, request, reply, repeatable, deadline):
        """Carries out a call and waits for its end. deadline: in ticks, or None."""
        connection = self._connection
        work = connection.call(request, reply, repeatable, deadline)
        try:
            for event in work:
                connection.wait(event)
        except (IngestError, MemoryError) as e:
            raise self._shown(e)
        finally:
            work.close()
            result = connection.end_call()
            request.close()
        return result  # not from within `try`: the native emitter loses the value

    def _shown(self, error):
        """Returns the error of a call as the caller may see it: no peer can put a key, or a part of it, into it.

        A MemoryError that came while a reply was read is a ProtocolError; any other stays.
        """
        connection = self._connection
        if isinstance(error, MemoryError):
            if not connection.reads_reply():
                return error
        elif not isinstance(error, (ProtocolError, ServiceError)) and connection.secrets[0] not in self._host:
            return error  # no words of a peer are in it
        else:
            try:
                from .service_errors import without_keys

                return without_keys(error, connection.secrets)
            except MemoryError:
                pass
        return ProtocolError("no memory to read the reply: have more heap free before a call, or a smaller buffer_size")
