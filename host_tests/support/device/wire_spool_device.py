"""Runs on MicroPython: calls of wire_device that send what a spool has kept: entries, recordings, recovered ones.

What the service answers to them is in support/wire.py.
"""

import os
from array import array

from wire_calls_device import (
    HMAC_KEY,
    IAT,
    METADATA,
    MOTION,
    VALUES,
    call,
    listed,
    mixed,
    motion,
    quarters,
    sensors,
    small_file,
    sourced,
    typed,
)


def flushed(name, options=(), times=1):
    """A decorator: the function(wire, spool) fills a spool, which is then flushed so many times."""

    def keep(function):
        def flush(wire):
            function(wire, wire.spool())
            with wire.client(**dict(options)) as client:
                for _ in range(times):
                    wire.spool().flush(client)

        call(name)(flush)
        return function

    return keep


@flushed("spool one entry")
def _one_entry(wire, spool):
    spool.put("training", motion())


@flushed("spool several entries in a request")
def _several_entries(wire, spool):
    for item in mixed():
        spool.put("training", item, label="wave")


@flushed("spool several requests")
def _several_requests(wire, spool):
    spool.put("training", motion("one"), label="a")
    spool.put("training", motion("two"), label="b")
    spool.put("testing", motion("three"), label="a")
    spool.put("training", motion("four"), label="a", metadata={"site": "Zürich"})
    spool.put("training", motion("five"), label="a")
    spool.put("training", motion("one"), label="a")
    spool.put("anomaly", motion("six"), no_label=True)
    spool.put("split", motion("seven"), add_date_id=True, disallow_duplicates=False)


@flushed("spool every argument", options=(("hmac_key", "another"),))
def _every_argument(wire, spool):
    spool.put(
        "testing",
        motion(iat=IAT),
        file_name='Käse "x".cbor',
        label="käse 1",
        metadata=METADATA,
        add_date_id=True,
        disallow_duplicates=False,
        hmac_key=HMAC_KEY,
    )


@flushed("spool forms of samples")
def _forms(wire, spool):
    for form in ("cbor", "json", "csv"):
        spool.put("training", typed("h", iat=IAT).body(form, HMAC_KEY))
    spool.put("training", sourced("f", quarters(30), (7,), 3))
    spool.put("training", listed([[1, 0.5], [2, 1.5]], 2))


@flushed("spool binary goes to data")
def _binary(wire, spool):
    spool.put("training", motion("before"), label="a")
    spool.put("training", typed("h", 1, iat=IAT).body("binary", HMAC_KEY), label="a", metadata={"k": "v"})
    spool.put("training", small_file("not.bin"), label="a")


@flushed("spool 70 entries")
def _many_entries(wire, spool):
    for i in range(70):
        spool.put("training", small_file("f%d.txt" % i, 1 + i))


@flushed("spool large entry", options=(("buffer_size", 64),))
def _large_entry(wire, spool):
    spool.put("training", small_file("large.bin", 3000))


@flushed("spool refused entries go one by one", times=2)
def _refused(wire, spool):
    for i in range(3):
        spool.put("training", small_file("f%d.txt" % i))


@flushed("spool again after 503", times=2)
def _again(wire, spool):
    for i in range(3):
        spool.put("training", small_file("f%d.txt" % i))


@flushed("spool recording")
def _recording(wire, spool):
    with spool.record("training", MOTION, 10, "UNIX", "board 1", name="rec.1", label="wave") as recording:
        for _ in range(5):
            recording.write(array("f", quarters(3 * 40)))
            recording.sync()


@flushed("spool recording signed")
def _recording_signed(wire, spool):
    with spool.record("testing", sensors(2), 62.5, "U", typecode="h", hmac_key=HMAC_KEY, iat=IAT) as recording:
        recording.write(array("h", (-32768, 32767, 0, -1)))
        recording.write(array("h", range(100)))


@flushed("spool recording of 1 axis")
def _recording_of_one(wire, spool):
    for code in ("B", "q", "d"):
        with spool.record("training", sensors(1), 10, "U", typecode=code, name="one." + code, iat=False) as recording:
            recording.write(array(code, VALUES[code]))


@flushed("spool recording beside entries")
def _recording_beside(wire, spool):
    with spool.record("training", MOTION, 10, "UNIX", name="rec.1", hmac_key=HMAC_KEY) as recording:
        recording.write(array("f", quarters(30)))
        spool.put("training", motion("beside"))
        recording.write(array("f", quarters(30)))


def _interrupted(spool, **options):
    """A recording of which 10 rows are synced, and some more are not, when the power fails."""
    recording = spool.record("training", MOTION, 10, "UNIX", name="cut.1", iat=IAT, **options)
    recording.write(array("f", quarters(30)))
    recording.sync()
    recording.write(array("f", quarters(12)))


@flushed("spool recovered recording")
def _recovered(wire, spool):
    _interrupted(spool)
    wire.spool().recover()


@flushed("spool recovered recording signed")
def _recovered_signed(wire, spool):
    _interrupted(spool, hmac_key=HMAC_KEY, label="wave")
    wire.spool().recover(HMAC_KEY)


@flushed("spool recovered recording with a torn end")
def _recovered_torn(wire, spool):
    _interrupted(spool, hmac_key=HMAC_KEY)
    [name] = [name for name in os.listdir(wire.folder + "/spool/000000") if name.endswith(".rec")]
    with open(wire.folder + "/spool/000000/" + name, "ab") as file:
        file.write(b"D\x40\0torn")
    wire.spool().recover(HMAC_KEY)
