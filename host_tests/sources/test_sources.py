"""A row source belongs to its Sample: every body of it starts at the first row, or raises an error if it cannot."""

from array import array

import pytest
from support.bodies import refused
from support.device_source import device_source

DEVICE = device_source("sources/sources_device")


@pytest.mark.parametrize("form", ["cbor", "json", "csv"])
@pytest.mark.parametrize("key", [None, "abc"])
def test_a_second_body_starts_at_the_first_row(worker, form, key):
    data = array("h", range(400)).tobytes()
    for taken in (1, 100, 101, 500, 5000):
        again, wanted = worker.define(DEVICE).bodies(True, data, taken, form, key)
        assert again == wanted


def test_rows_that_were_taken_cannot_be_sent_again(worker):
    data = array("h", range(400)).tobytes()
    device = worker.define(DEVICE)
    refused(lambda: device.bodies(False, data, 200, "cbor", None), "values:", "no rewind()")
    refused(lambda: device.two_bodies(False, data), "values:", "no rewind()")
    assert device.two_bodies(True, data)[0] == device.two_bodies(True, data)[1]


@pytest.mark.modes("py", "mpy", "native")
def test_a_file_of_a_file_that_was_read(worker):
    assert worker.define(DEVICE).file_of_a_file(b"0123456789") == (b"0123456789", b"0123456789")
