"""Runs on MicroPython: calls that both clients make in the tests. driver: "Client" or "AsyncClient"."""

import gc
import time

from client_device import KEY, Bytes, descriptors
from edgeingest import Client, File
from edgeingest.transport import Transport


def client_class(driver):
    """Returns the class with the interface of `Client`: itself, or `AsyncClient` with every call awaited."""
    if driver == "Client":
        return Client
    from aio_device import Awaited

    return Awaited


def writes(driver, url, pieces, buffer_size):
    """Sends the pieces; returns how many bytes each write to the socket took."""
    found = []
    real = Transport.establish

    def counted(self, *arguments):
        real(self, *arguments)
        write = self.send

        def count(window):
            done = write(window)
            if done:
                found.append(done)
            return done

        self.send = count

    Transport.establish = counted
    try:
        with client_class(driver)(KEY, url=url, buffer_size=buffer_size) as client:
            client.send("training", Bytes(pieces))
    finally:
        Transport.establish = real
    return found


def second_call(driver, url, wait, unique, rewindable):
    """Makes two calls with `wait` ms between them; returns the result of the second one."""
    client = client_class(driver)(KEY, url=url)
    client.send("testing", File(b"one", name="1.cbor"))
    time.sleep_ms(wait)
    body = Bytes([b"two"], rewindable=rewindable)
    try:
        return tuple(client.send("testing", body, disallow_duplicates=unique))
    finally:
        client.close()


def attempt(driver, url, call, script, size, times, raises):
    """Makes a call that may fail, and one that is accepted if it did; returns what `support.calls.Outcome` takes.

    raises: the body ends with a KeyError instead of its last bytes."""
    client = client_class(driver)(KEY, url=url, timeout_ms=3000)
    gc.collect()
    before = descriptors()
    body = Bytes(script + [KeyError("mine")], 9000) if raises else Bytes(script * times, size)
    error = None
    try:
        if call == "send":
            client.send("training", body)
        else:
            client.upload("training", [body])
    except Exception as e:
        error = e
    gc.collect()
    between = descriptors()
    again = None
    if error is not None:
        again = client.send("training", Bytes([b"good"])).file_name
    client.close()
    if KEY in str(error) + repr(error) + repr(getattr(error, "args", "")):
        raise ValueError("the error contains the key")
    fields = [(name, getattr(error, name, None)) for name in ("status", "body", "sent", "retry_after")]
    return type(error).__name__, str(error), fields, between - before, body.log, again
