"""Uploads of one size through one buffer: the client's calls, requests, and a raw loop; to a service or to nowhere."""

from array import array

import requests
from counting import count_writes
from edgeingest import Client, File, Sample, connection
from rounds import measure, options, report
from wire import Raw, nowhere

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
_ROW = 16  # bytes of CBOR of a row of three float32


def client_calls(client, path, sample):
    """(name, function) of every way in which the library sends."""
    return [
        ("upload file", lambda: client.upload("training", File(path))),
        ("upload Sample", lambda: client.upload("training", sample)),
        ("send file", lambda: client.send("training", File(path))),
        ("send Sample", lambda: client.send("training", sample)),
    ]


def to_nowhere(asked, client, calls):
    path = asked["path"]
    view = memoryview(bytearray(asked["buffer"]))
    room = len(view)
    end = nowhere()

    def floor():
        write = end.write
        with open(path, "rb") as file:
            while True:
                n = file.readinto(view)
                if not n:
                    return
                write(view if n == room else view[:n])

    def with_reply(run, reply):
        def call():
            end.answer = reply
            run()

        return call

    contenders = [("raw", floor)]
    for name, run in calls:
        reply = asked["reply_files"] if name.startswith("upload") else asked["reply_data"]
        contenders.append((name, with_reply(run, reply.encode())))
    found = measure(contenders, asked["rounds"])
    for name, run in contenders:
        client.close()  # a kept connection would go on writing where it did
        found[name]["writes"] = end.writes_of(run)
    report(upload=found)


def requests_calls(asked):
    """(name, function) of the ways of people who use requests."""
    path = asked["path"]

    def pieces():
        with open(path, "rb") as file:
            while True:
                piece = file.read(asked["buffer"])
                if not piece:
                    return
                yield piece

    def post(data, headers):
        headers["X-Api-Key"] = "ei_bench"
        reply = requests.post(asked["url"] + "/api/training/data", data=data, headers=headers)
        if reply.status_code != 200 or not reply.content:
            raise RuntimeError("requests: status %d" % reply.status_code)

    def generator():  # with a length of its own it costs requests one write a piece; chunked it would be three
        post(pieces(), {"Content-Length": str(asked["size"])})

    def read():
        with open(path, "rb") as file:
            data = file.read()
        post(data, {})

    found = [("requests generator", generator)]
    return found + [("requests read()", read)] if asked["read"] else found


def to_service(asked, client, calls):
    path = asked["path"]
    view = memoryview(bytearray(asked["buffer"]))
    raw = Raw(asked["host"], asked["port"], asked["ca"], len(asked["reply_data"]))

    def floor():
        with open(path, "rb") as file:
            raw.post(file, asked["size"], view)

    def fresh():
        client.close()
        client.upload("training", File(path))

    others = requests_calls(asked)
    contenders = [("raw", floor)] + calls + [("upload, new connection", fresh)] + others
    found = measure(contenders, asked["rounds"])
    raw.writes = 0
    floor()
    found["raw"]["writes"] = raw.writes
    if not asked["ca"]:  # TLS does not take a socket that is none; it gets the same writes
        for name, run in calls:
            client.close()
            found[name]["writes"] = count_writes(connection, run, fresh)
        for name, run in others:
            if len(found[name]["us"]) > 1:  # not of what takes seconds
                found[name]["writes"] = count_writes(requests, run)
    report(upload=found)


def main():
    asked = options()
    size = asked["size"]
    with open(asked["path"], "rb") as file:
        if file.seek(0, 2) != size:
            raise ValueError("the file is not of this size")
    rows = max(1, (size - 256) // _ROW)
    sample = Sample(_AXES, 10, array("f", bytes(12 * rows)), "bench")
    client = Client("ei_bench", url=asked["url"], ca=asked["ca"], buffer_size=asked["buffer"])
    calls = client_calls(client, asked["path"], sample)
    (to_service if asked["port"] else to_nowhere)(asked, client, calls)


main()
