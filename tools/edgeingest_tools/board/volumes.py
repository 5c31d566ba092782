"""What the file systems that are made here share."""


class VolumeError(Exception):
    """The files make no file system of this kind and size; the text says why."""


def compare(files: dict[str, bytes], found: dict[str, bytes]) -> None:
    """Refuses an image in which, read back, other files are than were written."""
    if found != files:
        wrong = sorted(name for name in files.keys() | found.keys() if files.get(name) != found.get(name))
        raise VolumeError(f"read back, the image has other files than were written: {', '.join(wrong)}")
