"""The folder of a spool: files by number, counted, each there as a whole or not at all.

    00000007.ent   an entry that waits                 rejected/   entries that the service refused for good
    00000008.rec   a recording that is not finished    damaged/    files that are not what was written
    00000009.tmp   an entry that is being written      *.txt there: the reason, beside the file of its number

Both file systems of MicroPython sync the device when a file is closed, flushed, renamed or removed (VfsLfs2, VfsFat).
littlefs renames in one step. FAT does not: a power cut may lose a file there, or leave another's bytes in it, which
the sums in `format` find out.
"""

import os

from micropython import const

from ..errors import SpoolFull
from ..validate import argument_error

_KINDS = ("ent", "rec", "tmp", "txt")
_ENOSPC = const(28)  # MicroPython's errno lacks it

REJECTED = "rejected"
DAMAGED = "damaged"


def ignore_oserror(action, *arguments):
    """Calls the action. Its OSError is ignored: the file is not there, or an earlier error is to be raised."""
    try:
        action(*arguments)
    except OSError:
        pass


def no_space(error):
    """Returns SpoolFull for the file system's "no space left", any other error as it is."""
    if error.errno == _ENOSPC:
        return SpoolFull("the file system has no space left: flush the spool, or make room")
    return error


def _exists(path):
    """Returns whether there is a file or a folder at the path."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


class Folder:
    """The files, and what is known of them.

    entries: how many wait. bytes: of all files. highest: the highest number in use. dropped: how many were removed to
    make room. sending: numbers of entries that are being sent, recording: of recordings that grow; neither is dropped.
    """

    def __init__(self, path, max_bytes, drop_oldest):
        if not isinstance(path, str) or not path.rstrip("/"):
            raise argument_error("path: the name of a folder", path)
        self._path = path.rstrip("/")
        self._max_bytes = max_bytes
        self._drop_oldest = drop_oldest
        self.entries = self.bytes = self.highest = self.dropped = 0
        self.sending = ()
        self.recording = []
        if not _exists(self._path):
            os.mkdir(self._path)
        # After a power cut in a move to another folder, littlefs completes that when something is first written or
        # removed, even what is not there; until then a listing may leave out a file.
        ignore_oserror(os.remove, self.path(0, "tmp"))
        self._folders = [""]  # those of "", REJECTED and DAMAGED that exist
        for folder in (REJECTED, DAMAGED):
            if _exists(self._path + "/" + folder):
                self._folders.append(folder)
        unfinished = []
        for folder in self._folders:
            for number, kind, size in self._files(folder):
                self.highest = max(self.highest, number)
                if kind == "tmp":
                    unfinished.append(number)
                    continue
                self.bytes += size or self.size(number, kind, folder)
                if kind == "ent" and not folder:
                    self.entries += 1
        for number in unfinished:
            os.remove(self.path(number, "tmp"))

    def path(self, number, kind, folder=""):
        """Returns the path of a file."""
        return "%s/%s%08d.%s" % (self._path, folder and folder + "/", number, kind)

    def size(self, *file):
        """Returns the size of a file. Arguments as of `path`."""
        return os.stat(self.path(*file))[6]

    def _files(self, folder):
        """A generator of (number, kind, size; 0 if not known), to be run to its end: it has the folder open."""
        path = self._path + "/" + folder if folder else self._path
        # As bytes: on a damaged FAT there may be names that are no text.
        for item in os.ilistdir(path.encode()) if folder in self._folders else ():
            name = item[0]
            if name[-4:-3] == b"." and name[:-4].isdigit():
                for kind in _KINDS:
                    if name[-3:] == kind.encode():
                        yield int(name[:-4]), kind, item[3] if len(item) > 3 else 0

    def numbers_above(self, number, count, kind="ent", folder=""):
        """Returns the lowest numbers above this one, in order, at most `count`, whatever the folder has."""
        found: "list" = []
        for n, file_kind, _ in self._files(folder):
            if file_kind == kind and n > number and (len(found) < count or n < found[-1]):
                del found[count - 1 :]
                found.append(n)
                found.sort()
        return found

    def write(self, number, fill):
        """Makes an entry: fill(file) writes it under another name. It is there as a whole, or an error is raised."""
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
            raise no_space(e)
        finally:
            if not done and file is not None:
                ignore_oserror(file.close)
                ignore_oserror(os.remove, temporary)
        self.entries += 1
        self.bytes += self.size(number, "ent")

    def remove(self, number, kind="ent", folder=""):
        """Removes a file and counts it out."""
        size = self.size(number, kind, folder)
        os.remove(self.path(number, kind, folder))
        self.bytes -= size
        if kind == "ent" and not folder:
            self.entries -= 1

    def rename_to_entry(self, number):
        """Makes a finished recording an entry."""
        os.rename(self.path(number, "rec"), self.path(number, "ent"))
        self.entries += 1

    def set_aside(self, number, kind, folder, reason):
        """Moves a file to where a person can look at it, with the reason beside it."""
        if folder not in self._folders:
            try:
                os.mkdir(self._path + "/" + folder)
            except OSError as e:
                raise no_space(e)
            self._folders.append(folder)
        ignore_oserror(self.remove, number, "txt", folder)
        reason = reason.encode()
        try:
            with open(self.path(number, "txt", folder), "wb") as file:
                file.write(reason)
            self.bytes += len(reason)
        except OSError as e:
            if e.errno != _ENOSPC:  # without space the file is moved without its reason
                raise e
        os.rename(self.path(number, kind), self.path(number, "ent", folder))
        if kind == "ent":
            self.entries -= 1

    def reserve(self, size):
        """Makes sure that this many bytes may be added, by dropping the oldest if that is allowed. Raises SpoolFull."""
        while self.bytes + size > self._max_bytes:
            # Nothing is dropped when that would not be enough.
            if self.bytes - self._droppable() + size > self._max_bytes or not self.drop():
                raise SpoolFull(
                    "the spool has %d bytes in it, of max_bytes=%d: no room for %d more; flush it, or look what is in "
                    "rejected/ and damaged/" % (self.bytes, self._max_bytes, size)
                )

    def _droppable(self):
        """Returns how many bytes may be dropped."""
        total = 0
        for folder in (REJECTED, DAMAGED, "") if self._drop_oldest else ():
            for number, kind, size in self._files(folder):
                if folder or kind == "ent" and number not in self.sending:
                    total += size or self.size(number, kind, folder)
        return total

    def drop(self):
        """Drops, if allowed, the oldest file that was set aside, or else the oldest entry. Returns whether it did."""
        for folder in (REJECTED, DAMAGED, "") if self._drop_oldest else ():
            for number in self.numbers_above(0, len(self.sending) + 1, "ent", folder):
                if folder or number not in self.sending:
                    if folder:
                        ignore_oserror(self.remove, number, "txt", folder)
                    self.remove(number, "ent", folder)
                    self.dropped += 1
                    return True
        return False
