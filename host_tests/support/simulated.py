"""A simulated board that runs an unchanged example: flash, Wi-Fi, clock and peripherals are simulated."""

import contextlib
import json
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

from support import modes, scripts
from support.interpreters import FIRMWARE, ROOT
from support.service import HMAC_KEY, KEY

FAKES = ROOT / "host_tests" / "fakes"
EXAMPLES = FIRMWARE / "examples"
_1900 = 2208988800


class Board:
    """url: of the service that it is provisioned for. `said` is its last output."""

    def __init__(self, folder: Path, url: str, ntp: int, **settings):
        self.folder, self.ntp, self.said = folder, ntp, ""
        self.settings = {
            "wifi_ssid": "home",
            "wifi_password": "password1",
            "api_key": KEY,
            "hmac_key": HMAC_KEY,
            "url": url,
            "label": "wave",
            "device_name": "28:cd:c1:00:00:01",
            "device_type": "RPI_PICO_W",
            **settings,
        }
        self.flash = folder / "flash.bin"

    def run(self, example: str, attach: str, ideal: bool = True, data=None) -> str:
        """Boots and runs an example with the peripherals that `attach` attaches; returns what it printed."""
        new = not self.flash.exists()
        if new:
            self.flash.write_bytes(b"\xff" * (1 << 20))
        spec = self.folder / "spec.json"
        files = {"/edgeingest.json": json.dumps(self.settings), "/main.py": (EXAMPLES / f"{example}.py").read_text()}
        paths = [str(FAKES / "board"), str(FAKES), str(FIRMWARE)]
        facts = {"flash": str(self.flash), "new": new, "files": files, "paths": paths, "ntp": self.ntp, "port": "lwip"}
        spec.write_text(json.dumps({**facts, "attach": attach, "ideal": ideal, "data": data}))
        command = scripts.script_command(FAKES / "board" / "boot.py", "16M", args=[str(spec)])
        done = subprocess.run(
            command, env=modes.environment([]), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        self.said = done.stdout + done.stderr
        assert done.returncode == 0, self.said
        return self.said


@contextlib.contextmanager
def time_server():
    """Gives the port of a time server with the time of this computer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))

        def serve():
            while True:
                request, sender = udp.recvfrom(100)
                if len(request) < 48:
                    return
                now = struct.pack(">II", int(time.time()) + _1900, 0)
                udp.sendto(struct.pack(">BB", 0x24, 1) + bytes(22) + request[40:48] + bytes(8) + now, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield udp.getsockname()[1]
        finally:
            udp.sendto(b"", udp.getsockname())
            thread.join()
