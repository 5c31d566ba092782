"""What the file systems that are made here share."""

from edgeingest_tools.board.link import BoardError


def compare(files: dict[str, bytes], found: dict[str, bytes]) -> None:
    """Refuses an image in which, read back, other files are than were written."""
    if found != files:
        wrong = sorted(name for name in files.keys() | found.keys() if files.get(name) != found.get(name))
        raise BoardError(f"read back, the image has other files than were written: {', '.join(wrong)}")
