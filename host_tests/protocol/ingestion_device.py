"""Runs on MicroPython: the request heads of the ingestion API."""

from edgeingest import ingestion
from edgeingest.http import request_head
from edgeingest.validate import check_file_name

KEY = "ei_0123456789"


class Thing:
    name = "a.jpg"
    content_type = "image/jpeg"
    size = 7


def quote(text):
    return ingestion.quoted(text)


def inferred_label(name):
    return ingestion.inferred_label(name)


def head(category="training", endpoint="data", host="h", **named):
    names = ("file_name", "label", "metadata", "no_label", "disallow_duplicates", "add_date_id")
    if "metadata" in named:
        named["metadata"] = dict(named["metadata"])
    if named.get("file_name") is not None:
        check_file_name(named["file_name"], "file_name")  # by the client, which needs it for the reply, too
    given = [named.get(name, None if name in names[:3] else False) for name in names]
    path = "/api/%s/%s" % (ingestion.check_category(category), endpoint)
    fields = ingestion.key_field(KEY) + ingestion.header_fields(*given)
    fields += ingestion.header_field("Content-Type", Thing.content_type, "content_type")
    return request_head(path, host, fields, Thing.size)


def target(category):
    return head(category).split(b" ")[1].decode()


def fields(**named):
    """Returns the header fields without those that every request has."""
    lines = head(**named).decode().split("\r\n")
    if lines[1:3] != ["Host: h", "X-Api-Key: " + KEY]:
        raise ValueError(lines)
    if lines[-4:] != ["Content-Type: image/jpeg", "Content-Length: 7", "", ""]:
        raise ValueError(lines)
    return [tuple(line.split(": ", 1)) for line in lines[3:-4]]


def check_body(size, content_type="image/jpeg"):
    thing = Thing()
    thing.size = size
    thing.content_type = content_type
    ingestion.check_body(thing, "a.jpg")


def checked_key(key):
    return ingestion.key_field(key)
