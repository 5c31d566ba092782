"""Where the firmware of a board keeps its files: the layouts of board.toml, and which of them a firmware has.

littlefs mounts only with the number of blocks that it was made with (lfs_mount of littlefs 2: LFS_ERR_INVAL), so an
image for another size is lost data: what is not known is refused here.
"""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edgeingest_tools.board.table import Table

_RELEASE = re.compile(r"v?(\d+)\.(\d+)(\.\d+)?")
_FLASH = re.compile(r"(\d+) ?(M|MB|MiB)")
BLOCK = 4096  # a sector of the flash
Release = Annotated[str, Field(pattern=r"^\d+\.\d+$")]


class LayoutError(Exception):
    """Raised when a layout is not known; the text says what would tell it."""


class Filesystem(Table):
    """The place of a file system: offset in the flash and size, in bytes."""

    offset: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(gt=0)]
    block_size: Annotated[int, Field(gt=0)] = BLOCK
    kind: Literal["littlefs2", "fat"] = "littlefs2"


class Layout(Table):
    """The layout of releases of MicroPython: from since to until, both included. size None: to the end of the flash."""

    since: Release
    until: Release | None = None  # None: all later ones
    offset: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(gt=0)] | None = None
    source: str

    @model_validator(mode="after")
    def _whole_blocks(self) -> "Layout":
        if self.offset % BLOCK or (self.size or 0) % BLOCK:
            raise ValueError(f"offset and size have to be multiples of a block, {BLOCK}")
        return self

    def __str__(self) -> str:
        return self.since if self.since == self.until else f"{self.since} to {self.until or 'the newest'}"

    def has(self, release: tuple[int, int]) -> bool:
        """Returns whether a release has this layout."""
        return _numbers(self.since) <= release and (self.until is None or release <= _numbers(self.until))

    def place(self, flash: int | None) -> Filesystem:
        """Returns the place of the file system in a flash of so many bytes. Raises LayoutError."""
        if self.size is None and flash is None:
            raise LayoutError("depends on the flash, to whose end it reaches: give its size, such as --flash-size 4MB")
        size = self.size or flash - self.offset  # type: ignore[operator]  # one of them is there
        if size <= 0 or (flash and self.offset + size > flash):
            raise LayoutError(f"is at {self.offset:#x}, and a flash of {flash} bytes is too small for that")
        return Filesystem(offset=self.offset, size=size)


class Firmware(Table):
    """A firmware of MicroPython. variant: as in the name of its file; machine: its sys.implementation._machine."""

    variant: str = ""
    machine: str
    layouts: Annotated[list[Layout], Field(min_length=1)]

    def place(self, version: str | None, flash: int | None) -> Filesystem:
        """Returns the place of the file system. Raises LayoutError."""
        if version is None:
            if len(self.layouts) > 1 or self.layouts[0].until:
                raise LayoutError("depends on its release: say which, --firmware 1.26.1 or another")
            return self.layouts[0].place(flash)
        release = release_of(version)
        found = [layout for layout in self.layouts if layout.has(release)]
        if not found:
            known = " and ".join(map(str, self.layouts))
            raise LayoutError(f"is not known for MicroPython {version}, only for {known}: ask a board, with --port")
        return found[0].place(flash)


def release_of(version: str) -> tuple[int, int]:
    """Returns the release of a version such as 1.26.1. Raises LayoutError."""
    match = _RELEASE.fullmatch(version)
    if match is None:
        raise LayoutError(f"--firmware: {version!r} is no version of MicroPython, such as 1.26.1")
    return int(match[1]), int(match[2])


def flash_bytes(text: str | None) -> int | None:
    """Returns the bytes of a size such as 4MB, or None. Raises LayoutError."""
    if text is None:
        return None
    match = _FLASH.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= 256:
        raise LayoutError(f"--flash-size: {text!r} is no size of a flash, such as 4MB")
    return int(match[1]) << 20


def _numbers(release: str) -> tuple[int, int]:
    major, minor = release.split(".")
    return int(major), int(minor)
