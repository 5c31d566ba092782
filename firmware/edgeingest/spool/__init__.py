"""`Spool`: what could not be sent yet waits on flash, and survives power cuts. `format` describes the files."""

from micropython import const

from ..body import Chain
from ..errors import SampleError, SpoolFull
from ..http import header_field
from ..ingestion import body_of, check_body, check_category, header_fields
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

    path: the folder, on littlefs if power may fail; it is made if its parent is there. One Spool at a time may use it.
    max_bytes: of all files in it, those that were set aside too; the file system may need a block more for each.
    drop_oldest: when there is no room, drop the oldest file and count it in `dropped`, instead of raising SpoolFull.

    `entries`: how many wait. `bytes`: of all files. `dropped`: since this object was made.
    Bad arguments are a SampleError, the file system's errors an OSError, but SpoolFull when it has no space.
    Opening removes what an interrupted `put` left; files are checked when they are reached, before they are sent, and
    go to `damaged/` if they are not what was written. What the service refused for good goes to `rejected/`. There a
    person can look: a .txt beside each file has the reason. Neither is sent again.
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
        """Put a Sample, a File or a body on flash, in constant memory. When this returns, it survives a power cut.

        hmac_key: signs a Sample now; the key itself is not kept, and the client's has no effect on what is here. The
        other arguments are those of `Client.send`, checked as there. disallow_duplicates: a power cut between the
        service's answer and the end of `flush` has an entry sent again; unless this is on, it is stored twice then.
        Label files are refused: they belong into the request of their files, which a spool does not keep together.
        A body whose bytes are not there yet is a SampleError; `record` is for what is still being measured.
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
        """Begin an entry to which rows are appended as they are measured: a `Recording`, for a `with` statement.

        typecode: of the buffers that it will be given; integers are sent at their full width. Sensors, interval_ms,
        device_type, device_name, name, iat: as of a Sample; iat is when recording begins. hmac_key is held in memory
        until the recording is closed. The other arguments are those of `put`.
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
        """Finish the recordings that a power cut interrupted: call it once after start-up, before recording begins.

        They end with the last row that was synced, or later. hmac_key: of those that were begun with a key, which else
        have to wait as they are, as they do while flash is full: until the next call. drop=True: remove all instead.
        Returns Recovered(finished, waiting, dropped, damaged): how many became entries; still wait; were dropped, as
        were those without a row; were set aside.
        """
        from .recovery import recover

        return recover(self._folder, hmac_key, check_flag(drop, "drop"))

    def flush(self, client):
        """Send what waits, oldest first, as requests of entries with equal category, label, metadata and flags.

        Up to 64 go into a request, if their file names differ. Its bodies are read from flash when they are reached.
        What was stored, or was a duplicate, is removed. When a passing reason stops it (no network, the service is busy
        or its reply makes no sense), the rest stays: see `error`. An entry that is refused (400, 413, 415, 421, 422;
        or by itself in a request) goes to `rejected/`. Any other answer of the service (401 and its like), and a
        certificate that cannot be verified, is an error to be corrected: it is raised, and the entries stay.
        Returns Flushed(stored, duplicates, rejected, damaged, kept, error): how many; and the NetworkError,
        ProtocolError or ServiceError that stopped it, or None.
        """
        from .flush import flush

        work = flush(self._folder, client, False)
        try:
            work.send(None)  # to its end: it awaits nothing
        except StopIteration as e:
            result = e.value
        return result  # not from within `try`: the native emitter loses the value

    async def flush_async(self, client):
        """`flush` with an AsyncClient. What is put meanwhile is kept for the next."""
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
