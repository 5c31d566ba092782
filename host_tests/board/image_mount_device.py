import hashlib
import os
import sys

import vfs


class Ram:
    def __init__(self, image, block):
        self.image, self.block = bytearray(image), block

    def readblocks(self, number, buffer, offset=0):
        at = number * self.block + offset
        buffer[:] = memoryview(self.image)[at : at + len(buffer)]

    def writeblocks(self, number, buffer, offset=0):
        at = number * self.block + offset
        self.image[at : at + len(buffer)] = buffer

    def ioctl(self, operation, value):
        return {4: len(self.image) // self.block, 5: self.block}.get(operation, 0)


def walk(folder):
    for name, kind, *rest in os.ilistdir(folder):
        path = folder + "/" + name
        if kind == 0x4000:
            yield from walk(path)
        else:
            with open(path, "rb") as file:
                yield path, file.read()


with open(sys.argv[1], "rb") as file:
    image = file.read()
