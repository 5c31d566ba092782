"""Measures the library on a device: heap after first uses, smallest heap of the standard uploads, modules they load.

Measured on the pinned 64-bit MicroPython on x86-64, with the library as .mpy, which takes about twice the heap of a
32-bit board. The figures are the same in every run, except for a few bytes: a random number may look like an address
and keep a block alive, and certificates have signatures of varying length. The tolerances are for these.
"""

import os
import platform
import sys

from device import Device, Sink

# {public name: its first use}; the modules that this loads stay on the heap.
FIRST_USES = {
    "import edgeingest": "import edgeingest",
    "Client": "from edgeingest import Client; Client('ei_', 'http://a')",
    "AsyncClient": "from edgeingest.aio import AsyncClient; AsyncClient('ei_', 'http://a')",
    "Sample": "from array import array; from edgeingest import Sample; "
    "Sample((('a', 'm'),), 10, array('f', [1]), 'X').body()",
    "File": "from edgeingest import File; File(b'1', 'a.wav')",
    "Wav": "from array import array; from edgeingest import Wav; Wav(array('h', [1]), 16000, 16, 1)",
    "Stored": "from edgeingest import Stored; Stored('a', 1, False)",
    "Retry": "from edgeingest import Retry; Retry()",
    "Spool": "from edgeingest.spool import Spool; Spool('spool', max_bytes=4096)",
    "labels": "from edgeingest.labels import structured_labels; structured_labels({'a.cbor': [(0, 1, 'b')]})",
    "capture": "from edgeingest.capture import capture; capture(lambda b, at: None, 1, 1000, (('a', 'm'),), 'X')",
    "Encoder": "from edgeingest.cbor import Encoder; Encoder(bytearray().extend).encode([1, 'a'])",
}
_FIRST_USE = """
import gc


def use():
    {}


gc.collect()
before = gc.mem_alloc()
use()
gc.collect()
print(gc.mem_alloc() - before)
"""
SCRIPT = "heap_uploads"
# {upload: (function in SCRIPT, mode)}
UPLOADS = {
    "signed Sample, send, HTTP": ("send", "http"),
    "signed Sample, upload, HTTPS": ("upload", "tls"),
    "File of 1 MB, upload, HTTP": ("file", "http"),
    "10 Samples, upload, HTTP": ("batch", "http"),
}
LOADS = {"signed Sample, send, HTTPS": ("send", "tls"), "signed Sample, upload, HTTPS": ("upload", "tls")}


def comparable() -> bool:
    """Returns True if the figures of this computer can be compared with the budget."""
    return sys.platform == "linux" and platform.machine() == "x86_64" and not os.environ.get("MICROPYTHON")


def first_uses(device: Device) -> dict[str, int]:
    """Returns for each name of FIRST_USES the bytes of heap that its first use takes, in a new interpreter."""
    found = {}
    for number, (name, use) in enumerate(FIRST_USES.items()):
        source = device.folder / f"use_{number}.py"
        source.write_text(_FIRST_USE.format(use))
        device.add(source)
        found[name] = int(device.printed(source.stem))
    return found


def _arguments(service: Sink, function: str, mode: str) -> list[str]:
    return [function, service.url(mode), "ca.der" if mode == "tls" else ""]


def smallest_heaps(device: Device, service: Sink) -> dict[str, int]:
    """Returns for each of the standard uploads the smallest heap, in K, in which it completes."""
    return {name: device.smallest_heap(SCRIPT, _arguments(service, *how)) for name, how in UPLOADS.items()}


def loaded(device: Device, service: Sink, sizes: dict[str, int]) -> dict[str, int]:
    """Returns the bytes of .mpy that an upload to the public address loads; sizes: of each module.

    The service here has another address, which is parsed by `url`: that module is not counted.
    """
    found = {}
    for name, how in LOADS.items():
        modules = device.printed(SCRIPT, _arguments(service, *how)).split()
        found[name] = sum(sizes[module] for module in ["__init__", *modules] if module != "url")
    return found
