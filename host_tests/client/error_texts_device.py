"""Runs on MicroPython: the text of the error that a piece of source raises."""

IMPORTS = """
from array import array
from client_device import KEY, Bytes
from edgeingest import Client, File, Sample, Wav, labels
good = File(b"x", name="a.cbor")
sensors = (("accX", "m/s2"), ("accY", "m/s2"))
values = array("f", (1.5, 2.5))
"""


def text_of(source, imports=IMPORTS, **names):
    """Returns (class, text). names: of values that the source uses, besides those of the imports."""
    exec(imports, names)
    try:
        exec(source, names)
    except Exception as e:
        return type(e).__name__, str(e)
    raise ValueError("accepted: " + source)
