"""The items of a request as bodies, and their checks: one pass over all of them before anything is sent."""

from binascii import crc32

from .errors import LimitError, SampleError
from .ingestion import MAX_FILES, check_body
from .multipart import checked_name


def body_of(item, hmac_key, what):
    """The body of a Sample; a body as it is."""
    if hasattr(item, "sensors"):  # a Sample
        if not item.rows:
            raise SampleError("values: %r has no rows" % item.name)
        return item.body(hmac_key=hmac_key)
    for member in ("readinto", "rewind", "close", "size", "name", "content_type"):
        if not hasattr(item, member):
            raise SampleError("%s: a Sample, a File or a body is needed; %r has no %s" % (what, type(item), member))
    return item


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


def bodies_of(items, hmac_key):
    """The bodies of one item or of a sequence."""
    if hasattr(items, "sensors") or hasattr(items, "readinto"):
        items = (items,)
    # MicroPython's own lists do not show __len__ to hasattr.
    lazy = hasattr(items, "__len__") and hasattr(items, "__getitem__") and not isinstance(items, (str, dict))
    if not lazy and not isinstance(items, (list, tuple)):
        raise SampleError("items: a Sample, a File, a body or a sequence of them is needed, not %r" % type(items))
    if not 1 <= len(items) <= MAX_FILES:
        error = LimitError if len(items) else SampleError
        raise error("items: 1 to %d files go into a request, not %d" % (MAX_FILES, len(items)))
    return Bodies(items, hmac_key)
