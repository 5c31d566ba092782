"""Device code of the tests: MicroPython source in files of its own, which a worker runs in the interpreter."""

from support.interpreters import ROOT


def device_source(name: str) -> str:
    """Returns the text of a file of device code, named from host_tests: "encoding/files_device"."""
    return (ROOT / "host_tests" / (name + ".py")).read_text(encoding="utf-8")
