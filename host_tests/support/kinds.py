"""A simulated board (`Simulated`) that says to be of another port, with that port's module for its flash."""

from edgeingest_tools.board.simulated import Simulated

from support.device_source import device_source
from support.interpreters import ROOT

FAKES = ROOT / "host_tests" / "fakes"


def of_kind(folder, platform, machine, source):
    """Returns the board. platform, machine: sys.platform and sys.implementation._machine; source: sets its flash up."""
    (folder / "kind.py").write_text(f"{device_source('board/kind_device')}become({platform!r}, {machine!r})\n{source}")
    return Simulated(folder, modules=[*Simulated.MODULES, FAKES / f"{platform}.py", folder / "kind.py"])


def partitions(size, label="vfs", offset=0x200000):
    """Returns the source for the partitions of an ESP32."""
    files = (1, 129, offset, size, label, False)
    return f"import esp32\nesp32.table += [(0, 0, 0x10000, 0x1F0000, 'factory', False), {files}]"
