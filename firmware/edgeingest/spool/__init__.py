"""`Spool`: what could not be sent yet waits on flash, and survives power cuts. `format` describes the files."""

from micropython import const

from ..body import Chain
from ..errors import SampleError, SpoolFull
from ..ingestion import body_of, check_body, check_category, header_field, header_fields
from ..validate import check_file_name, check_flag, check_whole
from .folder import Folder
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

    path: the folder, on littlefs if power may fail; it is made if its parent exists. One Spool at a time may use it.
    max_bytes: of all files in it, also those that were set aside; the file system may need a block more for each.
    drop_oldest: when there is no room, drop the oldest file and count it in `dropped`, instead of raising SpoolFull.

    `entries`: how many wait. `bytes`: of all files. `dropped`: how many were dropped since this object was made.
    Wrong arguments are a SampleError. Errors of the file system are an OSError, or SpoolFull when it has no space.
    Opening a spool removes what an interrupted `put` left. A file is checked before it is sent, and moved to `damaged/`
    if it is not what was written; what the service refused for good is moved to `rejected/`. A .txt file beside each
    has the reason, for a person to read. Neither is sent again.

        spool = Spool("spool", max_bytes=200_000)
    """

    def __init__(self, path, max_bytes=1 << 18, drop_oldest=False):
        check_whole(max_bytes, "max_bytes", 1, 1 << 40)
        self._folder = Folder(path, max_bytes, check_flag(drop_oldest, "drop_oldest"))

    @property
    def entries(self):
        return self._folder.entries

    @property
    def bytes(self):
        return self._folder.bytes

    @property
    def dropped(self):
        return self._folder.dropped

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
            folder.reserve(len(head) + framed(body.size) + _RESERVED)
            chain = Chain((body,), name)

            def fill(file):
                """Writes the entry."""
                chain.rewind()
                writer = Writer(file)
                writer.frame(b"H", head)
                if writer.add(chain) is None:
                    raise SampleError("item: %r has bytes that are not there yet: use record" % name)
                writer.end()

            while True:
                try:
                    folder.write(number, fill)
                    break
                except SpoolFull as e:
                    if not (chain.rewindable and folder.drop()):
                        raise e
            folder.highest = number
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
        recording = Recording(folder, number, head, sample, hmac_key)
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

    def flush(self, client):
        """Sends what waits, oldest first, as requests of entries with equal category, label, metadata and flags.

        Up to 64 go into a request, if their file names differ. They are read from flash when they are sent. What was
        stored, or was a duplicate, is removed. When something stops it that may pass (no network, the service is busy,
        its reply makes no sense), the rest is kept: see `error`. An entry that is refused (status 400, 413, 415, 421,
        422; or named in the reply) is moved to `rejected/`. Any other answer of the service (such as 401), and a
        certificate that cannot be verified, is for you to correct: it is raised, and the entries are kept.
        Returns Flushed(stored, duplicates, rejected, damaged, kept, error): how many; and the NetworkError,
        ProtocolError or ServiceError that stopped it, or None.

            print(spool.flush(client))
        """
        from .flush import flush

        work = flush(self._folder, client, False)
        try:
            work.send(None)  # to its end: it awaits nothing
        except StopIteration as e:
            result = e.value
        return result  # not from within `try`: the native emitter loses the value

    async def flush_async(self, client):
        """`flush` with an AsyncClient. What is put meanwhile is kept for the next call.

        Returns Flushed, as `flush` does.

            print(await spool.flush_async(async_client))
        """
        from .flush import flush

        return await flush(self._folder, client, True)


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
