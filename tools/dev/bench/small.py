"""Measures small uploads of 265 bytes: kept and new connections, requests, a raw loop, and the library's own time."""

from array import array

import requests
from counting import count_writes
from edgeingest import Client, File, Sample, transport
from rounds import measure, options, report
from wire import Raw, nowhere

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
_DATA = bytes(range(256)) + bytes(9)  # 265
_KEY = "fed53116f20684c067774ebf9e7bcbdc"


class Kept:
    """The library's calls on kept connections."""

    def __init__(self, settings):
        self._sample = Sample(_AXES, 10, array("f", bytes(4 * 18)), "bench")
        self.client = Client("ei_bench", url=settings["url"], ca=settings["ca"])
        self.signer = Client("ei_bench", url=settings["url"], ca=settings["ca"], hmac_key=_KEY)

    def file(self):
        self.client.send("training", File(_DATA, "bench.bin"))

    def sample(self):
        self.client.send("training", self._sample)

    def signed(self):
        self.signer.upload("training", self._sample)

    def calls(self):
        return [("send File", self.file), ("send Sample", self.sample), ("upload Sample, signed", self.signed)]


def to_nowhere(settings):
    end = nowhere()
    kept = Kept(settings)

    def signed():
        end.answer = settings["reply_files"].encode()
        kept.signed()
        end.answer = settings["reply_data"].encode()

    end.answer = settings["reply_data"].encode()
    calls = kept.calls()[:2] + [("upload Sample, signed", signed)]
    return measure(calls, settings["rounds"])


def to_service(settings):
    opener = Client("ei_bench", url=settings["url"], ca=settings["ca"])
    raw = Raw(settings["host"], settings["port"], settings["ca"], len(settings["reply_data"]))
    calls = Kept(settings).calls()

    def fresh():
        opener.send("training", File(_DATA, "bench.bin"))
        opener.close()

    def post():
        headers = {"X-Api-Key": "ei_bench", "X-File-Name": "bench.bin"}
        reply = requests.post(settings["url"] + "/api/training/data", data=_DATA, headers=headers)
        if reply.status_code != 200 or not reply.content:
            raise RuntimeError("requests: status %d" % reply.status_code)

    contenders = [("raw", lambda: raw.post_bytes(_DATA))] + calls
    contenders += [("send File, new connection", fresh), ("requests", post)]
    repeats = {name: settings["calls"] for name, _ in contenders}
    repeats["requests"] = repeats["send File, new connection"] = settings["calls_new"]
    found = measure(contenders, settings["rounds"], repeats)
    raw.writes = 0
    raw.post_bytes(_DATA)
    found["raw"]["writes"] = raw.writes
    if not settings["ca"]:
        for i in range(len(calls)):
            name, run = Kept(settings).calls()[i]  # clients that have no connection yet
            found[name]["writes"] = count_writes(transport, run, run)
        found["requests"]["writes"] = count_writes(requests, post)
    return found


def main():
    settings = options()
    report(small=(to_service if settings["port"] else to_nowhere)(settings))


main()
