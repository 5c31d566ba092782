"""Runs on MicroPython: calls of the public interface, each under a name, whose bytes on the wire are fixed.

Whatever a request has in it is given by the call, or is fixed by `fixed_device`: the same call always sends the same
bytes. Numbers are exact in float32 and have few digits, so that a single-precision build sends the same; the calls in
DIGITS need more. Only names of the public interface are used: the calls must outlive any change of what is behind it.
"""

import sys

import edgeingest.signing
from fixed_device import public_address
from wire_calls_device import CALLS, Wire

DIGITS = ("json all digits", "csv all digits", "cbor list all digits")
for _module in ("wire_samples_device", "wire_items_device", "wire_service_device", "wire_spool_device"):
    __import__(_module)  # puts its calls into CALLS


def names():
    """The names of all calls, in the order in which they are defined."""
    return list(CALLS)


def possible(name):
    """Returns whether this interpreter can make a call as the pinned one does.

    Some need double precision, and its digits; info_labels writes plain dicts, whose order is the interpreter's own.
    """
    if name == "upload info_labels" and not sys.maxsize >> 31:
        return False
    return name not in DIGITS or ("%.17g" % 0.1, "%.17g" % (1 + 1 / 65536)) == ("0.1", "1.0000152587890625")


def run(name, url, folder, ca=None, port=None):
    """Make a call. port: where the public name of the service leads."""
    public_address.port = port
    edgeingest.signing._last_iat = 0
    CALLS[name](Wire(url, folder, ca))
