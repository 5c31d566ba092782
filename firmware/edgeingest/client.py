"""`Client`: turns the arguments of a call into a request, and waits for its result."""

from micropython import const

from . import ingestion
from .body import Chain, at_work
from .connection import WINDOW_SENT, Connection, ticks_in
from .errors import CallersError, IngestError, ProtocolError, SampleError, ServiceError, without_words
from .http import request_head
from .transport import LWIP
from .validate import argument_error, check_flag, check_whole

if LWIP:
    from .lwip_connection import LwipConnection as Connection

_MAX_MS = const(0xFFFFFFF)  # three days: the ticks of a board start again after six
_HOST = "ingestion.edgeimpulse.com"


def _close_bodies(items):
    """Closes the bodies of a call that comes to nothing, but not those that another call sends."""
    for item in items if isinstance(items, (list, tuple)) else (items,):
        if hasattr(item, "readinto") and hasattr(item, "close"):
            if at_work:
                from .sharing import is_used

                if is_used(item):
                    continue
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
    can be used again. Calls return when the service has answered. What code of yours raises within a call (on_stored,
    items, row sources) comes out as it is, and is never tried again. A call from within that code on the same client is
    a SampleError, and so is a body that a call of another client sends at the same time.

        with Client("ei_your_api_key", ca="edgeingest.der", hmac_key="your_hmac_key") as client:
            client.upload("training", sample)
    """

    _is_working = False  # code of a call is executed now, or of this class: a call has begun

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

    @property
    def status(self):
        """HTTP status of the last reply, or None."""
        return self._connection.status

    def close(self):
        """Closes the connection; the next call opens a new one."""
        if self._is_working:
            raise argument_error("at work")
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
        from each file name, unless no_label: its beginning, as far as it has only A-Z, a-z, 0-9, spaces, - and _. So
        `wave.01.cbor` has `wave`, but `Tür.01.cbor` has `T`, and `.hidden.cbor` has none.
        metadata: a dict of str to str. deadline_ms: for the whole call, also for the making of items.
        disallow_duplicates: what is stored already is not stored again, and is no error. add_date_id: the service makes
        the stored names unique. boundary: of the multipart body, random if not given.

        Returns a list of Stored(file_name, sample_id, duplicate) in the order of the items. `items` may be any object
        with `__len__` and `__getitem__`: items are then made when they are reached, once for the size and once to be
        sent. With on_stored, on_stored(index, stored) is called for each as its result arrives, and their number is
        returned. Raises FilesError when some were not stored; see `errors` for the others.

            for stored in client.upload("training", [sample, File("frame.jpg")], label="wave"):
                print(stored.file_name, stored.duplicate)
        """
        # absolute: native code that names no global knows no package
        from edgeingest.upload import files_request

        prepared = files_request(items, self._hmac_key, boundary, on_stored)
        options = label, metadata, no_label, disallow_duplicates, add_date_id
        return self._call("files", category, items, prepared, options, deadline_ms)

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
        prepared = ingestion.data_request(item, self._hmac_key, file_name)
        options = label, metadata, no_label, disallow_duplicates, add_date_id
        return self._call("data", category, item, prepared, options, deadline_ms)

    def _call(self, endpoint, category, items, prepared, options, deadline_ms):
        """Carries out a call; its time begins now."""
        deadline = None
        if deadline_ms is not None:
            try:
                deadline = ticks_in(check_whole(deadline_ms, "deadline_ms", 1, _MAX_MS))
            except SampleError as e:
                _close_bodies(items)
                raise e
        return self._run(items, self._work(endpoint, category, items, prepared, options, deadline), deadline)

    def _work(self, endpoint, category, items, prepared, options, deadline):
        """A generator: a whole call. Yields the events that `connection` names.

        prepared: yields None as often as it likes while it makes the bodies, at last (body, its reply, file name).
        """
        connection = self._connection
        request = reply = error = None
        try:
            connection.begin_call(deadline)
            for made in prepared:
                connection.check_deadline()
                if made is None and connection.shares:
                    yield WINDOW_SENT
            body, reply, name = made
            fields = self._key_field + ingestion.header_fields(name, *options)
            fields += ingestion.header_field("Content-Type", body.content_type, "content_type")
            path = "/api/%s/%s" % (ingestion.check_category(category), endpoint)
            request = Chain((request_head(path, self._host, fields, body.size), body), "the request")
            if at_work:
                from .sharing import check_unused

                check_unused(request)
            at_work.append(request)
            yield from connection.exchange(request, reply, options[3])
        except CallersError as e:
            error = e.args[0]
        except IngestError as e:
            if reply:
                reply.begin()  # frees what it has read
            error = self._shown(e)
        finally:
            if request in at_work:
                at_work.remove(request)
                request.close()
            else:
                _close_bodies(items)
        if error:
            raise error

    def _run(self, items, work, deadline):
        """Waits for the end of a call, and returns its result. deadline: in ticks, or None."""
        if self._is_working:
            raise argument_error("at work")
        connection = self._connection
        self._is_working = True
        try:
            for event in work:
                connection.wait(event)
        finally:
            self._is_working = False
            work.close()
            result = connection.end_call()
        return result  # not from within `try`: the native emitter loses the value

    def _shown(self, error):
        """Returns the error of a call as the caller may see it: no peer can put a key, or a part of it, into it."""
        secrets = self._connection.secrets
        if not isinstance(error, (ProtocolError, ServiceError)) and secrets[0] not in self._host:
            return error  # no words of a peer are in it
        try:
            from .service_errors import without_keys

            return without_keys(error, secrets)
        except MemoryError:
            return without_words(error)
