# Functions for the folder of a spool on the board, called by `pull`, together with files.py. No other program may use
# the spool at the same time.
import json


def entries(folder):
    # Prints [number, bytes, SHA-256] of every finished entry, one per line, oldest first.
    names = [item[0] for item in os.ilistdir(folder) if item[0].endswith(".ent")] if exists(folder) else []
    for name in sorted(names):
        path = folder + "/" + name
        print(json.dumps([int(name[:-4]), os.stat(path)[6], sha256(path)]))


def set_entry_aside(folder, number, where, reason):
    place = "%s/%s/%08d." % (folder, where, number)
    folders(place)
    with open(place + "txt", "w") as file:
        file.write(reason)
    os.rename("%s/%08d.ent" % (folder, number), place + "ent")


def identity():
    try:
        from binascii import hexlify

        from machine import unique_id

        return hexlify(unique_id()).decode()
    except ImportError:
        return "board"
