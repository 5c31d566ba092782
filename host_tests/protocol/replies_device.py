"""Runs on MicroPython: the parsers of the replies of both endpoints."""

from edgeingest import ingestion
from edgeingest.errors import IngestError, ProtocolError
from edgeingest.ingestion import DataReply
from edgeingest.multipart import FilesReply
from edgeingest.upload import FileReply


class Named:
    def __init__(self, name):
        self.name = name


def feed(reply, status, data, step):
    step = step or len(data) or 1
    for i in range(0, len(data), step):
        if not reply.enough(status):
            reply.feed(status, memoryview(data)[i : i + step])


def data(status, body, step=0, fields=()):
    reply = DataReply("sent.cbor")
    feed(reply, status, body, step)
    return tuple(reply.finish(status, dict(fields).get))


def files(status, body, step=0, names=("a", "b"), labels=()):
    reply = FilesReply([Named(name) for name in names], labels)
    feed(reply, status, body, step)
    return [tuple(stored) for stored in reply.finish(status)]


def one_file(status, body, step=0, name="a"):
    reply = FileReply(Named(name))
    feed(reply, status, body, step)
    return [tuple(stored) for stored in reply.finish(status)]


def outcome(call, *arguments):
    """Returns what comes of a call: its result, or the kind, text and results of its error."""
    try:
        return call(*arguments)
    except IngestError as e:
        return type(e).__name__, str(e)[:60], getattr(e, "results", None)  # then come the bytes, in pieces


def as_one_and_as_many(status, body, step, name):
    """Returns what the two readers of a reply say when one item was sent."""
    labels = (0,) if name.endswith(".labels") else ()
    return outcome(one_file, status, body, step, name), outcome(files, status, body, step, (name,), labels)


def survives(status, body):
    for call in (data, files, one_file):
        try:
            call(status, body, 5)
        except IngestError:
            pass


def handed(status, body, step=0, names=("a", "b"), labels=()):
    got = []
    bodies = [Named(name) for name in names]
    reply = FilesReply(bodies, labels, lambda index, stored: got.append((index, tuple(stored))))
    feed(reply, status, body, step)
    try:
        end = reply.finish(status)
    except Exception as e:
        end = type(e).__name__
        return got, end, getattr(e, "results", None)
    return got, end, None


def without_memory():
    """Feeds a nested result that a board has no memory to parse; returns the text of the ProtocolError."""
    before = ingestion.loads

    def loads(text):
        if "[[[[" in text:
            raise MemoryError("memory allocation failed")
        return before(text)

    reply = FilesReply([Named("a")])
    ingestion.loads = loads
    try:
        reply.feed(200, b'{"success":true,"files":[{"a":[[[[]]]]}]}')
        reply.finish(200)
    except ProtocolError as e:
        return str(e)
    finally:
        ingestion.loads = before
