"""The items of a `files` request: checked in one pass before anything is sent, made when they are reached."""

from binascii import crc32

from micropython import const

from .checks import checked_name
from .errors import LimitError, SampleError
from .files_reply import FilesReply
from .items import body_of, check_body
from .multipart import multipart

_MAX_FILES = const(1000)


class Bodies:
    """The bodies of items, made when they are asked for; each is checked when it is made for the first time."""

    def __init__(self, items, hmac_key):
        self._items = items
        self._hmac_key = hmac_key
        self._checked = 0
        self._sums = bytearray(4 * len(items))  # of the names; names themselves are not held: there may be 1000
        self.labels = []  # the indices of label files

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        body = body_of(self._items[index], self._hmac_key, "items: item %d" % index)
        if index == self._checked:
            self._check(index, body)
            self._checked += 1
        return body

    def _check(self, index, body):
        name = checked_name(body.name, "items: name of item %d" % index)
        check_body(body, name)
        if name.lower().endswith(".labels"):
            self.labels.append(index)
        name_sum = crc32(name.encode()).to_bytes(4, "little")
        if name_sum in self._sums:  # perhaps a second one: look at the names
            for i in range(index):
                if self[i].name == name:
                    raise SampleError("items: item %d has the name %r, as item %d has" % (index, name, i))
        self._sums[4 * index : 4 * index + 4] = name_sum


class Names:
    """The file names of bodies, as a sequence."""

    def __init__(self, bodies):
        self._bodies = bodies

    def __len__(self):
        return len(self._bodies)

    def __getitem__(self, index):
        return self._bodies[index].name


def batch(items, hmac_key, boundary, on_stored):
    """(body, reply) for one item or a sequence of them."""
    if hasattr(items, "sensors") or hasattr(items, "readinto"):
        items = (items,)
    # MicroPython's own lists do not show __len__ to hasattr.
    lazy = hasattr(items, "__len__") and hasattr(items, "__getitem__") and not isinstance(items, (str, dict))
    held = isinstance(items, (list, tuple))
    if not lazy and not held:
        raise SampleError("items: a Sample, a File, a body or a sequence of them is needed, not %r" % type(items))
    if not 1 <= len(items) <= _MAX_FILES:
        error = LimitError if len(items) else SampleError
        raise error("items: 1 to %d files go into a request, not %d" % (_MAX_FILES, len(items)))
    if on_stored is not None and not callable(on_stored):
        raise SampleError("on_stored: a function is needed, not %r" % (on_stored,))
    made = Bodies(items, hmac_key)
    # A list's bodies are made and held; those of other sequences are made anew whenever they are reached.
    bodies = [made[i] for i in range(len(made))] if held or len(made) == 1 else made
    body = multipart(bodies, boundary)
    return body, FilesReply(Names(bodies), made.labels, on_stored)
