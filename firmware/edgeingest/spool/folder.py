"""The folder of a spool: files by number, counted, each there as a whole or not at all.

    000000/00000007.ent   an entry that waits                 rejected/   entries that the service refused
    000000/00000008.rec   a recording that is not finished    damaged/    files that are not what was written
    000002/00000064.tmp   an entry that is being written      *.txt there: the reason, beside the file of its number

A shard has 32 numbers: the time to find a file grows with the names in its folder, on littlefs and on FAT. `rejected/`
and `damaged/` have shards as well.

Both file systems of MicroPython sync the device when a file is closed, flushed, renamed or removed (VfsLfs2, VfsFat).
littlefs renames in one step. FAT does not: a power cut may lose a file there, or leave another's bytes in it, which
the sums in `format` find out.
"""

import os
import sys

from micropython import const

from ..errors import SpoolFull
from ..validate import argument_error

_KINDS = ("ent", "rec", "tmp", "txt")
_FLAT = (b".ent", b".rec", b".tmp")
_SHARD_BITS = const(5)
_SHARDS = const(32)  # whose numbers are held at a time
_ENOSPC = const(28)  # MicroPython's errno lacks it

REJECTED = "rejected"
DAMAGED = "damaged"

_folders: "dict" = {}  # by absolute path: all spools of a program at one path have the same Folder


def ignore_oserror(action, *arguments):
    """Calls the action. Its OSError is ignored: the file is not there, or an earlier error is to be raised."""
    try:
        action(*arguments)
    except OSError:
        pass


def before_write():
    """Called before flash is written: lets a `Microphone` stop, whose I2S would overwrite memory or lose sound."""
    microphone = sys.modules.get("edgeingest.sources.microphone")
    if microphone:
        microphone.before_write()


def no_space(error):
    """Returns SpoolFull for the file system's "no space left", any other error as it is."""
    if error.errno == _ENOSPC:
        return SpoolFull("the file system has no space left: flush the spool, or make room")
    return error


