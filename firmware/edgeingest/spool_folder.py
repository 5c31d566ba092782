"""The folder of a spool: files by number, counted, each there as a whole or not at all.

    00000007.ent   an entry that waits                 rejected/   entries that the service refused for good
    00000008.rec   a recording that is not finished    damaged/    files that are not what was written
    00000009.tmp   an entry that is being written      *.txt there: the reason, beside the file of its number

Both file systems of MicroPython sync the device when a file is closed, flushed, renamed or removed (VfsLfs2, VfsFat).
littlefs renames in one step. FAT does not: a power cut may lose a file there, or leave another's bytes in it, which
the sums in `spool_entry` find out.
"""

import os

from micropython import const

from .errors import SampleError, SpoolFull

_KINDS = ("ent", "rec", "tmp", "txt")
_ENOSPC = const(28)  # MicroPython's errno lacks it

REJECTED = "rejected"
DAMAGED = "damaged"


def quietly(action, *arguments):
    """Do it; an OSError is none: there is another to be told about, or the file is not there."""
    try:
        action(*arguments)
    except OSError:
        pass


class Folder:
    """`entries`: how many wait; `bytes`: of all files; `highest`: number in use; `dropped`: how many were, for room."""

    def __init__(self, path, max_bytes, drop_oldest):
        self._path = path.rstrip("/")
        self.max_bytes = max_bytes
        self.drops = drop_oldest
        self.entries = self.bytes = self.highest = self.dropped = 0
        self.busy = ()  # numbers that are being sent: not to be dropped
        self._there = [""]  # which of the folders there are
        try:
            os.stat(self._path)
        except OSError:
            os.mkdir(self._path)
        # A cut in a move to another folder: littlefs completes it when something is first written or removed, even what
        # is not there; until then a listing may leave out a file.
        quietly(os.remove, self.path(0, "tmp"))
        for item in os.ilistdir(self._path.encode()):
            for folder in (REJECTED, DAMAGED):
                if item[0] == folder.encode():
                    self._there.append(folder)
        leftover = []
        for folder in ("", REJECTED, DAMAGED):
            for number, kind, size in self._files(folder):
                self.highest = max(self.highest, number)
                if kind == "tmp":
                    leftover.append(number)
                    continue
                self.bytes += os.stat(self.path(number, kind, folder))[6] if size is None else size
                if kind == "ent" and not folder:
                    self.entries += 1
        for number in leftover:
            os.remove(self.path(number, "tmp"))

    def path(self, number, kind, folder=""):
        """The path of a file."""
        return "%s/%s%08d.%s" % (self._path, folder and folder + "/", number, kind)

    def _files(self, folder):
        """A generator of (number, kind, size or None), to be run to its end: it has the folder open."""
        path = self._path + "/" + folder if folder else self._path
        # As bytes: on a damaged FAT there may be names that are no text.
        for item in os.ilistdir(path.encode()) if folder in self._there else ():
            name = item[0]
            if name[-4:-3] == b"." and name[:-4].isdigit():
                for kind in _KINDS:
                    if name[-3:] == kind.encode():
                        yield int(name[:-4]), kind, item[3] if len(item) > 3 else None

    def after(self, number, count, kind="ent", folder=""):
        """The lowest numbers above this one, in order, at most `count`: what is held does not grow with the folder."""
        found: "list" = []
        for n, its, _ in self._files(folder):
            if its == kind and n > number and (len(found) < count or n < found[-1]):
                del found[count - 1 :]
                found.append(n)
                found.sort()
        return found

    def write(self, number, fill):
        """Make an entry: fill(file) writes it under another name. It is there as a whole, or an error is raised."""
        temporary = self.path(number, "tmp")
        file = None
        done = False
        try:
            file = open(temporary, "wb")
            fill(file)
            file.close()
            os.rename(temporary, self.path(number, "ent"))
            done = True
        except OSError as e:
            raise full(e)
        finally:
            if not done and file is not None:
                quietly(file.close)
                quietly(os.remove, temporary)
        self.entries += 1
        self.bytes += os.stat(self.path(number, "ent"))[6]

    def remove(self, number, kind="ent", folder=""):
        """Remove a file and count it out."""
        path = self.path(number, kind, folder)
        size = os.stat(path)[6]
        os.remove(path)
        self.bytes -= size
        if kind == "ent" and not folder:
            self.entries -= 1

    def rename(self, number):
        """A recording is finished: it is an entry now."""
        os.rename(self.path(number, "rec"), self.path(number, "ent"))
        self.entries += 1

    def set_aside(self, number, kind, folder, reason):
        """Move a file to where a person can look at it, with the reason beside it."""
        if folder not in self._there:
            try:
                os.mkdir(self._path + "/" + folder)
            except OSError as e:
                raise full(e)
            self._there.append(folder)
        quietly(self.remove, number, "txt", folder)
        reason = reason.encode()
        path = self.path(number, "txt", folder)
        try:
            with open(path, "wb") as file:
                file.write(reason)
            self.bytes += len(reason)
        except OSError as e:
            if e.errno != _ENOSPC:  # then it goes without
                raise e
        os.rename(self.path(number, kind), self.path(number, "ent", folder))
        if kind == "ent":
            self.entries -= 1

    def reserve(self, size):
        """See that this many bytes may be added, if told to by dropping what is oldest; or SpoolFull."""
        while self.bytes + size > self.max_bytes:
            # nothing is dropped if that does not help: recordings at work stay, and what is being sent
            if self.bytes - self._spare() + size > self.max_bytes or not self.drop():
                raise SpoolFull(
                    "the spool has %d bytes in it, of max_bytes=%d: no room for %d more; flush it, or look what is in "
                    "rejected/ and damaged/" % (self.bytes, self.max_bytes, size)
                )

    def _spare(self):
        """Bytes of what may be dropped."""
        spare = 0
        for folder in (REJECTED, DAMAGED, "") if self.drops else ():
            for number, kind, size in self._files(folder):
                if folder or kind == "ent" and number not in self.busy:
                    spare += os.stat(self.path(number, kind, folder))[6] if size is None else size
        return spare

    def drop(self):
        """If told to, drop the oldest file of those set aside, or else the oldest entry; whether there was one."""
        if not self.drops:
            return False
        for folder in (REJECTED, DAMAGED, ""):
            for number in self.after(0, len(self.busy) + 1, "ent", folder):
                if folder or number not in self.busy:
                    if folder:
                        quietly(self.remove, number, "txt", folder)
                    self.remove(number, "ent", folder)
                    self.dropped += 1
                    return True
        return False


def full(error):
    """SpoolFull for the file system's "no space left"; any other error as it is."""
    if error.errno == _ENOSPC:
        return SpoolFull("the file system has no space left: flush the spool, or make room")
    return error


def folder_name(path):
    """The argument of Spool, checked."""
    if not isinstance(path, str) or not path.rstrip("/"):
        raise SampleError("path: the name of a folder is needed, not %r" % (path,))
    return path
