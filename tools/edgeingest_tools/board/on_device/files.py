# Functions for files on the board, called by the commands of the PC; all paths are absolute.
import os


def exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def tree(path):
    # Yields (path, is a folder) of everything below a folder, then the folder: the order in which they can be removed.
    # Of a file it yields only the file.
    if not os.stat(path)[0] & 0x4000:
        yield path, False
        return
    for entry in os.ilistdir(path):
        yield from tree(path + "/" + entry[0])
    yield path, True


def remove(path):
    if exists(path):
        for each, is_folder in tree(path):
            (os.rmdir if is_folder else os.remove)(each)


def pieces(path):
    buffer = bytearray(1024)
    view = memoryview(buffer)
    with open(path, "rb") as file:
        while True:
            count = file.readinto(buffer)
            if not count:
                return
            yield view[:count]


def sha256(path):
    from binascii import hexlify
    from hashlib import sha256

    found = sha256()
    for piece in pieces(path):
        found.update(piece)
    return hexlify(found.digest()).decode()


def hashes(folder):
    # Prints one line of JSON for each file: one list of all could need too much heap.
    import json

    if exists(folder):
        for path, is_folder in tree(folder):
            if not is_folder:
                print(json.dumps([path[len(folder) + 1 :], sha256(path)]))


def folders(path):
    # Makes the folders that a file needs.
    at = path.find("/", 1)
    while at > 0:
        if not exists(path[:at]):
            os.mkdir(path[:at])
        at = path.find("/", at + 1)


def copy(source, target):
    with open(target, "wb") as file:
        for piece in pieces(source):
            file.write(piece)


def replace(source, target):
    # Renames a file and replaces an existing one; littlefs does it in one step, FAT cannot.
    try:
        os.rename(source, target)
    except OSError:
        os.remove(target)
        os.rename(source, target)


def set_aside(path, suffix):
    # Renames, so that nothing imports it; littlefs does that in one step within one folder.
    if exists(path):
        remove(path + suffix)
        os.rename(path, path + suffix)