def exists(path):
    """Returns whether there is a file or a folder at the path."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def folder_at(path):
    """Returns the Folder of this path, which is made if its parent exists."""
    if not isinstance(path, str) or not path.rstrip("/"):
        raise argument_error("path: the name of a folder", path)
    whole = path if path.startswith("/") else os.getcwd() + "/" + path
    whole = "/" + "/".join([name for name in whole.split("/") if name not in ("", ".")])
    folder = _folders.get(whole)
    if folder is None:
        folder = Folder(whole)
    if not folder.sending and not folder.recording:  # otherwise its counts are right, and its files are at work
        folder.scan()
    _folders[whole] = folder
    return folder


class Folder:
    """The files, and what is known of them.

    entries: how many wait. bytes: of all files. highest: the highest number in use. dropped: how many were removed to
    make room. sending: numbers of entries that are being sent, recording: of recordings that grow; neither is dropped.
    growing: bytes of the recordings that are not finished. The rest is what `flush` remembers until the next restart.
    refusals: the kind of the last refusal, and how many in a row were of it. failures: number -> (in how many flushes
    the entry failed, why). stuck: number -> why an entry that the service has could not be removed. sums: CRC-32 of
    what was sent last.
    """

    def __init__(self, path):
        self._path = path
        self.dropped = 0
        self.sending = ()
        self.recording = []
        self.refusals = None, 0
        self.failures = {}
        self.stuck = {}
        self.sums = []

    def scan(self):
        """Counts the files, and removes what an interrupted `put` left."""
        before_write()
        self.entries = self.bytes = self.growing = self.highest = 0
        self._drops = None  # a generator of what may be dropped
        if not exists(self._path):
            os.mkdir(self._path)
        # After a power cut in a move to another folder, littlefs completes that when something is first written or
        # removed, even what is not there; until then a listing may leave out a file.
        ignore_oserror(os.remove, self._path + "/0.tmp")
        self._folders = [""]  # those of "", REJECTED and DAMAGED that exist
        for folder in (REJECTED, DAMAGED):
            if exists(self.root(folder)):
                self._folders.append(folder)
        for folder in self._folders:
            flat = False
            for name, _ in self._names(self.root(folder)):
                flat = flat or name[-4:] in _FLAT
            if flat:
                from .migration import move_to_shards

                move_to_shards(self, folder)
            for shard in self._shards(folder):
                self._count(folder, shard)

    def _count(self, folder, shard):
        """Counts the files of a shard, and removes it if it has none."""
        unfinished = []
        for number, kind, size in self.files(folder, shard):
            self.highest = max(self.highest, number)
            if kind == "tmp":
                unfinished.append(number)
                continue
            size = size or self.size(number, kind, folder)
            self.bytes += size
            if kind == "rec":
                self.growing += size
            elif kind == "ent" and not folder:
                self.entries += 1
        for number in unfinished:
            os.remove(self.path(number, "tmp", folder))
        if shard != self.highest >> _SHARD_BITS:
            ignore_oserror(os.rmdir, self.shard(shard << _SHARD_BITS, folder))

    def path(self, number, kind, folder=""):
        """Returns the path of a file."""
        return "%s/%08d.%s" % (self.shard(number, folder), number, kind)

    def shard(self, number, folder=""):
        """Returns the path of the shard in which a file is."""
        return "%s/%06d" % (self.root(folder), number >> _SHARD_BITS)

    def size(self, *file):
        """Returns the size of a file. Arguments as of `path`."""
        return os.stat(self.path(*file))[6]

    def root(self, folder):
        """Returns the path of the folder itself, of REJECTED, or of DAMAGED."""
        return self._path + "/" + folder if folder else self._path

    def _names(self, path):
        """A generator of (name, size or 0 if that is not known), to be run to its end: it has the folder open."""
        try:
            # As bytes: on a damaged FAT there may be names that are no text.
            listing = os.ilistdir(path.encode())
        except OSError:
            return  # it was removed meanwhile
        for item in listing:
            yield item[0], item[3] if len(item) > 3 else 0

    def files(self, folder, shard=None):
        """A generator of (number, kind, size or 0) of the files in a shard, or outside of all; see `_names`."""
        path = self.root(folder) if shard is None else self.shard(shard << _SHARD_BITS, folder)
        for name, size in self._names(path):
            if name[-4:-3] == b"." and name[:-4].isdigit():
                for kind in _KINDS:
                    if name[-3:] == kind.encode():
                        yield int(name[:-4]), kind, size

    def _shards(self, folder):
        """A generator of the shards in order. Only some are held; others may come and go meanwhile."""
        last = -1
        more = folder in self._folders
        while more:
            found: "list" = []
            for name, _ in self._names(self.root(folder)):
                if name.isdigit() and int(name) > last and (len(found) < _SHARDS or int(name) < found[-1]):
                    del found[_SHARDS - 1 :]
                    found.append(int(name))
                    found.sort()
            for last in found:
                yield last
            more = len(found) == _SHARDS

    def numbers(self, kind="ent", folder=""):
        """A generator of the numbers of files, in order. Each name is read once; a shard's numbers are held."""
        for shard in self._shards(folder):
            found = [number for number, each, _ in self.files(folder, shard) if each == kind]
            found.sort()
            yield from found

    def create(self, number, kind, folder=""):
        """Opens a new file for writing; makes the folders that it needs. Raises the OSError as it is."""
        before_write()
        path = self.path(number, kind, folder)
        try:
            return open(path, "wb")
        except OSError as e:
            if exists(self.shard(number, folder)):
                raise e
        if folder not in self._folders:
            os.mkdir(self.root(folder))
            self._folders.append(folder)
        os.mkdir(self.shard(number, folder))
        return open(path, "wb")

    def write(self, number, fill):
        """Makes an entry: fill(file) writes it under another name. It is there as a whole, or an error is raised."""
        temporary = self.path(number, "tmp")
        file = None
        done = False
        try:
            file = self.create(number, "tmp")
            fill(file)
            file.close()
            os.rename(temporary, self.path(number, "ent"))
            done = True
        except OSError as e:
            raise no_space(e)
        finally:
            if not done:
                if file is not None:
                    ignore_oserror(file.close)
                ignore_oserror(os.remove, temporary)
        self.entries += 1
        self.bytes += self.size(number, "ent")

    def remove(self, number, kind="ent", folder=""):
        """Removes a file and counts it out."""
        before_write()
        size = self.size(number, kind, folder)
        os.remove(self.path(number, kind, folder))
        self.bytes -= size
        self._moved(number, kind, folder, size)

    def _moved(self, number, kind, folder, size):
        """Called when a file is no longer where it was: counts it out, and removes its shard if it was the last."""
        if kind == "rec":
            self.growing -= size
        elif kind == "ent" and not folder:
            self.entries -= 1
        if number >> _SHARD_BITS != self.highest >> _SHARD_BITS:
            ignore_oserror(os.rmdir, self.shard(number, folder))

    def rename_to_entry(self, number):
        """Makes a finished recording an entry."""
        before_write()
        os.rename(self.path(number, "rec"), self.path(number, "ent"))
        self.growing -= self.size(number, "ent")
        self.entries += 1

    def set_aside(self, number, kind, folder, reason):
        """Moves a file to where a person can look at it, with the reason beside it."""
        ignore_oserror(self.remove, number, "txt", folder)
        reason = reason.encode()
        error = None
        try:
            with self.create(number, "txt", folder) as file:
                file.write(reason)
            self.bytes += len(reason)
        except OSError as e:
            error = no_space(e)
        # Without space the file is moved without its reason, if there is a shard for it.
        if error and not (isinstance(error, SpoolFull) and exists(self.shard(number, folder))):
            raise error
        size = self.size(number, kind)
        os.rename(self.path(number, kind), self.path(number, "ent", folder))
        self._moved(number, kind, "", size)
        self._drops = None

    def take_back(self, number):
        """Makes a rejected entry one that waits again."""
        ignore_oserror(self.remove, number, "txt", REJECTED)
        if not exists(self.shard(number)):
            os.mkdir(self.shard(number))
        os.rename(self.path(number, "ent", REJECTED), self.path(number, "ent"))
        ignore_oserror(os.rmdir, self.shard(number, REJECTED))
        self.entries += 1

    def reserve(self, size, max_bytes, drop_oldest):
        """Makes sure that this many bytes may be added, by dropping the oldest if that is allowed. Raises SpoolFull."""
        if size > max_bytes:
            raise SpoolFull(
                "%d bytes are more than the whole spool may have, max_bytes=%d: allow more" % (size, max_bytes)
            )
        over = self.bytes + size - max_bytes
        # Nothing is dropped when that would not be enough.
        if over > 0 and drop_oldest and over <= self.bytes - self.growing - sum(map(self._entry_size, self.sending)):
            while self.bytes + size > max_bytes and self.drop():
                pass
        if self.bytes + size > max_bytes:
            raise SpoolFull(
                "the spool has %d bytes in it, of max_bytes=%d: no room for %d more; flush it, or look what is in "
                "rejected/ and damaged/" % (self.bytes, max_bytes, size)
            )

    def _entry_size(self, number):
        """Returns the size of an entry; 0 if it is no longer there."""
        return self.size(number, "ent") if exists(self.path(number, "ent")) else 0

    def _to_drop(self):
        """A generator of (number, folder) of what may be dropped: first what was set aside, then the oldest entry."""
        for folder in (REJECTED, DAMAGED, ""):
            for number in self.numbers("ent", folder):
                if (folder or number not in self.sending) and exists(self.path(number, "ent", folder)):
                    yield number, folder

    def drop(self):
        """Drops the oldest file that was set aside, or else the oldest entry. Returns whether it did.

        It goes on where it was at the last call, and begins anew once: what it left may be dropped now.
        """
        for drops in (self._drops, self._to_drop()):
            for number, folder in drops or ():
                self._drops = drops
                if folder:
                    ignore_oserror(self.remove, number, "txt", folder)
                self.remove(number, "ent", folder)
                self.dropped += 1
                return True
        return False
