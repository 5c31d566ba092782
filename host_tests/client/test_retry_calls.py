"""Calls with `retry`, of both clients, on real sockets: what is sent again, what is not, and what is reported."""

import json

import pytest
from support.aio import Chains
from support.device_source import device_source
from support.peer import DEVICE, DUPLICATE, answering, free_port, peer, reply, stored
from support.scripts import run_script

BOARD = pytest.mark.modes("mpy")
UNIX = pytest.mark.modes("py", "mpy", "native")

CALLS = device_source("client/retry_calls_device")
BOTH = pytest.mark.parametrize("driver", ["Client", "AsyncClient"])


class Outcome:
    def __init__(self, type, text, fields, got, reported, took):
        self.type, self.text, self.got, self.reported, self.took = type, text, got, reported, took
        self.__dict__.update(dict(fields))


def attempt(worker, url, driver="Client", call="body", arguments=(), options=(), policy=(), **body):
    """The outcome of one call, with three attempts unless `policy` has another number."""
    options = {"timeout_ms": 5000, **dict(options)}
    policy = {"attempts": 3, "base_ms": 1, "max_ms": 5000, **dict(policy)}
    return Outcome(*worker.define(CALLS).attempt(driver, url, call, policy, options, dict(arguments), **body))


def in_turn(*scripts):
    """Returns a handler with a script for each connection; the last one is for all that follow.

    A script is the bytes of the answer to every request, "reset", or "silence"."""

    def handler(made, connection, number):
        given = scripts[min(number, len(scripts) - 1)]
        while made.take(connection):
            if given == "reset":
                return connection.reset()
            if given == "silence":
                made.closing.wait(10)
                return None
            connection.send(given)
            if b"Content-Length" not in given:  # cut: the connection ends here
                return None
        return None

    return handler


GOOD = reply("stored.cbor")
GONE = b"HTTP/1.1 200 OK\r\nContent-"
PASSING = ["reset", GONE, *[reply("later", status) for status in (408, 425, 429, 500, 502, 503)]]


@UNIX
@BOTH
def test_passing_failures_are_tried_again(worker, driver):
    for failure in PASSING:
        with peer(in_turn(failure, failure, GOOD)) as made:
            found = attempt(worker, made.url, driver)
        assert (found.type, found.got) == ("NoneType", [("stored.cbor", None, False)]), found.text
        assert len(made.connections) == 3
        assert len({request.raw for request in made.requests}) == 1  # the same bytes each time


@BOARD
@BOTH
def test_a_silent_service_is_tried_again(worker, driver):
    with peer(in_turn("silence", GOOD)) as made:
        found = attempt(worker, made.url, driver, options={"timeout_ms": 200})
    assert found.got == [("stored.cbor", None, False)]


