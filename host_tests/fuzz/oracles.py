"""Compares results with independent parsers: h11 for a reply, json for its body, urllib for a URL."""

import json
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import targets
from support.replies_by_h11 import read_by_h11


def parser(data, result):
    """If both parsers read a complete reply, they must agree."""
    closed = data[1] & 1
    theirs = read_by_h11(data[2:], closed)
    if theirs and result[0] == "ok" and result[2]:
        _, _, _, status, body, kept, _ = result
        status_there, body_there, _, kept_there, version = theirs
        assert (status, body) == (status_there, body_there), (result, theirs)
        if version == b"1.1" and not closed:  # h11 never keeps a connection of 1.0
            assert kept == kept_there, (result, theirs)


class Twice(ValueError):
    """Raised for a repeated member: JSON does not define which of them counts."""


def _members(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise Twice
    return dict(pairs)


def _value(body):
    try:
        return json.loads(body.decode(), object_pairs_hook=_members)
    except (ValueError, RecursionError):
        return None


def data_reply(data, result):
    """A reply that reports a failure must not give a name."""
    value = _value(data[2:])
    if isinstance(value, dict) and result[0] == "ok":
        assert result[1].duplicate, (value, result)


def files_reply(data, result):
    """Each stored file must have a successful result at its index."""
    value = _value(data[3:])
    if not isinstance(value, dict) or result[0] != "ok":
        return
    files = value.get("files")
    for index, stored in enumerate(result[1]):
        if stored.duplicate:
            assert targets.DUPLICATE in json.dumps(value), (value, result)
        elif index < len(files):
            assert files[index]["success"] is True, (value, result)
            assert stored.file_name == (files[index].get("fileName") or stored.file_name), (value, result)
            assert stored.sample_id == files[index].get("sampleId"), (value, result)


def url(data, result):
    """Scheme, host and port must be those of urllib."""
    if result[0] == "ok":
        _, tls, host, port, _ = result
        try:
            found = urlsplit(data.decode())
        except ValueError:  # urllib checks the address in brackets; the library leaves that to the name look-up
            assert ":" in host
            return
        assert found.scheme == ("https" if tls else "http")
        assert found.hostname == host.lower(), (found, result)
        assert (found.port or (443 if tls else 80)) == port, (found, result)


def spool(data, result):
    """What is sent must be the documented frames; nothing is sent when a frame is wrong."""
    frames = list(_frames(Path(targets.PATH).read_bytes()))
    if result[0] == "ok" and not data[0] & 2:
        kinds = b"".join(kind for kind, _ in frames)
        assert kinds[:1] == b"H" and kinds[-1:] == b"E" and kinds.count(b"E") == 1, (kinds, result)
        content = b"".join(content for kind, content in frames if kind in b"DT")
        assert content == result[1], (frames, result)
        assert int.from_bytes(frames[-1][1], "little") == len(content)
    elif result[0] == "ok" and result[1] is not None:
        rows = []
        for kind, content in frames[2:]:
            if kind != b"D":
                break
            rows.append(content)
        assert b"".join(rows).startswith(result[1]), (frames, result)


def _frames(data):
    """Yields (kind, content) of the frames before the first one with a wrong checksum."""
    total = 0
    while len(data) >= 7:
        end = 3 + int.from_bytes(data[1:3], "little")
        total = zlib.crc32(data[:end], total)
        if data[end : end + 4] != total.to_bytes(4, "little"):
            return
        yield data[:1], data[3:end]
        data = data[end + 4 :]


ORACLES = {"parser": parser, "data_reply": data_reply, "files_reply": files_reply, "url": url, "spool": spool}
