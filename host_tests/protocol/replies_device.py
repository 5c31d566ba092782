from edgeingest.errors import IngestError
from edgeingest.ingestion import DataReply
from edgeingest.multipart import FilesReply


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


def survives(status, body):
    for call in (data, files):
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
