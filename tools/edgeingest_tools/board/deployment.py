"""Installs the library on a board, so that at every moment the board has one complete version.

The board imports it from /edgeingest or, if that does not exist, from /lib/edgeingest (sys.path); one of them is free.
The new version is written beside the free one under another name, verified by hash, and renamed. One rename switches
versions: that of the new version to /edgeingest, or that of the old one away from it. An interrupted deploy leaves the
old version before that step and the new one after it; the next deploy continues it. No rename moves a file from one
folder to another: littlefs does that in two steps, and hides other files of the folder if the power fails in between.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from edgeingest_tools.board.facts import Facts
from edgeingest_tools.board.link import BoardError, DeviceError, Link

Advance = Callable[[str, int], None]  # called with (file, bytes that were sent since the last call)


@dataclass(frozen=True)
class Done:
    """The result of a deploy: files sent to the board, files that it had already, files that were removed."""

    sent: list[str]
    kept: int
    removed: int


class Deployment:
    """The installation of the library on one board: call `needed`, then `install`.

    With `replace` the old version is removed first, for boards without space for both; if such a deploy is
    interrupted, the board has no version.
    """

    def __init__(self, link: Link, board_facts: Facts, wanted: dict[str, bytes], replace: bool = False) -> None:
        self._link, self._facts, self._wanted = link, board_facts, wanted
        self._first, self._second = board_facts.root + "/edgeingest", board_facts.root + "/lib/edgeingest"
        link.load("files")
        first, second = (link.call(f"exists({place!r})") for place in (self._first, self._second))
        if first and second:  # a deploy was interrupted in its last steps; the board imports the first one
            self._do(f"set_aside({self._second!r}, '.new')")
        begun = not first and link.call(f"exists({self._first + '.new'!r})")
        self._current, self._next = self._first, self._second
        if second and not first or begun:
            self._current, self._next = self._second, self._first
        self._new = self._next + ".new"
        for leftover in (self._first + ".old", self._second + ".old", self._current + ".new"):
            self._do(f"remove({leftover!r})")
        self._hashes = {name: hashlib.sha256(data).hexdigest() for name, data in wanted.items()}
        self.installed, self._staged = self._list(self._current), self._list(self._new)
        if replace and self.installed != self._hashes:
            self._do(f"remove({self._current!r})")
            self.installed = {}

    def needed(self) -> list[str]:
        """Returns the names of the files that have to be sent, because the board does not have them yet."""
        on_board = (self.installed, self._staged)
        return [name for name, hashed in self._hashes.items() if hashed not in [each.get(name) for each in on_board]]

    def install(self, advance: Advance) -> Done:
        """Sends the files and switches to the new version. Raises BoardError."""
        try:
            return self._install(advance)
        except DeviceError as error:
            raise _file_system_error(error) from None

    def _install(self, advance: Advance) -> Done:
        if self.installed == self._hashes:
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
        if self.installed:
            self._do(f"set_aside({self._current!r}, '.old')")
            self._do(f"remove({self._current + '.old'!r})")
        return Done(sent, len(self._wanted) - len(sent), len(self.installed.keys() - self._hashes.keys()))

    def _stage(self, name: str, data: bytes, send: bool, advance: Advance) -> None:
        target = f"{self._new}/{name}"
        self._do(f"folders({target!r})")
        if send:
            self._link.write(target, data, lambda count: advance(name, count))
        else:
            self._do(f"copy({self._current + '/' + name!r}, {target!r})")

    def _check_space(self) -> None:
        """Raises BoardError if the new version does not fit beside the old one. Called before anything is written."""
        block = self._facts.block
        missing = [data for name, data in self._wanted.items() if name not in self._staged]
        # littlefs takes whole blocks for a file, two for a folder, and needs some to move its data.
        folders = {name.rpartition("/")[0] for name in self._wanted}
        blocks = sum(-(-len(data) // block) for data in missing) + 2 * len(folders) + 2
        free = self._link.call(f"__import__('os').statvfs({self._facts.root + '/'!r})")[3]
        if blocks > free:
            more = ", or deploy with --replace: the new version is built beside the old one" if self.installed else ""
            raise BoardError(
                f"the board's file system has {free * block // 1024} KB free, {blocks * block // 1024} KB are needed: "
                f"remove files that are not needed (`mpremote rm`){more}"
            )

    def _list(self, folder: str) -> dict[str, str]:
        return dict(self._link.lines(f"hashes({folder!r})", 60))

    def _do(self, code: str) -> None:
        self._link.run(code, silence_s=60)


def _file_system_error(error: DeviceError) -> BoardError:
    if "ENOSPC" in error.trace or error.trace.endswith("OSError: 28"):
        return BoardError(
            "the board's file system is full; a whole version is still there: remove files, run this again"
        )
    return BoardError(f"the board's file system refused: {error}; a whole version is still there")
