"""Many small uploads of 265 bytes: kept and new connections, requests, a raw keep-alive loop, and our time alone."""

from array import array

import requests
from counting import count_writes
from edgeingest import Client, File, Sample, connection
from rounds import measure, options, report
from wire import Raw, nowhere

_AXES = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
_DATA = bytes(range(256)) + bytes(9)  # 265
_KEY = "fed53116f20684c067774ebf9e7bcbdc"


class Kept:
    """The library's ways to send on kept connections."""

    def __init__(self, asked):
        self._sample = Sample(_AXES, 10, array("f", bytes(4 * 18)), "bench")
        self.client = Client("ei_bench", url=asked["url"], ca=asked["ca"])
        self.signer = Client("ei_bench", url=asked["url"], ca=asked["ca"], hmac_key=_KEY)

    def file(self):
        self.client.send("training", File(_DATA, "bench.bin"))

    def sample(self):
        self.client.send("training", self._sample)

    def signed(self):
        self.signer.upload("training", self._sample)

    def calls(self):
        return [("send File", self.file), ("send Sample", self.sample), ("upload Sample, signed", self.signed)]


def to_nowhere(asked):
    end = nowhere()
    kept = Kept(asked)

    def signed():
        end.answer = asked["reply_files"].encode()
        kept.signed()
        end.answer = asked["reply_data"].encode()

    end.answer = asked["reply_data"].encode()
    calls = kept.calls()[:2] + [("upload Sample, signed", signed)]
    return measure(calls, asked["rounds"])


def to_service(asked):
    opener = Client("ei_bench", url=asked["url"], ca=asked["ca"])
    raw = Raw(asked["host"], asked["port"], asked["ca"], len(asked["reply_data"]))
    calls = Kept(asked).calls()

    def fresh():
        opener.send("training", File(_DATA, "bench.bin"))
        opener.close()

    def post():
        headers = {"X-Api-Key": "ei_bench", "X-File-Name": "bench.bin"}
        reply = requests.post(asked["url"] + "/api/training/data", data=_DATA, headers=headers)
        if reply.status_code != 200 or not reply.content:
            raise RuntimeError("requests: status %d" % reply.status_code)

    contenders = [("raw", lambda: raw.post_bytes(_DATA))] + calls
    contenders += [("send File, new connection", fresh), ("requests", post)]
    repeats = {name: asked["calls"] for name, _ in contenders}
    repeats["requests"] = repeats["send File, new connection"] = asked["calls_new"]
    found = measure(contenders, asked["rounds"], repeats)
    raw.writes = 0
    raw.post_bytes(_DATA)
    found["raw"]["writes"] = raw.writes
    if not asked["ca"]:
        for i in range(len(calls)):
            name, run = Kept(asked).calls()[i]  # clients that have no connection yet
            found[name]["writes"] = count_writes(connection, run, run)
        found["requests"]["writes"] = count_writes(requests, post)
    return found


def main():
    asked = options()
    report(small=(to_service if asked["port"] else to_nowhere)(asked))


main()
