"""Runs on MicroPython: the back-off policy and Retry-After."""

from edgeingest import Retry, errors
from edgeingest.retry import passing
from edgeingest.retry_after import seconds_of as seconds_of  # for the tests
from edgeingest.service_errors import refusal


def make(kind, *arguments):
    return getattr(errors, kind)("text", *arguments)


def is_passing(kind, *arguments):
    return passing(make(kind, *arguments))


def waits(options, made, asked, count):
    retry = Retry(**dict(options))
    error = make("NetworkError") if asked is None else make("ServiceError", 503, "", asked)
    return [retry.wait_ms(error, made) for _ in range(count)]


def retry_after(fields):
    return refusal(503, "later", dict(fields).get).retry_after


def unset(asked):
    """Returns the seconds of Retry-After on a board whose clock is not set, without a Date in the reply."""
    from edgeingest import signing

    real = signing.now
    signing.now = lambda: None
    try:
        return retry_after([("retry-after", asked)])
    finally:
        signing.now = real
