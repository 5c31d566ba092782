"""What a running service shows of itself: its log, and the memory it takes."""

import io
import re
import subprocess
import threading
from pathlib import Path


def resident_kb(pid):
    """Peak memory of a process where the system tells (Linux), else what it has now."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(peak)
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout)


class Log(io.StringIO):
    """Waits for a line, so that a test need not sleep."""

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
