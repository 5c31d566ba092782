"""Builds littlefs images for the flash of a board; every image is read back and compared."""

from littlefs import LittleFS, LittleFSError, UserContext

from edgeingest_tools.board.layouts import Filesystem
from edgeingest_tools.board.link import BoardError
from edgeingest_tools.board.volumes import compare

_NO_SPACE = -28


def build(place: Filesystem, files: dict[str, bytes]) -> bytes:
    """Returns a littlefs image of the size that the board's firmware expects, with these files. Raises BoardError."""
    if place.kind != "littlefs2":
        raise BoardError(f"the file system of this board is {place.kind}, and images are littlefs2")
    volume = _volume(place, UserContext(place.size))
    volume.format()
    volume.mount()
    try:
        for path, data in files.items():
            folder = path.rpartition("/")[0]
            if folder:
                volume.makedirs(folder, exist_ok=True)
            with volume.open(path, "wb") as file:
                file.write(data)
    except LittleFSError as error:
        if error.code != _NO_SPACE:
            raise
        raise BoardError(
            f"{sum(map(len, files.values()))} bytes in {len(files)} files do not fit the board's {place.size} bytes, "
            "of which the file system takes some itself"
        ) from None
    volume.unmount()
    image = bytes(volume.context.buffer)
    compare(files, read(place, image))
    return image


def read(place: Filesystem, image: bytes) -> dict[str, bytes]:
    """Returns the files in an image, read by a newly mounted file system."""
    volume = _volume(place, UserContext(buffer=bytearray(image)))
    volume.mount()
    found = {}
    for folder, _, names in volume.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with volume.open(path, "rb") as file:
                found[path.lstrip("/")] = bytes(file.read())
    return found


def _volume(place: Filesystem, flash: UserContext) -> LittleFS:
    return LittleFS(
        flash,
        mount=False,
        block_size=place.block_size,
        block_count=place.size // place.block_size,
        prog_size=256,  # RP2 writes whole pages; ESP32 accepts less
        read_size=256,
        cache_size=256,
        lookahead_size=32,
        # A file that is stored inside its directory has to fit the reader's cache: that of ESP32 has 4 x 32 bytes.
        inline_max=128,
        disk_version=0x0002_0000,  # the oldest version of littlefs 2, which every MicroPython mounts
    )
