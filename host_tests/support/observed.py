"""The log and the memory of a running service."""

import io
import re
import subprocess
import threading
from pathlib import Path


def resident_kb(pid):
    """Returns the peak memory of a process on Linux, its present memory elsewhere."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(peak)
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout)


class Log(io.StringIO):
    """Reads the log; waits for a line, so that a test need not sleep."""

    def __init__(self):
        super().__init__()
        self._more = threading.Condition()

    def write(self, text):
        with self._more:
            self._more.notify_all()
            return super().write(text)

    def wait_for(self, text):
        with self._more:
            assert self._more.wait_for(lambda: text in self.getvalue(), 30), self.getvalue()
