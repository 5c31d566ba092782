"""Label files, which travel in the same request as the files they speak of.

Source: the service's documentation, "Structured labels" and "Labels" pages, and the shared validator of its clients
(`verifyStructuredLabels`): indices count rows, the end is inclusive, and every row has a label.
"""

from json import dumps

from .errors import SampleError
from .generated_body import GeneratedBody
from .validate import PLAIN, argument_error, check_text

# JavaScript's white space (ECMA-262, WhiteSpace and LineTerminator)
_SPACES = "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_SPACES += "\u2028\u2029\u202f\u205f\u3000\ufeff"
_CATEGORIES = ("training", "testing", "validation", "post-processing", "split")
_SEGMENT = ("startIndex", "endIndex", "label", "labelMap")
_BOX = ("label", "x", "y", "width", "height")
_NUMBERS = (int, float)


def inferred_label(file_name):
    """Returns the label that the service infers from a file name when none is given, or None.

    Its rule is the JavaScript pattern ^[a-zA-Z0-9\\s-_]+ (documentation, "Ingestion API", x-label).
    """
    if not isinstance(file_name, str):
        raise argument_error("file_name: a str", file_name)
    n = 0
    for c in file_name:
        if c == "." or c not in PLAIN and c not in _SPACES:
            break
        n += 1
    return file_name[:n] or None


class LabelFile(GeneratedBody):
    """A JSON file: a head, one entry for each item, a tail. Entries are made when they are reached."""

    content_type = "application/json"

    def __init__(self, name, head, items, entry, tail):
        self.name = name + ".labels"
        self._head = '{"version":1,' + head
        self._items = items
        self._entry = entry
        self._tail = tail
        self.measure()

    def restart(self):
        """Begins at the head."""
        self._next = -1

    def piece(self):
        """The head, an entry, or the tail."""
        i = self._next
        if i > len(self._items):
            return False
        self._next = i + 1
        if i < 0:
            self.put(self._head.encode())
        elif i == len(self._items):
            self.put(self._tail.encode())
        else:
            self.put((("," if i else "") + self._entry(self._items[i])).encode())
        return True


def structured_labels(files):
    """Returns the label file `structured_labels.labels`: which rows of each file have which label.

    files: {file name: [(start, end, label), ...]} with row indices, the end included, which cover every row from 0 on
    once, in any order. A segment may have a fourth member, a map of str to str; all maps of a file have the same keys.

        labels = structured_labels({"wave.01.cbor": [(0, 49, "idle"), (50, 99, "wave")]})
        client.upload("training", [sample, labels])
    """
    _check_files(files)
    items = [(file, _in_order(file, files[file])) for file in files]
    head = '"type":"structured-labels","structuredLabels":{'
    return LabelFile("structured_labels", head, items, _structured_entry, "}}")


def bounding_boxes(files):
    """Returns the label file `bounding_boxes.labels`: which objects are where in each image.

    files: {file name: [(label, x, y, width, height), ...]}, in pixels from the top left corner, ints or floats; a box
        may cross the edge of the image. An empty list says that the image has no objects.

        client.upload("training", [File("frame.jpg"), bounding_boxes({"frame.jpg": [("cup", 10, 20, 30, 40)]})])
    """
    _check_files(files)
    for file in files:
        for box in _sequence(file, files[file], 0):
            _check_box(file, box)
    head = '"type":"bounding-box-labels","boundingBoxes":{'
    return LabelFile("bounding_boxes", head, list(files.items()), _boxes_entry, "}}")


def info_labels(files):
    """Returns the label file `info.labels`: category, label and metadata of each file.

    files: a list of dicts with `path`, `category`, `label`, and if wanted `name`, `metadata` (str to str),
    `boundingBoxes`, `attachments`. label: a str, None for unlabeled, or a dict as the service's documentation has it
    ({"type": "label", "label": "wave"}, "multi-label", "keyvalue-labels").

        labels = info_labels([{"path": "frame.jpg", "category": "training", "label": "cup"}])
        client.upload("training", [File("frame.jpg"), labels])
    """
    if not isinstance(files, (list, tuple)) or not files:
        raise argument_error("info files", files)
    for file in files:
        _check_info(file)
    return LabelFile("info", '"files":[', files, _info_entry, "]}")


def _check_files(files):
    """Checks that files is a dict of file names."""
    if not isinstance(files, dict) or not files:
        raise argument_error("label files", files)
    for file in files:
        _text("files", "file name", file)


def _sequence(file, items, least=1):
    """Returns items if they are a list or tuple of `least` items or more."""
    if not isinstance(items, (list, tuple)) or len(items) < least:
        raise SampleError("%r: a list of %d items or more is needed, not %r" % (file, least, items))
    return items


def _text(file, what, value):
    """Checks a str that is not empty; file and what name it in errors."""
    check_text(value, "%r: %s" % (file, what))


def _any_text(file, what, value):
    """Checks a str that may be empty."""
    if value != "":
        _text(file, what, value)


