# Mounts the library as a ROM file system, then runs the script: IMAGE SCRIPT ARGUMENTS. A board has the image in its
# flash; this port has it in its heap, as one block.
import os
import sys

import vfs  # type: ignore[import-not-found]

image = bytearray(os.stat(sys.argv[1])[6])
with open(sys.argv[1], "rb") as file:
    file.readinto(image)
del file
vfs.mount(vfs.VfsRom(image), "/rom")
sys.path[:] = ["/rom/lib", ".frozen"]
del sys.argv[:2]
execfile(sys.argv[0])  # type: ignore[name-defined]  # noqa: F821  # MicroPython has it
