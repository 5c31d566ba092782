"""The check of a file system image, shared by littlefs and the ROM file system."""

from edgeingest_tools.board.link import BoardError


def compare(files: dict[str, bytes], found: dict[str, bytes]) -> None:
    """Raises BoardError if the files `found` in an image are not the files that were written."""
    if found != files:
        wrong = sorted(name for name in files.keys() | found.keys() if files.get(name) != found.get(name))
        raise BoardError(f"read back, the image has other files than were written: {', '.join(wrong)}")
