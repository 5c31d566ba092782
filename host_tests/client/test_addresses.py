"""A host with several addresses: time is shared among them, and an attempt begins with another than the last one."""

import contextlib

import pytest
from support.aio import full_listener
from support.device_source import device_source
from support.peer import answering, free_port, peer

UNIX = pytest.mark.modes("py", "mpy", "native")
DRIVERS = pytest.mark.parametrize("driver", ["Client", "AsyncClient"])
ADDRESSES = device_source("client/addresses_device")


def call(worker, driver, kinds, timeout_ms=400, deadline_ms=None, attempts=1, times=1):
    """Returns [(outcome, addresses tried, ms) of each call]. kinds: "deaf", "silent", "refuses" or "good" for each."""

    def silent(made, connection, number):
        made.closing.wait(10)

    with contextlib.ExitStack() as stack:
        urls = {
            "deaf": lambda: full_listener(stack),
            "silent": lambda: stack.enter_context(peer(silent)).url,
            "refuses": lambda: f"http://127.0.0.1:{free_port()}",
            "good": lambda: stack.enter_context(peer(answering())).url,
        }
        hosts = [urls[kind]() for kind in kinds]
        found, left_open = worker.define(ADDRESSES).call_several(
            driver, hosts, timeout_ms, deadline_ms, attempts, times
        )
    assert left_open == 0
    return found


@UNIX
@DRIVERS
def test_the_second_is_tried_when_the_first_never_answers(worker, driver):
    [(outcome, tried, took)] = call(worker, driver, ["deaf", "good"])
    assert (outcome, tried) == ("stored.cbor", 2)
    assert 150 <= took < 390


@UNIX
@DRIVERS
def test_a_deadline_is_shared_too(worker, driver):
    [(outcome, tried, took)] = call(worker, driver, ["deaf", "good"], timeout_ms=9000, deadline_ms=400)
    assert (outcome, tried) == ("stored.cbor", 2)
    assert 150 <= took < 390


@UNIX
@DRIVERS
def test_the_next_call_begins_with_the_address_that_was_good(worker, driver):
    found = call(worker, driver, ["deaf", "refuses", "good", "deaf"], times=3)
    assert [(outcome, tried) for outcome, tried, _ in found] == [("stored.cbor", 3), ("stored.cbor", 1)] + [
        ("stored.cbor", 1)
    ]


@UNIX
@DRIVERS
def test_an_address_that_is_silent_when_it_is_connected(worker, driver):
    """The attempt after it begins with the next one."""
    [(outcome, tried, took)] = call(worker, driver, ["silent", "good"], attempts=2)
    assert (outcome, tried) == ("stored.cbor", 2)
    assert 390 <= took < 900


@UNIX
@DRIVERS
@pytest.mark.parametrize("count", [1, 2, 3])
def test_all_together_take_no_more_than_timeout_ms(worker, driver, count):
    [(outcome, tried, took)] = call(worker, driver, ["deaf"] * count)
    assert outcome.startswith("DeadlineError: no time left while connecting to several.invalid")
    assert tried == count
    assert 390 <= took < 700
