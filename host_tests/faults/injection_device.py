"""Runs on MicroPython: calls in which a text of the caller must be refused."""

from client_device import KEY, Bytes
from edgeingest import Client, File, Sample, Wav, errors
from edgeingest.capture import capture
from edgeingest.labels import bounding_boxes, info_labels, structured_labels


class Own(Bytes):
    """A body with other attributes."""

    def __init__(self, **members):
        super().__init__([b"data"])
        for name in members:
            setattr(self, name, members[name])


def row(buffer, offset):
    """Reads nothing."""


NAMES = {
    "KEY": KEY,
    "Client": Client,
    "File": File,
    "Own": Own,
    "Sample": Sample,
    "Wav": Wav,
    "bounding_boxes": bounding_boxes,
    "capture": capture,
    "info_labels": info_labels,
    "row": row,
    "structured_labels": structured_labels,
}


def not_refused(url, calls):
    """Returns the calls (as expressions) that are accepted, and those that raise anything but a SampleError."""
    names = dict(NAMES, url=url, c=Client(KEY, url=url), good=File(b"x", name="a.wav"))
    accepted, others = [], []
    for call in calls:
        try:
            eval(call, names)
            accepted.append(call)
        except errors.SampleError:
            pass
        except Exception as e:
            others.append((call, repr(e)))
    return accepted, others
