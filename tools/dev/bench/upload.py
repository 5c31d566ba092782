"""Measures uploads of one size: the client's calls, requests, and a raw loop; to a service or to a null socket."""

from array import array

import requests
from counting import count_writes
from edgeingest import Client, File, Sample, transport
from rounds import measure, options, report
from wire import Raw, nowhere

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
_ROW = 16  # bytes of CBOR of a row of three float32


def client_calls(client, path, sample):
    """Returns (name, function) of each of the library's ways to send."""
    return [
        ("upload file", lambda: client.upload("training", File(path))),
        ("upload Sample", lambda: client.upload("training", sample)),
        ("send file", lambda: client.send("training", File(path))),
        ("send Sample", lambda: client.send("training", sample)),
    ]


def to_nowhere(settings, client, calls):
    path = settings["path"]
    view = memoryview(bytearray(settings["buffer"]))
    capacity = len(view)
    end = nowhere()

    def floor():
        write = end.write
        with open(path, "rb") as file:
            while True:
                n = file.readinto(view)
                if not n:
                    return
                write(view if n == capacity else view[:n])

    def with_reply(run, reply):
        def call():
            end.answer = reply
            run()

        return call

    contenders = [("raw", floor)]
    for name, run in calls:
        reply = settings["reply_files"] if name.startswith("upload") else settings["reply_data"]
        contenders.append((name, with_reply(run, reply.encode())))
    found = measure(contenders, settings["rounds"])
    for name, run in contenders:
        client.close()  # a kept connection would keep the write method that is replaced here
        found[name]["writes"] = end.writes_of(run)
    report(upload=found)


def requests_calls(settings):
    """Returns (name, function) of the usual ways to upload with requests."""
    path = settings["path"]

    def pieces():
        with open(path, "rb") as file:
            while True:
                piece = file.read(settings["buffer"])
                if not piece:
                    return
                yield piece

    def post(data, headers):
        headers["X-Api-Key"] = "ei_bench"
        reply = requests.post(settings["url"] + "/api/training/data", data=data, headers=headers)
        if reply.status_code != 200 or not reply.content:
            raise RuntimeError("requests: status %d" % reply.status_code)

    def generator():  # with Content-Length requests does one write per piece, chunked it would be three
        post(pieces(), {"Content-Length": str(settings["size"])})

    def read():
        with open(path, "rb") as file:
            data = file.read()
        post(data, {})

    found = [("requests generator", generator)]
    return found + [("requests read()", read)] if settings["read"] else found


def to_service(settings, client, calls):
    path = settings["path"]
    view = memoryview(bytearray(settings["buffer"]))
    raw = Raw(settings["host"], settings["port"], settings["ca"], len(settings["reply_data"]))

    def floor():
        with open(path, "rb") as file:
            raw.post(file, settings["size"], view)

    def fresh():
        client.close()
        client.upload("training", File(path))

    others = requests_calls(settings)
    contenders = [("raw", floor)] + calls + [("upload, new connection", fresh)] + others
    found = measure(contenders, settings["rounds"])
    raw.writes = 0
    floor()
    found["raw"]["writes"] = raw.writes
    if not settings["ca"]:  # TLS does not accept a counting socket; its number of writes is the same
        for name, run in calls:
            client.close()
            found[name]["writes"] = count_writes(transport, run, fresh)
        for name, run in others:
            if len(found[name]["us"]) > 1:  # not if one call takes seconds
                found[name]["writes"] = count_writes(requests, run)
    report(upload=found)


def main():
    settings = options()
    size = settings["size"]
    with open(settings["path"], "rb") as file:
        if file.seek(0, 2) != size:
            raise ValueError("the file has another size")
    rows = max(1, (size - 256) // _ROW)
    sample = Sample(_AXES, 10, array("f", bytes(12 * rows)), "bench")
    client = Client("ei_bench", url=settings["url"], ca=settings["ca"], buffer_size=settings["buffer"])
    calls = client_calls(client, settings["path"], sample)
    (to_service if settings["port"] else to_nowhere)(settings, client, calls)


main()