@BOARD
@BOTH
def test_a_file_is_read_again(worker, driver, tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(b"0123456789" * 10_000)
    with peer(in_turn("reset", reply("no", 500), reply(stored("f.csv")))) as made:
        found = attempt(worker, made.url, driver, str(path))
    assert found.got == [("f.csv", 0, False)]
    assert [path.read_bytes() in request.body for request in made.requests] == [True] * 3


@BOARD
@BOTH
@pytest.mark.parametrize("status", [301, 400, 401, 413, 421])
def test_a_final_status_is_not_tried_again(worker, driver, status):
    with peer(in_turn(reply("no", status))) as made:
        found = attempt(worker, made.url, driver)
    assert (found.type, found.status, len(made.connections)) == ("ServiceError", status, 1)
    assert "not sent again" not in found.text


@BOARD
def test_a_protocol_error_is_not_tried_again(worker):
    for data in (b"220 mail\r\n", reply("<html>")):
        with peer(in_turn(data)) as made:
            assert attempt(worker, made.url).type == "ProtocolError"
        assert len(made.connections) == 1


@BOARD
def test_a_certificate_error_is_not_tried_again(worker):
    with peer(answering(), Chains.get().context) as made:
        found = attempt(worker, f"https://127.0.0.1:{made.port}", options={"ca": Chains.get().der})
    assert (found.type, len(made.connections)) == ("CertificateError", 1)


@BOARD
@BOTH
def test_the_last_error_is_raised_with_all_its_fields(worker, driver):
    with peer(in_turn(reply("later, ei_0123456789abcdef", 503, Retry_After="0"))) as made:
        found = attempt(worker, made.url, driver)
    assert (found.type, found.status, found.retry_after, found.body) == ("ServiceError", 503, 0, "later, ***")
    assert "later" in found.text and "attempt 3 of 3" in found.text
    assert len(made.connections) == 3
    found = attempt(worker, f"http://127.0.0.1:{free_port()}", driver)
    assert (found.type, found.errno, found.sent) == ("NetworkError", 111, 0)
    assert "attempt 3 of 3" in found.text


@BOARD
@BOTH
@pytest.mark.parametrize("failure", ["reset", "silence", GONE, reply("busy", 503)])
def test_a_call_that_may_be_stored_twice_is_not_sent_again(worker, driver, failure):
    with peer(in_turn(failure)) as made:
        found = attempt(worker, made.url, driver, arguments={"disallow_duplicates": False}, options={"timeout_ms": 300})
    assert found.type in ("NetworkError", "DeadlineError", "ServiceError")
    assert "disallow_duplicates is off" in found.text
    assert len(made.connections) == 1


@BOARD
@BOTH
@pytest.mark.parametrize("rewindable", [True, False])
def test_a_call_that_sent_nothing_is_always_tried_again(worker, driver, rewindable):
    """When a connection is refused, nothing was sent and nothing of the body was read."""

    with peer(answering()) as made:
        ports = [free_port(), free_port()]
        arguments = {"disallow_duplicates": False}
        found = attempt(worker, made.url, driver, rewindable=rewindable, arguments=arguments, ports=ports)
    assert (found.type, found.got) == ("NoneType", [("stored.cbor", None, False)]), found.text


@BOARD
@BOTH
def test_a_body_that_cannot_be_read_again_is_not_sent_again(worker, driver):
    with peer(in_turn("reset")) as made:
        found = attempt(worker, made.url, driver, rewindable=False)
    assert (found.type, len(made.connections)) == ("NetworkError", 1)
    assert "not sent again" in found.text and "own.cbor cannot be read again" in found.text


@BOARD
@BOTH
def test_a_body_that_fails_to_rewind_does_not_hide_the_error(worker, driver):
    """A body that is rewindable but fails to rewind: the error is that of the network, with both reasons."""
    with peer(in_turn("reset")) as made:
        found = attempt(worker, made.url, driver, script=[b"data"], gone=True)
    assert found.type == "NetworkError"
    assert "not sent again: own.cbor is gone" in found.text


@BOARD
@BOTH
@pytest.mark.parametrize("status", [200, 400, 409])
def test_a_duplicate_is_success(worker, driver, status):
    """The first request had arrived, and only its reply was lost."""
    with peer(in_turn(GONE, reply(DUPLICATE + " (ids: 1)", status))) as made:
        assert attempt(worker, made.url, driver).got == [("own.cbor", None, True)]
    assert all(request.field("X-Disallow-Duplicates") == "1" for request in made.requests)


# -- time


@BOARD
@BOTH
def test_retry_after_is_waited_for(worker, driver):
    with peer(in_turn(reply("later", 503, Retry_After="1"), GOOD)) as made:
        found = attempt(worker, made.url, driver)
    assert (found.got, found.took >= 995) == ([("stored.cbor", None, False)], True)


@BOARD
@BOTH
def test_a_date_to_retry_after_is_waited_for(worker, driver):
    dates = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Retry_After": "Sun, 06 Nov 1994 08:49:38 GMT"}
    with peer(in_turn(reply("later", 429, **dates), GOOD)) as made:
        found = attempt(worker, made.url, driver)
    assert (found.got, found.took >= 995) == ([("stored.cbor", None, False)], True)


@BOARD
@BOTH
def test_no_wait_that_ends_after_the_deadline(worker, driver):
    """The error of the attempt is raised at once, not a DeadlineError after the wait."""
    with peer(in_turn(reply("later", 503, Retry_After="4"))) as made:
        found = attempt(worker, made.url, driver, arguments={"deadline_ms": 3900})
    assert (found.type, found.status, found.retry_after) == ("ServiceError", 503, 4)
    assert "deadline_ms leaves no time" in found.text
    assert found.took < 3500


@BOARD
@BOTH
def test_no_wait_longer_than_max_ms(worker, driver):
    with peer(in_turn(reply("later", 503, Retry_After="100"))) as made:
        found = attempt(worker, made.url, driver)
    assert (found.status, found.retry_after, len(made.connections)) == (503, 100, 1)
    assert "asks to wait 100 s" in found.text


@BOARD
@BOTH
def test_the_deadline_covers_all_attempts(worker, driver):
    with peer(in_turn("silence")) as made:
        found = attempt(
            worker,
            made.url,
            driver,
            arguments={"deadline_ms": 700},
            options={"timeout_ms": 200},
            policy={"attempts": 1000},
        )
    assert found.type == "DeadlineError"
    assert found.took < 3000
    assert 2 <= len(made.connections) <= 5


# -- many files


def results(*names, error=None):
    files = [{"success": True, "sampleId": 7, "fileName": name} for name in names]
    if error:
        files = [{"success": False, "error": name and error} for name in names]
    return json.dumps({"success": True, "files": files}).encode()


def cut(data, at):
    """Returns a reply that is cut before `at`."""
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(data) + data[: data.index(at)]


@BOARD
@BOTH
@pytest.mark.parametrize("collected", [True, False])
def test_no_result_is_reported_twice(worker, driver, collected):
    """Two replies are lost on their way, after one result and after two; all was stored by the first request."""
    first = cut(results("A", "B", "C"), b', {"success": true, "sampleId": 7, "fileName": "B"')
    second = cut(results("x", "B", "C", error=DUPLICATE), b', {"success": false')
    second = cut(json.dumps({"files": [{"success": False, "error": DUPLICATE}] * 2 + [{}]}).encode(), b", {}")
    third = reply(results("a", "b", "c", error=DUPLICATE))
    with peer(in_turn(first, second, third)) as made:
        found = attempt(worker, made.url, driver, "three", collected=collected)
    wanted = [("A", 7, False), ("b", None, True), ("c", None, True)]
    assert (found.type, len(made.connections)) == ("NoneType", 3)
    assert (found.got, found.reported) == ((wanted, []) if collected else (3, list(enumerate(wanted))))


@BOARD
@pytest.mark.parametrize("collected", [True, False])
def test_an_item_that_failed_first_may_be_stored_later(worker, collected):
    mixed = [{"success": True, "sampleId": 1, "fileName": "A"}, {"success": False, "error": "busy"}, {}]
    then = [{"success": False, "error": DUPLICATE}, {"success": True, "sampleId": 2, "fileName": "B"}]
    then += [{"success": True, "sampleId": 3, "fileName": "C"}]
    first = cut(json.dumps({"files": mixed}).encode(), b", {}")
    with peer(in_turn(first, reply(json.dumps({"files": then})))) as made:
        found = attempt(worker, made.url, call="three", collected=collected)
    wanted = [("A", 1, False), ("B", 2, False), ("C", 3, False)]
    assert (found.type, len(made.connections)) == ("NoneType", 2)
    assert (found.got, found.reported) == ((wanted, []) if collected else (3, list(enumerate(wanted))))


@BOARD
def test_a_file_that_the_service_refused_is_final(worker):
    with peer(in_turn(reply(results("a", "b", "c", error="too noisy")))) as made:
        found = attempt(worker, made.url, call="three")
    assert (found.type, found.results, len(made.connections)) == ("FilesError", ["too noisy"] * 3, 1)


# -- asyncio


@BOARD
@pytest.mark.parametrize(
    ("then", "wanted"),
    [
        (None, "stored.cbor"),
        ("cancel", "cancelled"),
        ("close", "the client was closed during the call"),
    ],
)
def test_other_tasks_run_while_a_call_waits(worker, then, wanted):
    """The call can be cancelled, or its client closed: nothing stays open, and the client remains usable."""
    with peer(in_turn(reply("later", 503, Retry_After="1"), GOOD)) as made:
        ticks, waiting, end, after, good = worker.define(CALLS).wait_beside_ticks(made.url, then)
    assert (ticks, waiting, end, good) == (100, (True, 0), wanted, "stored.cbor")
    assert after == (1 if then is None else 0)


# -- without `retry`

NOT_LOADED = """
import sys
from edgeingest import Client, File
with Client("ei_0", url=sys.argv[1]) as client:
    client.send("training", File(b"x", name="x.csv"))
print(sorted(name for name in sys.modules if name.split(".")[-1] in ("retry", "dates", "masking", "refusal")))
"""


def test_retry_is_loaded_only_when_it_is_used(tmp_path):
    (tmp_path / "main.py").write_text(NOT_LOADED)
    with peer(answering()) as made:
        done = run_script(tmp_path / "main.py", args=[made.url])
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@BOARD
def test_a_retry_of_another_type_is_refused(worker):
    for value in ("5", "True", "'x'", "{}"):
        source = DEVICE + f"try:\n    Client(KEY, url='http://h', retry={value})\nexcept errors.SampleError as e:\n"
        assert worker.run(source + "    result = str(e)\n").startswith("retry: a Retry, such as Retry(), is needed")


@UNIX
def test_samples_that_are_made_anew_are_signed_at_one_time(worker):
    """Otherwise the attempt after a lost reply would send other bytes, and the service would store both."""

    def once_silent(made, connection, number):
        if made.take(connection) and number:
            connection.reply(stored("a", "b", "c"))

    with peer(once_silent) as made:
        assert worker.define(CALLS).upload_made_anew(made.url) == 3
    first, second = [request.body for request in made.requests]
    assert first == second
    times = [part.split(b"ciat\x1a")[1][:4] for part in first.split(b"--b\r\n")[1:]]
    first_time, second_time, given = [int.from_bytes(time, "big") for time in times]
    assert (second_time - first_time, given) == (1, 1700000000)  # no two samples have the same second
