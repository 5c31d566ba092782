"""`Spool`: what could not be sent yet waits on flash, and survives power cuts. `format` describes the files."""

from micropython import const

from ..body import Chain
from ..errors import SampleError, SpoolFull
from ..ingestion import body_of, check_body, check_category, header_field, header_fields
from ..validate import check_file_name, check_flag, check_whole
from .folder import folder_at
from .format import Writer, encode_header, framed

_RESERVED = const(64)  # bytes of an entry besides its header's content and the frames of its body: more than it has

# The other classes that programs see, and their modules, which are loaded when they are used.
_MODULES = {"Recording": "recording", "Recovered": "recovery", "Flushed": "flush", "Damaged": "format"}


def __getattr__(name):
    """Loads a class of `_MODULES` when a program asks for it by name."""
    if name not in _MODULES:
        raise AttributeError(name)
    return getattr(__import__("edgeingest.spool." + _MODULES[name], None, None, (name,)), name)


class Spool:
    """A queue of samples and files in a folder, sent oldest first.

    path: the folder, on littlefs if power may fail; it is made if its parent exists. One program at a time may use it;
    several Spool objects of a program at one path are the same queue.
    max_bytes: of all files in it, also those that were set aside; the file system may need a block more for each.
    drop_oldest: when there is no room, drop the oldest file and count it in `dropped`, instead of raising SpoolFull.

    `entries`: how many wait. `bytes`: of all files. `dropped`: how many were dropped since the program was started.
    Wrong arguments are a SampleError. Errors of the file system are an OSError, or SpoolFull when it has no space.
    Opening a spool removes what an interrupted `put` left. A file is checked before it is sent, and moved to `damaged/`
    if it is not what was written; what the service has refused is moved to `rejected/`. A .txt file beside each has the
    reason, for a person to read. Neither is sent again, unless `retry_rejected` is called.

        spool = Spool("spool", max_bytes=200_000)
    """

    def __init__(self, path, max_bytes=1 << 18, drop_oldest=False):
        check_whole(max_bytes, "max_bytes", 1, 1 << 40)
        self._max_bytes = max_bytes
        self._drop_oldest = check_flag(drop_oldest, "drop_oldest")
        self._folder = folder_at(path)

    @property
    def entries(self):
        return self._folder.entries

    @property
    def bytes(self):
        return self._folder.bytes

    @property
    def dropped(self):
        return self._folder.dropped

    def _reserve(self, size):
        """Makes sure that this many bytes may be added, or raises SpoolFull."""
        self._folder.reserve(size, self._max_bytes, self._drop_oldest)

    def put(
        self,
        category,
        item,
        file_name=None,
        label=None,
        metadata=None,
        no_label=False,
        disallow_duplicates=True,
        add_date_id=False,
        hmac_key=None,
    ):
        """Puts a Sample, a File or a body on flash, in constant memory. When this returns, it survives a power cut.

        hmac_key: signs a Sample now; the key itself is not kept, and the client's key has no effect on entries. The
        other arguments are those of `Client.send` and checked as there. disallow_duplicates: after a power cut between
        the service's answer and the end of `flush` an entry is sent again; with False it is then stored twice.
        Label files are refused: they belong into the request of their files, which a spool does not keep together.
        A body whose bytes are not ready is a SampleError; `record` is for what is still being measured.

            spool.put("training", sample, hmac_key="your_hmac_key")
        """
        folder = self._folder
        body = item
        try:
            body = body_of(item, hmac_key)
            name = check_file_name(body.name if file_name is None else file_name, "file_name")
            check_body(body, name)
            number = folder.highest + 1
            head = _header(number, category, body, name, label, metadata, no_label, disallow_duplicates, add_date_id)
            if file_name is not None and body.name and _extension(name) != _extension(body.name):
                raise SampleError("file_name: %r must end as %r does: the service goes by that" % (name, body.name))
            self._reserve(len(head) + framed(body.size) + _RESERVED)
            chain = Chain((body,), name)

            def fill(file):
                """Writes the entry."""
                chain.rewind()
                writer = Writer(file)
                writer.frame(b"H", head)
                if writer.add(chain) is None:
                    raise SampleError("item: %r has bytes that are not there yet: use record" % name)
                writer.end()

            folder.highest = number  # from now on: an interrupted put may have made the entry
            while True:
                try:
                    folder.write(number, fill)
                    break
                except SpoolFull as e:
                    if not (chain.rewindable and self._drop_oldest and folder.drop()):
                        raise e
        finally:
            if hasattr(body, "readinto") and hasattr(body, "close"):
                body.close()

    def record(
        self,
        category,
        sensors,
        interval_ms,
        device_type,
        device_name=None,
        typecode="f",
        name="sample",
        label=None,
        metadata=None,
        no_label=False,
        disallow_duplicates=True,
        add_date_id=False,
        hmac_key=None,
        iat=None,
    ):
        """Begins an entry to which rows are appended as they are measured: a `Recording`, for a `with` statement.

        typecode: of the buffers that will be written; integers are sent at their full width. sensors, interval_ms,
        device_type, device_name, name, iat: as of a Sample; iat is when recording begins. hmac_key is held in memory
        until the recording is closed. The other arguments are those of `put`.

            with spool.record("training", sensors, 10, "RPI_PICO_W", name="walk.01") as recording:
                recording.write(array("f", (0.1, 0.2, 9.8) * 50))
        """
        from ..sample import Sample
        from .recording import FutureRows, Recording

        folder = self._folder
        number = folder.highest + 1
        body = Chain((), check_file_name("%s.cbor" % name, "file_name"), Recording.content_type)
        head = _header(number, category, body, body.name, label, metadata, no_label, disallow_duplicates, add_date_id)
        sample = Sample(sensors, interval_ms, FutureRows(), device_type, device_name, name, typecode, 1, iat)
        recording = Recording(folder, self._reserve, number, head, sample, hmac_key)
        folder.highest = number
        return recording

    def recover(self, hmac_key=None, drop=False):
        """Finishes the recordings that a power cut interrupted: call it once after start-up, before recording begins.

        They end with the last row that was synced, or a later one. hmac_key: for recordings that were begun with a key;
        without it they wait for the next call, and so does every recording while flash is full. drop=True: remove all
        instead.
        Returns Recovered(finished, waiting, dropped, damaged): how many became entries; wait; were removed, as
        recordings without a row always are; were moved to `damaged/`.

            spool.recover(hmac_key="your_hmac_key")
        """
        from .recovery import recover

        return recover(self._folder, hmac_key, check_flag(drop, "drop"))

    def retry_rejected(self):
        """Makes the entries in `rejected/` wait again: after the settings were corrected, for instance.

        Returns how many.

            print(spool.retry_rejected())
        """
        from .recovery import retry_rejected

        return retry_rejected(self._folder)

    def flush(self, client, max_failures=10):
        """Sends what waits, oldest first, as requests of entries with equal category, label, metadata and flags.

        Up to 64 go into a request, if their file names differ. They are read from flash when they are sent. What was
        stored, or was a duplicate, is removed. An entry that the service refuses in its own words (status 400, 413,
        415, 421, 422; or named in the reply) is moved to `rejected/`; but after three refusals in the same words in a
        row the flush ends, and keeps them: it may be the settings.
        No network, or a service that asks to come back later, ends the flush. After another failure that may pass (5xx,
        a reply that makes no sense, the page of a proxy) it goes on with other entries, and tries those that failed by
        themselves; two failures in a row end it. An entry that failed in `max_failures` calls, while others were
        stored, is moved to `rejected/`; a restart begins to count anew. Any other answer of the service (such as 401),
        and a certificate that cannot be verified, is for you to correct: it is raised, and the entries are kept.

        Returns Flushed(stored, duplicates, rejected, damaged, kept, error, repeated, stuck): how many; the IngestError
        that ended it or kept an entry, or None; how many of the duplicates have the bytes of another entry of this
        spool; a dict with the number of each entry that could not be moved or removed on flash, and why.

            print(spool.flush(client))
        """
        from .flush import flush

        work = flush(self._folder, client, False, check_whole(max_failures, "max_failures", 1, 1 << 20))
        try:
            work.send(None)  # to its end: it awaits nothing
        except StopIteration as e:
            result = e.value
        return result  # not from within `try`: the native emitter loses the value

    async def flush_async(self, client, max_failures=10):
        """`flush` with an AsyncClient. What is put meanwhile is kept for the next call.

        Returns Flushed, as `flush` does.

            print(await spool.flush_async(async_client))
        """
        from .flush import flush

        return await flush(self._folder, client, True, check_whole(max_failures, "max_failures", 1, 1 << 20))


def _extension(name):
    """Returns what follows the last dot of a file name."""
    return name.rsplit(".", 1)[-1].lower()


def _header(number, category, body, name, *fields):
    """Returns the header of an entry, or raises the SampleError of a client with these arguments.

    fields: label and those that follow it in `put`.
    """
    check_category(category)
    header_fields(name, *fields)
    header_field("Content-Type", body.content_type, "content_type")
    if _extension(name) == "labels":
        raise SampleError("item: %r is a label file: upload it together with its files" % name)
    return encode_header(number, category, name, body.content_type, *fields)
