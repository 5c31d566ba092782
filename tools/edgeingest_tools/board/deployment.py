"""Puts the library onto a board, so that at every moment the board has one whole version.

There are two places that it is imported from, /edgeingest before /lib/edgeingest (sys.path), and one of them is free.
The new version is gathered there under another name, verified by hash, and renamed. One rename decides: that of the
new version to /edgeingest, or that of the old one away from it. A deploy that is cut off leaves the old version before
that step and the new one after it; the next one goes on where it stopped. No rename leads from one folder into
another: littlefs does that in two steps, and hides other files of the folder if the power fails in between.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from edgeingest_tools.board.facts import Facts
from edgeingest_tools.board.link import BoardError, DeviceError, Link

Advance = Callable[[str, int], None]  # (file, bytes that have gone over)


@dataclass(frozen=True)
class Done:
    """What a deploy did: files sent over the cable, files the board had already, files of before that are gone."""

    sent: list[str]
    kept: int
    gone: int


class Deployment:
    """The library onto one board; `needed` and then `install`.

    replace: the old version is removed first, where there is no room for both; cut off, the board has none.
    """

    def __init__(self, link: Link, about: Facts, wanted: dict[str, bytes], replace: bool = False) -> None:
        self._link, self._about, self._wanted = link, about, wanted
        self._first, self._second = about.root + "/edgeingest", about.root + "/lib/edgeingest"
        link.load("files")
        first, second = (link.call(f"exists({place!r})") for place in (self._first, self._second))
        if first and second:  # a deploy was cut off in its last steps: the first one is imported
            self._do(f"set_aside({self._second!r}, '.new')")
        begun = not first and link.call(f"exists({self._first + '.new'!r})")
        self._now, self._next = self._first, self._second
        if second and not first or begun:
            self._now, self._next = self._second, self._first
        self._new = self._next + ".new"
        for rest in (self._first + ".old", self._second + ".old", self._now + ".new"):
            self._do(f"remove({rest!r})")
        self._hashes = {name: hashlib.sha256(data).hexdigest() for name, data in wanted.items()}
        self.there, self._staged = self._list(self._now), self._list(self._new)
        if replace and self.there != self._hashes:
            self._do(f"remove({self._now!r})")
            self.there = {}

    def needed(self) -> list[str]:
        """What has to go over the cable."""
        here = (self.there, self._staged)
        return [name for name, hashed in self._hashes.items() if hashed not in [each.get(name) for each in here]]

    def install(self, advance: Advance) -> Done:
        try:
            return self._install(advance)
        except DeviceError as error:
            raise _explained(error) from None

    def _install(self, advance: Advance) -> Done:
        if self.there == self._hashes:
            self._do(f"remove({self._new!r})")
            return Done([], len(self._wanted), 0)
        sent = self.needed()
        for name in [name for name, hashed in self._staged.items() if self._hashes.get(name) != hashed]:
            self._do(f"remove({self._new + '/' + name!r})")
            del self._staged[name]
        self._check_space()
        for name, data in self._wanted.items():
            if self._staged.get(name) != self._hashes[name]:
                self._stage(name, data, name in sent, advance)
        if self._list(self._new) != self._hashes:
            self._do(f"remove({self._new!r})")
            raise BoardError(
                "what arrived on the board differs from what was sent: check the cable, then run this again"
            )
        self._do(f"os.rename({self._new!r}, {self._next!r})")
        if self.there:
            self._do(f"set_aside({self._now!r}, '.old')")
            self._do(f"remove({self._now + '.old'!r})")
        return Done(sent, len(self._wanted) - len(sent), len(self.there.keys() - self._hashes.keys()))

    def _stage(self, name: str, data: bytes, send: bool, advance: Advance) -> None:
        target = f"{self._new}/{name}"
        self._do(f"folders({target!r})")
        if send:
            self._link.write(target, data, lambda count: advance(name, count))
        else:
            self._do(f"copy({self._now + '/' + name!r}, {target!r})")

    def _check_space(self) -> None:
        """Before anything is written: all of the new version has to fit beside the old one."""
        block = self._about.block
        missing = [data for name, data in self._wanted.items() if name not in self._staged]
        # A file takes whole blocks, a folder two (littlefs), and there has to be one to move things around.
        folders = {name.rpartition("/")[0] for name in self._wanted}
        blocks = sum(-(-len(data) // block) for data in missing) + 2 * len(folders) + 2
        free = self._link.call(f"__import__('os').statvfs({self._about.root + '/'!r})")[3]
        if blocks > free:
            more = ", or deploy with --replace: the new version is built beside the old one" if self.there else ""
            raise BoardError(
                f"the board's file system has {free * block // 1024} KB free, {blocks * block // 1024} KB are needed: "
                f"remove files that are not needed (`mpremote rm`){more}"
            )

    def _list(self, folder: str) -> dict[str, str]:
        return dict(self._link.lines(f"hashes({folder!r})", 60))

    def _do(self, code: str) -> None:
        self._link.run(code, silence_s=60)


def _explained(error: DeviceError) -> BoardError:
    if "ENOSPC" in error.trace or error.trace.endswith("OSError: 28"):
        return BoardError(
            "the board's file system is full; a whole version is still there: remove files, run this again"
        )
    return BoardError(f"the board's file system refused: {error}; a whole version is still there")
