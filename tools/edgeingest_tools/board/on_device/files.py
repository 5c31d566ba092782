# What `deploy` does with files on the board itself; all paths are absolute.
import os


def exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def tree(path):
    # every file below a folder, then the folder itself: the order in which they can be removed; or just the file
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
    # one line of JSON for each file, as there may be many
    import json

    if exists(folder):
        for path, is_folder in tree(folder):
            if not is_folder:
                print(json.dumps([path[len(folder) + 1 :], sha256(path)]))


def folders(path):
    # makes the folders that a file needs
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
    # over a file that is there; littlefs does it in one step, FAT cannot
    try:
        os.rename(source, target)
    except OSError:
        os.remove(target)
        os.rename(source, target)


def set_aside(path, suffix):
    # under another name, so that nothing imports it; within one folder littlefs does that in one step
    if exists(path):
        remove(path + suffix)
        os.rename(path, path + suffix)
