"""The back-off policy: which errors are tried again, how long the wait is, and what Retry-After asks for."""

import calendar
import time
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.device_source import device_source
from support.worker import DeviceError

UNIX = pytest.mark.modes("py", "mpy", "native", "cpython")

DEVICE = device_source("client/retry_device")

PASSING = [("NetworkError",), ("NetworkError", 104, 5000), ("DeadlineError",), ("DeadlineError", None, 7)]
PASSING += [("ServiceError", status) for status in (408, 425, 429, 500, 502, 503, 504, 507, 599)]
FINAL = [("CertificateError",), ("ProtocolError",), ("SampleError",), ("LimitError",), ("EncodeError",)]
FINAL += [("ServiceError", status) for status in (200, 301, 307, 400, 401, 403, 404, 409, 413, 415, 421, 422)]
FINAL += [("FilesError", 200)]


def test_which_errors_are_tried_again(worker):
    device = worker.define(DEVICE)
    assert [device.is_passing(*error) for error in PASSING] == [True] * len(PASSING)
    assert [device.is_passing(*error) for error in FINAL] == [False] * len(FINAL)


OPTIONS = st.tuples(st.integers(1, 1000), st.integers(1, 100_000), st.integers(0, 10_000_000)).map(
    lambda drawn: {"attempts": drawn[0], "base_ms": drawn[1], "max_ms": min(drawn[1] + drawn[2], 1 << 27)}
)


@UNIX
@settings(max_examples=60)
@given(options=OPTIONS, made=st.integers(1, 1200), asked=st.one_of(st.none(), st.integers(0, 20_000)))
def test_a_wait_is_within_its_bounds(worker, options, made, asked):
    found = worker.define(DEVICE).waits(list(options.items()), made, asked, 5)
    least, longest = (asked or 0) * 1000, options["max_ms"]
    for wait in found:
        if made >= options["attempts"]:
            assert wait == f"attempt {made} of {options['attempts']}"
        elif least > longest:
            assert f"asks to wait {asked} s" in wait
        else:
            assert least <= wait <= min(longest, least + min(longest, options["base_ms"] * 2 ** (made - 1)))


@UNIX
def test_the_jitter_is_uniform(worker):
    """Waits are uniform from 0 to the maximum; a correct policy fails this with a probability below 1e-9."""
    drawn = worker.define(DEVICE).waits([("base_ms", 500)], 3, None, 2000)
    assert min(drawn) < 60 and max(drawn) > 1940
    assert len(set(drawn)) > 1000
    assert 900 < sum(drawn) / len(drawn) < 1100


@UNIX
@pytest.mark.parametrize("name", ["attempts", "base_ms", "max_ms"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "5", None, True, 1 << 40])
def test_bad_arguments(worker, name, value):
    with pytest.raises(DeviceError) as caught:
        worker.define(DEVICE).waits([(name, value)], 1, None, 1)
    assert (caught.value.type, caught.value.text.split(":")[0]) == ("SampleError", name)


@UNIX
def test_the_longest_wait_is_not_below_the_first(worker):
    with pytest.raises(DeviceError, match="max_ms"):
        worker.define(DEVICE).waits([("base_ms", 1000), ("max_ms", 999)], 1, None, 1)


# -- Retry-After

FORMS = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
NOW = calendar.timegm((2026, 11, 22, 8, 0, 0))


def dated(seconds, form=FORMS[0]):
    text = time.strftime(form, time.gmtime(seconds))
    return text.replace(" 0", "  ", 1) if form == FORMS[2] else text  # asctime has no leading zero


@settings(max_examples=60)
@given(seconds=st.integers(0, 7_500_000_000), form=st.sampled_from(FORMS))
@example(seconds=951_782_400, form=FORMS[0])  # 29 February 2000
@example(seconds=4_107_542_400, form=FORMS[2])  # 1 March 2100, which has none
@example(seconds=1_735_689_599, form=FORMS[1])
def test_all_three_forms_of_a_date(worker, seconds, form):
    if "%y" in form:
        seconds = NOW - 40 * 31556952 + seconds % (80 * 31556952)
    assert worker.define(DEVICE).seconds_of(dated(seconds, form), NOW) == seconds


def test_the_documented_dates(worker):
    """RFC 9110, section 5.6.7."""
    wanted = int(parsedate_to_datetime("Sun, 06 Nov 1994 08:49:37 GMT").timestamp())
    for text in ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"):
        assert worker.define(DEVICE).seconds_of(text, NOW) == wanted


NO_DATES = ["", "x", "GMT", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:49:37:01 GMT", "Sun, 06 Nov x 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:xx GMT", "Sun Nov 6 1994", "a b c d e f g", ",,,,,,",
            "Sun, \xb2 Nov 1994 08:49:37 GMT"]  # fmt: skip


def test_text_that_is_not_a_date(worker):
    seconds_of = worker.define(DEVICE).seconds_of
    assert [seconds_of(text, NOW) for text in NO_DATES] == [None] * len(NO_DATES)


@settings(max_examples=60)
@given(text=st.text(st.characters(max_codepoint=255), max_size=40))
def test_noise_is_not_a_date(worker, text):
    assert worker.define(DEVICE).seconds_of(text, NOW) is None


def test_numbers_and_nothing(worker):
    device = worker.define(DEVICE)
    for sent, seconds in (
        ("7", 7),
        ("0", 0),
        ("86400", 86400),
        ("-1", None),
        ("", None),
        ("1.5", None),
        ("\xb2", None),
    ):
        assert device.retry_after([("retry-after", sent)]) == seconds, sent
    assert device.retry_after([]) is None


@pytest.mark.parametrize("form", FORMS)
def test_a_date_counts_from_the_date_of_the_reply(worker, form):
    """The clock of the board does not matter."""
    device = worker.define(DEVICE)
    for wait in (0, 1, 90, 100_000, -5):
        fields = [("date", dated(NOW)), ("retry-after", dated(NOW + wait, form))]
        assert device.retry_after(fields) == max(0, wait)


def test_a_date_counts_from_the_boards_clock_without_one(worker):
    device = worker.define(DEVICE)
    for own in ([], [("date", "noon")]):
        found = device.retry_after([("retry-after", dated(time.time() + 3600)), *own])
        assert 3500 <= found <= 3600


def test_a_date_is_ignored_by_a_board_without_clock(worker):
    assert worker.define(DEVICE).unset(dated(time.time() + 3600)) is None
    assert worker.define(DEVICE).unset("7") == 7


def test_the_dates_of_these_tests_are_those_of_the_standard_library():
    assert format_datetime(parsedate_to_datetime(dated(NOW)), usegmt=True) == dated(NOW)
