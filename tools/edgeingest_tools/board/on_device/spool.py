# Functions for the folder of a spool on the board, called by `pull`, together with files.py. No other program may use
# the spool at the same time.
import json


def sorted_names(folder):
    return sorted([item[0] for item in os.ilistdir(folder)]) if exists(folder) else ()


def entries(folder):
    # Prints [number, bytes, SHA-256, path] of every finished entry, one per line, oldest first. 32 numbers are in a
    # folder; earlier versions of the library had all in one.
    for part in [""] + [name + "/" for name in sorted_names(folder) if name.isdigit()]:
        for name in sorted_names(folder + "/" + part[:-1] if part else folder):
            if name.endswith(".ent"):
                path = "%s/%s%s" % (folder, part, name)
                print(json.dumps([int(name[:-4]), os.stat(path)[6], sha256(path), path]))


def set_entry_aside(folder, path, number, where, reason):
    place = "%s/%s/%06d/%08d." % (folder, where, number >> 5, number)
    folders(place)
    with open(place + "txt", "w") as file:
        file.write(reason)
    os.rename(path, place + "ent")


def identity():
    try:
        from binascii import hexlify

        from machine import unique_id

        return hexlify(unique_id()).decode()
    except ImportError:
        return "board"
