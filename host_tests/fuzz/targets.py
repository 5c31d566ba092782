"""Fuzz targets: each part of the library that reads foreign bytes, as a function of bytes that raises on a fault.

This file also runs on MicroPython, with the kept corpus; `oracles` compares with libraries of CPython.
A result is ("error", class) or ("ok", ...): it must not depend on how the bytes were cut into pieces.
"""

from binascii import crc32
from struct import pack

from edgeingest.errors import IngestError, ProtocolError, SampleError, ServiceError
from edgeingest.http import ResponseParser
from edgeingest.ingestion import DataReply
from edgeingest.multipart import FilesReply
from edgeingest.spool.format import Damaged, Entry
from edgeingest.spool.recovery import InterruptedRecording
from edgeingest.url import parse_url

DUPLICATE = "An item with this hash already exists"
LINE, HEADERS, BODY = 256, 512, 700  # small, so that limits are met
SLACK = 512  # bytes
PATH = "build/fuzz/spool.ent"  # the file that `spool` reads; callers may set another
NUMBER = 7  # of that file
STATUSES = (200, 201, 204, 301, 400, 401, 413, 429, 500, 503)


def pieces(data, seed):
    """Returns the data cut into pieces: one piece, single bytes, or sizes that depend on the seed."""
    if seed == 0:
        return [data]
    found = []
    at = 0
    while at < len(data):
        size = seed if seed < 128 else 1 + seed % 7 * len(found) % 61
        found.append(data[at : at + size])
        at += size
    return found


def held(thing):
    """Returns how many bytes the attributes of an object, and lists in them, hold."""
    total = 0
    for value in thing.__dict__.values():
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, (bytes, bytearray, str)):
                total += len(one)
    return total


def attempt(call, allowed, *arguments):
    """Returns the result of a call, or its error if that is allowed; raises any other."""
    try:
        return ("ok",) + call(*arguments)
    except IngestError as e:
        if not isinstance(e, allowed):
            raise e
        error = e
    if not isinstance(error, SampleError) and len(str(error)) > 500:  # these may quote arguments of the caller
        raise ValueError(f"an error of {len(str(error))} characters")
    return "error", type(error).__name__


def parse(cut, closed):
    """Returns the result of a ResponseParser for these pieces."""
    parser = ResponseParser(limit_line=LINE, limit_headers=HEADERS, limit_body=BODY)
    used = 0
    for piece in cut:
        took = parser.feed(memoryview(bytearray(piece)))
        used += took
        if held(parser) > LINE + HEADERS + BODY + SLACK:
            raise ValueError(f"the parser holds {held(parser)} bytes")
        if took > len(piece) or took < len(piece) and not parser.done:
            raise ValueError(f"took {took} of {len(piece)} bytes")
        if parser.done:
            break
    if closed and not parser.done:
        parser.eof()
    length = parser.header("content-length")
    return used, parser.done, parser.status, bytes(parser.body), parser.keep_alive, length


def parser(data):
    """data: how to cut it, whether the connection ends after it, the reply. Its result in one piece."""
    if len(data) < 2:
        return None
    reply = data[2:]
    whole = attempt(parse, ProtocolError, [reply], data[1] & 1)
    cut = attempt(parse, ProtocolError, pieces(reply, data[0]), data[1] & 1)
    if whole != cut:
        raise ValueError(f"{whole!r} in one piece, {cut!r} in several")
    return whole


def answer(make, status, cut, most):
    """Returns the result of a reply object for a body in these pieces."""
    reply = make()
    for piece in cut:
        if reply.enough(status):
            break
        reply.feed(status, memoryview(bytearray(piece)))
        if held(reply) > most:
            raise ValueError(f"the reply holds {held(reply)} bytes")
    return (reply.finish(status),)


def compared(make, status, body, seed, most):
    """Returns the result for one piece; checks that it is the same for several."""
    allowed = (ProtocolError, ServiceError)
    whole = attempt(answer, allowed, make, status, [body], most)
    cut = attempt(answer, allowed, make, status, pieces(body, seed), most)
    if whole != cut:
        raise ValueError(f"{whole!r} in one piece, {cut!r} in several")
    if whole[0] == "ok" and not 200 <= status < 300 and DUPLICATE.encode() not in body:
        raise ValueError(f"status {status} is a success: {whole!r}")
    return whole


