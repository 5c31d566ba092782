# The start of a simulated board, before its REPL: loads its modules, mounts its flash at /, runs main.py.
# Usage, on MicroPython's unix port: boot.py FLASH BLOCKS main|raw [module.py ...]
# BOARD_KIND in the environment, a JSON object: platform and machine, as in sys, and place, as in ports/*.py.
import json
import os
import sys

import vfs


def _become(platform, machine, place):
    # Has `sys` say that this is a board of another port; returns the place of its files.
    class Implementation:
        name, version, _mpy = sys.implementation.name, sys.implementation.version, sys.implementation._mpy
        _machine = machine

    class System:
        implementation = Implementation

        def __getattr__(self, name):
            return getattr(sys, name)

    System.platform = platform
    sys.modules["sys"] = System()
    return place


def _boot(image, blocks, place, *modules):
    class Flash:
        def __init__(self):
            self.file = open(image, "r+b")
            self.writes_left = int(os.getenv("FLASH_WRITES") or -1)  # the power fails after so many; -1: never

        def readblocks(self, block, buffer, offset=0):
            self.file.seek(block * 4096 + offset)
            self.file.readinto(buffer)

        def writeblocks(self, block, buffer, offset=0):
            if self.writes_left == 0:
                raise OSError(5)
            self.writes_left -= 1
            self.file.seek(block * 4096 + offset)
            self.file.write(buffer)

        def ioctl(self, operation, value):
            if operation == 6:
                self.writeblocks(value, b"\xff" * 4096)
            return {4: blocks, 5: 4096}.get(operation, 0)  # number of blocks, bytes of one

    for module in modules:
        folder, _, name = module.rpartition("/")
        sys.path[:] = [folder, ".frozen"]
        loaded = __import__(name[:-3])
        if hasattr(loaded, "place"):
            loaded.place = place
    flash = Flash()
    kind = getattr(vfs, os.getenv("FILESYSTEM") or "VfsLfs2")
    try:
        disk = kind(flash)
        disk.statvfs("/")
    except OSError:  # a new flash
        kind.mkfs(flash)
        disk = kind(flash)
    vfs.umount("/")
    vfs.mount(disk, "/")
    sys.path[:] = ["", ".frozen", "/lib"]
    return flash


def _run():
    try:
        with open("/main.py") as file:
            source = file.read()
    except OSError:
        return
    print("\x00main\x00", end="")  # simulated.py waits for this or a prompt
    try:
        exec(compile(source, "main.py", "exec"), {"__name__": "__main__"})
    except SystemExit:
        pass
    except BaseException as error:  # prints KeyboardInterrupt, too, as the REPL does
        sys.print_exception(error)


_start, _arguments = sys.argv[3] == "main", sys.argv
_place = os.getenv("BOARD_KIND")
_place = _place and _become(**json.loads(_place))
_flash = _boot(_arguments[1], int(_arguments[2]), _place, *_arguments[4:])
sys.argv[:] = [""]
del _become, _boot, _arguments, _place, json
if _start:
    _run()
del _run, _start
