"""Runs on MicroPython: mounts an image as a board does. A test adds the calls of these functions.

Arguments: path of the image, block size, size of a program."""

import binascii
import hashlib
import os
import sys

import vfs


class Ram:
    """A block device in RAM that begins as the image."""

    def __init__(self, image, block):
        self.image = bytearray(image)
        self.block = block

    def readblocks(self, number, buffer, offset=0):
        at = number * self.block + offset
        buffer[:] = memoryview(self.image)[at : at + len(buffer)]

    def writeblocks(self, number, buffer, offset=0):
        at = number * self.block + offset
        self.image[at : at + len(buffer)] = buffer

    def ioctl(self, operation, value):
        return {4: len(self.image) // self.block, 5: self.block}.get(operation, 0)


def walk(folder):
    """Yields (path, content) of all files in the folder and in those below it."""
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + "/" + name
        if kind == 0x4000:
            yield from walk(path)
        else:
            with open(path, "rb") as file:
                yield path, file.read()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def mount_flash():
    """Mounts the image as the flash at /; none of the computer's files can be imported then."""
    disk = Ram(read(sys.argv[1]), int(sys.argv[2]))
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(disk, progsize=int(sys.argv[3])), "/")
    sys.path[:] = ["", "/lib", ".frozen"]


def mount_rom():
    """Mounts the image as a ROM file system at /rom."""
    vfs.mount(vfs.VfsRom(read(sys.argv[1])), "/rom")
    sys.path[:] = ["/rom/lib", ".frozen"]


def print_hashes(folder):
    """Prints path and SHA-256 of each file, a line for each."""
    for path, data in walk(folder):
        print(path[len(folder) :], binascii.hexlify(hashlib.sha256(data).digest()).decode())