def data_reply(data):
    """data: how to cut it, the status, the body of an answer on `data`."""
    if len(data) < 2:
        return None
    status = STATUSES[data[1] % len(STATUSES)]
    result = compared(lambda: DataReply("sent.cbor"), status, data[2:], data[0], 1024 + SLACK)
    if result[0] == "ok":
        name, number, duplicate = result[1]
        if not name or number is not None or duplicate and name != "sent.cbor":
            raise ValueError(f"this is no Stored: {result!r}")
    return result


class Named:
    """A body with the attributes that a reply reads."""

    def __init__(self, name):
        self.name = name


def files_reply(data):
    """data: how to cut it, the status, how many files and label files were sent, the body of an answer on `files`."""
    if len(data) < 3:
        return None
    status = STATUSES[data[1] % len(STATUSES)]
    count, labels = 1 + data[2] % 4, data[2] >> 2 & 1
    bodies = [Named(f"n{i}") for i in range(count)]

    def make():
        return FilesReply(bodies, [count - 1] if labels else [])

    result = compared(make, status, data[3:], data[0], 1024 + 4096 + 64 * count + SLACK)
    if result[0] == "ok" and len(result[1]) != count:
        raise ValueError(f"{len(result[1])} results for {count} files")
    return result


def url(data):
    """data: a URL in UTF-8."""
    try:
        text = data.decode()
    except UnicodeError:
        return None
    result = attempt(parse_url, SampleError, text)
    if result[0] == "ok":
        _, tls, host, port, shown = result
        for c in host + shown:
            if not "!" <= c <= "~" or c in "/?#@\\":
                raise ValueError(f"{c!r} in the host of {text!r}")
        if not host or not 0 < port < 65536:
            raise ValueError(f"no host, or port {port!r}")
        if parse_url(("https://" if tls else "http://") + shown) != (tls, host, port, shown):
            raise ValueError(f"the Host header of {text!r} is read differently")
    return result


def repaired(data):
    """Returns the frames with correct lengths and checksums, so that their content is read."""
    found = b""
    total = at = 0
    while at + 3 <= len(data):
        content = data[at + 3 : at + 3 + (data[at + 1] | data[at + 2] << 8)]
        head = data[at : at + 1] + pack("<H", len(content))
        total = crc32(content, crc32(head, total))
        found += head + content + pack("<I", total)
        at += 3 + len(content) + 4
    return found


def read(entry, size):
    """Returns all bytes of an entry, read through a window of this size."""
    found = b""
    window = bytearray(size)
    while n := entry.readinto(window):
        found += bytes(window[:n])
    return found


def entry_of(path):
    """Returns what would be sent of the file, and with which arguments."""
    entry = Entry(path, NUMBER)
    try:
        content = read(entry, 100)
        for size in (1, 2048):
            entry.rewind()
            if read(entry, size) != content:
                raise ValueError("an entry depends on the window")
        if len(content) != entry.size:
            raise ValueError(f"{len(content)} bytes of an entry of {entry.size}")
    finally:
        entry.close()
    category, arguments = entry.header.arguments()
    return content, entry.name, entry.content_type, category, sorted((arguments["metadata"] or {}).items())


def recording_of(path):
    """Returns what is kept of an interrupted recording."""
    recording = InterruptedRecording(path, NUMBER, None)
    if recording.fault:
        return None, recording.complete
    length = recording.usable()
    with open(path + ".copy", "wb") as file:
        recording.write(file, length)
    content = read(Entry(path + ".copy", NUMBER), 100)
    if len(content) != length + len(recording.tail) or length > recording.writer.sent:
        raise ValueError(f"{len(content)} bytes, {length} of them rows; {recording.writer.sent} were written")
    return content[:length], recording.complete


def spool(data):
    """data: 1 repair its sums, 2 it is a recording; a file of a spool."""
    if not data:
        return None
    with open(PATH, "wb") as file:
        file.write(repaired(data[1:]) if data[0] & 1 else data[1:])
    return attempt(recording_of if data[0] & 2 else entry_of, Damaged, PATH)


TARGETS = {"parser": parser, "data_reply": data_reply, "files_reply": files_reply, "url": url, "spool": spool}
