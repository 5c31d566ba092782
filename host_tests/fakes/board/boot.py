"""Makes this MicroPython a board, with a littlefs as its only file system and simulated peripherals; runs main.py.

boot.py SPEC: a JSON file with flash (path of its image), new (whether it is formatted), files (path on the board ->
text), paths (folders of modules on the host), attach (source that attaches peripherals), data (for that source), ideal
(whether captures use the clock `Ideal`), ntp (port of a time server), platform and machine (of the firmware, in `sys`),
pins (that machine.Pin has), network (whether it has one; its sockets are those of the port).
"""

import json
import os
import sys

import vfs


class Flash:
    def __init__(self, path):
        self.file = open(path, "r+b")  # noqa: SIM115  # as long as the board is on

    def readblocks(self, block, buffer, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self.masks(1000)
        self.file.seek(block * 4096 + offset)
        self.file.write(buffer)

    def masks(self, us):
        if "machine" in sys.modules:
            sys.modules["machine"].I2S.flash_masks(us)

    def ioctl(self, operation, value):
        if operation == 6:  # erase a sector: about 45 ms (Winbond W25Q16JV, table of AC characteristics, tSE)
            self.masks(45_000)
        return {4: 256, 5: 4096}.get(operation, 0)  # blocks, and bytes of one


class Ideal:
    """A clock for captures and chips that advances only when it is read or slept on: rows are never late."""

    now = 1000

    def ticks_us(self):
        Ideal.now += 20
        return Ideal.now

    def ticks_ms(self):
        return Ideal.now // 1000

    def ticks_add(self, ticks, delta):
        return ticks + delta

    def ticks_diff(self, end, start):
        return end - start

    def sleep_ms(self, ms):
        Ideal.now += 1000 * ms

    def slept(self, ms):
        Ideal.now += 1000 * ms


class Implementation:
    name, version, _mpy = sys.implementation.name, sys.implementation.version, sys.implementation._mpy


class System:
    """The module `sys`, with the platform and the name of a board."""

    implementation = Implementation

    def __getattr__(self, name):
        return getattr(sys, name)


with open(sys.argv[1]) as file:
    spec = json.load(file)
flash = Flash(spec["flash"])
if spec["new"]:
    vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsPosix(""), "/host")
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(flash), "/")
os.chdir("/")
sys.path[:] = ["/host" + path for path in spec["paths"]] + [".frozen"]
for path, text in spec["files"].items():
    with open(path, "w") as file:
        file.write(text)

import time  # noqa: E402

import machine  # noqa: E402

System.platform, Implementation._machine = spec["platform"], spec["machine"]
sys.modules["sys"] = System()
machine.pins, machine.rp2 = spec["pins"], spec["platform"] == "rp2"
if spec["platform"] in ("rp2", "esp32"):
    machine.I2S.port = spec["platform"]

import edgeingest.capture  # noqa: E402

if spec["ideal"]:
    edgeingest.capture.time = Ideal()
    time.listeners.append(Ideal().slept)
if spec["network"]:
    import socket

    import board_sockets
    import edgeingest.transport

    socket.redirected[("pool.ntp.org", 123)] = spec["ntp"]
    edgeingest.transport.socket = board_sockets.Sockets("lwip" if spec["platform"] == "rp2" else "esp32")
exec(spec["attach"], {"Ideal": Ideal, "data": spec["data"]})
del spec
with open("/main.py") as file:
    exec(file.read(), {"__name__": "__main__"})
