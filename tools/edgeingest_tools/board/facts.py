"""Asks a board for its properties: MicroPython version, .mpy files, heap, flash."""

from pathlib import Path

from pydantic import BaseModel

from edgeingest_tools.board.link import BoardError, Link
from edgeingest_tools.micropython import architecture

_SCRIPT = Path(__file__).parent / "on_device" / "facts.py"
_FILESYSTEMS = {"VfsLfs1": "littlefs", "VfsLfs2": "littlefs", "VfsFat": "FAT"}


class Facts(BaseModel):
    """The properties of a board, as on_device/facts.py prints them."""

    version: tuple[int, int, int]
    machine: str
    platform: str
    mpy: int | None
    path: list[str]
    heap_free: int
    heap: int
    block: int
    blocks: int
    blocks_free: int
    filesystem: str | None
    frozen: str | None
    network: bool
    place: tuple[int | None, int, str] | None = None  # offset, size and name of the flash that has the files

    @property
    def release(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def mpy_version(self) -> tuple[int, int] | None:
        """Version and native sub-version of the .mpy files that it loads (sys.implementation._mpy), or None."""
        return None if self.mpy is None else (self.mpy & 0xFF, self.mpy >> 8 & 3)

    @property
    def architecture(self) -> str | None:
        """mpy-cross's name of the machine code that it runs; None: it runs none."""
        return architecture(self.mpy)

    @property
    def mpy_text(self) -> str:
        if self.mpy_version is None:
            return "no .mpy"
        return "{}.{} {}".format(*self.mpy_version, self.architecture or "(no native code)")

    @property
    def filesystem_text(self) -> str:
        return _FILESYSTEMS.get(self.filesystem or "", self.filesystem or "not known")

    @property
    def flash_free(self) -> int:
        return self.block * self.blocks_free

    @property
    def flash(self) -> int:
        return self.block * self.blocks

    @property
    def root(self) -> str:
        """The mount point of the file system with `lib`: "" for /. Raises BoardError."""
        lib = [path for path in self.path if path.endswith("/lib")]
        if not lib or not {"", lib[0][:-4]} & set(self.path[: self.path.index(lib[0])]):
            raise BoardError(
                f"its sys.path is {self.path}: a folder `lib` behind the folder that it is in is needed, as in "
                "MicroPython's own firmware; does a boot.py change it?"
            )
        return lib[0][:-4]


def ask(link: Link) -> Facts:
    """Returns the facts of a connected board. Raises BoardError."""
    return Facts(**link.lines(_SCRIPT.read_text())[0])