def _check_box(file, box):
    """Checks one bounding box."""
    if not isinstance(box, (list, tuple)) or len(box) != 5:
        raise SampleError("%r: %r is not (label, x, y, width, height)" % (file, box))
    _any_text(file, "label", box[0])
    for i in range(1, 5):
        n = box[i]
        if type(n) not in _NUMBERS or n - n != 0 or i > 2 and n <= 0:
            raise SampleError("%r: box %r needs numbers of pixels, and width and height of more than 0" % (file, box))


def _members(file, items, names, least=1):
    """The members of dicts as the documentation has them, as lists; the last of a segment may be missing."""
    found = []
    for item in _sequence(file, items, least):
        if not isinstance(item, dict):
            raise SampleError("%r: %r is not a dict of %s" % (file, item, ", ".join(names)))
        found.append([item.get(name) for name in names if name != "labelMap" or name in item])
    return found


def _in_order(file, segments):
    """Returns the segments of one file in the order of their rows: from row 0 on, without gap or overlap."""
    keys = None
    for segment in _sequence(file, segments):
        if not isinstance(segment, (list, tuple)) or len(segment) not in (3, 4):
            raise SampleError("%r: %r is not (start, end, label)" % (file, segment))
        start, end, label = segment[:3]
        if type(start) is not int or type(end) is not int or end < start:
            raise SampleError("%r: start and end of %r are whole row numbers; the end is included" % (file, segment))
        _any_text(file, "label", label)
        if len(segment) == 4:
            names = _check_map(file, segment[3])
            if keys not in (None, names):
                raise SampleError("%r: the label map of %r has other keys than those before" % (file, segment))
            keys = names
    segments = sorted(segments, key=lambda segment: segment[0])
    row = 0
    for segment in segments:
        if segment[0] != row:
            why = "has no label" if segment[0] > row else "has one already"
            raise SampleError("%r: %r begins at row %d, but row %d %s" % (file, segment, segment[0], row, why))
        row = segment[1] + 1
    return segments


def _check_map(file, pairs, least=1):
    """Checks a dict of str to str with `least` keys or more; returns its keys."""
    if not isinstance(pairs, dict) or len(pairs) < least:
        raise SampleError("%r: a dict of str to str is needed, not %r" % (file, pairs))
    for key in pairs:
        _text(file, "key", key)
        _any_text(file, key, pairs[key])
    return sorted(pairs)


def _check_info(file):
    """Checks one entry of info.labels."""
    for member in ("path", "category", "label"):
        if not isinstance(file, dict) or member not in file:
            raise SampleError("files: %r is not a dict with path, category and label" % (file,))
    path = file["path"]
    for member in ("path", "name"):
        if member in file:
            _text("files", member, file[member])
    if file["category"] not in _CATEGORIES:
        raise SampleError("%r: category %r is none of %s" % (path, file["category"], ", ".join(_CATEGORIES)))
    _check_label(path, file["label"])
    _check_extras(path, file)


def _check_extras(path, file):
    """Checks the optional members of an entry of info.labels."""
    if "metadata" in file:
        _check_map(path, file["metadata"], 0)
    if "boundingBoxes" in file:
        for box in _members(path, file["boundingBoxes"], _BOX, 0):
            _check_box(path, box)
    if "attachments" in file:
        for attachment in _sequence(path, file["attachments"]):
            _text(path, "attachments", attachment)


def _full_label(label):
    """Returns a label as the dict that the documentation has."""
    if label is None:
        return {"type": "unlabeled"}
    return label if isinstance(label, dict) else {"type": "label", "label": label}


def _check_label(path, label):
    """Checks the label of an entry of info.labels."""
    label = _full_label(label)
    kind = label.get("type")
    if kind == "label":
        _text(path, "label", label.get("label"))
    elif kind == "multi-label":
        _in_order(path, _members(path, label.get("labels"), _SEGMENT))
    elif kind == "keyvalue-labels":
        _check_map(path, label.get("labels"))
    elif kind != "unlabeled":
        raise SampleError("%r: label type %r is none of unlabeled, label, multi-label, keyvalue-labels" % (path, kind))


def _structured_entry(item):
    """Returns the JSON of the segments of one file."""
    segments = []
    for segment in item[1]:
        text = '{"startIndex":%d,"endIndex":%d,"label":%s' % (segment[0], segment[1], dumps(segment[2]))
        if len(segment) == 4:
            text += ',"labelMap":' + dumps(segment[3])
        segments.append(text + "}")
    return "%s:[%s]" % (dumps(item[0]), ",".join(segments))


def _boxes_entry(item):
    """Returns the JSON of the boxes of one file."""
    form = '{"label":%s,"x":%s,"y":%s,"width":%s,"height":%s}'
    boxes = [form % ((dumps(box[0]),) + tuple(box[1:])) for box in item[1]]
    return "%s:[%s]" % (dumps(item[0]), ",".join(boxes))


def _info_entry(file):
    """Returns the JSON of one entry of info.labels."""
    entry = dict(file)
    entry["label"] = _full_label(file["label"])
    return dumps(entry)
