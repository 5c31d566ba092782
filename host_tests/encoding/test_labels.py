"""Label files: the documented JSON, every rule of the shared validator, and bad input."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bodies import refused
from support.device_source import device_source

DEVICE = device_source("encoding/labels_device")


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


def test_structured_labels(device):
    files = {
        "a.cbor": [(0, 300, "idle"), (301, 301, 'w"\u00e9\U0001f600'), (302, 621, "wave")],
        "b.cbor": [[0, 0, "x", {"k": "v", "l": ""}], [1, 2**40, "y", {"k": "\u00e9", "l": "w"}]],
    }
    name, content_type, data = device.made("structured_labels", files)
    assert (name, content_type) == ("structured_labels.labels", "application/json")

    def segment(start, end, label, label_map=None):
        found = {"startIndex": start, "endIndex": end, "label": label}
        return found if label_map is None else {**found, "labelMap": label_map}

    assert json.loads(data) == {
        "version": 1,
        "type": "structured-labels",
        "structuredLabels": {file: [segment(*item) for item in items] for file, items in files.items()},
    }


def test_bounding_boxes(device):
    files = {"a.jpg": [("cat", 0, 0, 1, 1), ("dog", 5, 6, 700, 80)], "\u00e9.png": [["x", 1, 2, 3, 4]]}
    name, content_type, data = device.made("bounding_boxes", files)
    assert (name, content_type) == ("bounding_boxes.labels", "application/json")
    keys = ("label", "x", "y", "width", "height")
    assert json.loads(data) == {
        "version": 1,
        "type": "bounding-box-labels",
        "boundingBoxes": {f: [dict(zip(keys, box, strict=True)) for box in boxes] for f, boxes in files.items()},
    }


KEYS = ("label", "x", "y", "width", "height")
# What the validators of the official clients accept: floats, boxes over the edge, no label, an image without objects.
ACCEPTED = {
    "a.jpg": [("", -7, -0.25, 0.5, 1e6), ("cup", 2.5, 3, 4, 700.125)],
    "nothing.jpg": [],
    "empty.png": (),
}


def test_boxes_as_the_official_validators_take_them(device):
    wanted = {file: [dict(zip(KEYS, box, strict=True)) for box in boxes] for file, boxes in ACCEPTED.items()}
    assert json.loads(device.made("bounding_boxes", ACCEPTED)[2])["boundingBoxes"] == wanted
    assert json.loads(device.made("bounding_boxes", {"a.jpg": []})[2])["boundingBoxes"] == {"a.jpg": []}
    files = [{**INFO, "boundingBoxes": boxes} for boxes in wanted.values()]
    files.append({**INFO, "boundingBoxes": [{**BOX, "addedByHand": True}]})
    found = json.loads(device.made("info_labels", files)[2])["files"]
    assert [file["boundingBoxes"] for file in found] == [file["boundingBoxes"] for file in files]


def test_segments_in_any_order(device):
    """They leave in the order of their rows; label maps may be in some of them only."""
    files = {"a.cbor": [(7, 9, ""), (0, 2, "b", {"k": "v"}), (3, 6, "a")], "b.cbor": [(1, 1, "y"), (0, 0, "x")]}
    found = json.loads(device.made("structured_labels", files)[2])["structuredLabels"]
    assert [[(s["startIndex"], s["endIndex"], s["label"]) for s in found[file]] for file in files] == [
        [(0, 2, "b"), (3, 6, "a"), (7, 9, "")],
        [(0, 0, "x"), (1, 1, "y")],
    ]
    assert [segment.get("labelMap") for segment in found["a.cbor"]] == [{"k": "v"}, None, None]
    label = {"type": "multi-label", "labels": [{**SEGMENTS[1], "more": 1}, {**SEGMENTS[0], "label": ""}]}
    assert json.loads(device.made("info_labels", [{**INFO, "label": label}])[2])["files"][0]["label"] == label
    assert json.loads(device.made("info_labels", [{**INFO, "metadata": {}}])[2])["files"][0]["metadata"] == {}


def test_rows_without_a_label_and_with_two_are_named(device):
    refused(lambda: device.made("structured_labels", {"a": [(4, 5, "x"), (0, 2, "y")]}), "row 3 has no label")
    refused(lambda: device.made("structured_labels", {"a": [(2, 5, "x"), (0, 2, "y")]}), "row 3 has one already")


SEGMENTS = [{"startIndex": 0, "endIndex": 5, "label": "a"}, {"startIndex": 6, "endIndex": 6, "label": "b"}]
BOX = {"label": "cat", "x": 0, "y": 1, "width": 2, "height": 3}
INFO = {"path": "a/b.cbor", "category": "training", "label": "wave"}


def test_info_labels(device):
    labels = [None, "wave", {"type": "unlabeled"}, {"type": "label", "label": "x"},
              {"type": "multi-label", "labels": SEGMENTS}, {"type": "keyvalue-labels",
              "labels": {"k": "v"}}]  # fmt: skip
    more = {"name": "b", "metadata": {"site": "\u00e9", "empty": ""}, "boundingBoxes": [BOX], "attachments": ["c.jpg"]}
    files = [{**INFO, "label": label} for label in labels] + [{**INFO, **more}]
    files += [{**INFO, "category": category} for category in ("testing", "validation", "post-processing", "split")]
    name, content_type, data = device.made("info_labels", files)
    assert (name, content_type) == ("info.labels", "application/json")
    found = json.loads(data)
    assert found["version"] == 1
    for file, entry in zip(files, found["files"], strict=True):
        label = file["label"]
        wanted = (
            {"type": "unlabeled"} if label is None else {"type": "label", "label": label} if label == "wave" else label
        )
        assert entry == {**file, "label": wanted}


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@pytest.mark.modes("py", "cpython", "wasm-1.23")
@settings(max_examples=25)
@given(
    st.dictionaries(
        names, st.lists(st.tuples(st.integers(1, 10**9), names), min_size=1, max_size=4), min_size=1, max_size=4
    )
)
def test_any_names_and_lengths(worker, files):
    device = worker.define(DEVICE)
    wanted = {}
    for file, lengths in files.items():
        at, wanted[file] = 0, []
        for length, label in lengths:
            wanted[file].append((at, at + length - 1, label))
            at += length
    found = json.loads(device.made("structured_labels", wanted)[2])["structuredLabels"]
    keys = ("startIndex", "endIndex", "label")
    assert found == {file: [dict(zip(keys, item, strict=True)) for item in items] for file, items in wanted.items()}


BAD_TEXT = ["", None, 5, True, b"a", ["a"], "a\nb", "a\r\nb", "\0", "\x7f"]
RULES = [
    [(1, 5, "a")], [(-1, 5, "a")], [(0, -1, "a")], [(0, 5, "a"), (7, 8, "b")], [(0, 5, "a"), (5, 8, "b")],
    [(0, 5, "a"), (0, 5, "b")], [(0, 5, "a"), (6, 5, "b")], [(0.0, 5, "a")], [(0, 5.0, "a")], [("0", 5, "a")],
    [(0, None, "a")],
    [(False, 5, "a")], [(0, True, "a")], [(0, 5)], [(0, 5, "a", {"k": "v"}, 1)], [()], ["abc"], [5], [None],
    [{}], [], None, 5, "abc",
    {}, [(0, 5, "a", {})], [(0, 5, "a", None)], [(0, 5, "a", {"k": 5})], [(0, 5, "a", {5: "v"})], [(0, 5, "a",
    {"": "v"})],
    [(0, 5, "a", {"k": "v\n"})], [(0, 5, "a", {"k\0": "v"})], [(0, 5, "a", [("k", "v")])],
    [(6, 7, "a", {"k": "v"}), (0, 5, "b", {"l": "v"})], [(0, 5, "a", {"k": "v"}), (6, 6, "c"), (7, 7, "b", {"l": "v"})],
    [(0, 5, "a", {"k": "v"}), (6, 7, "b", {"k": "v", "l": "w"})],
    *[[(0, 5, text)] for text in BAD_TEXT if text != ""],
]  # fmt: skip


def test_rules_of_structured_labels(device):
    for items in RULES:
        refused(
            lambda items=items: device.made("structured_labels", {"good.cbor": [(0, 1, "x")], "bad.cbor": items}),
            "bad.cbor",
        )


BOXES = [
    [("a", 0, 0, 0, 1)], [("a", 0, 0, 1, 0)], [("a", 0, 0, -1, 1)], [("a", 0, 0, 1, 0.0)], [("a", 0, 0, -0.5, 1)],
    [("a", math.nan, 0, 1, 1)], [("a", 0, math.inf, 1, 1)], [("a", 0, 0, math.nan, 1)], [("a", 0, 0, 1, math.inf)],
    [("a", "0", 0, 1, 1)], [("a", None, 0, 1, 1)], [("a", True, 0, 1, 1)], [("a", 0, 0, 1)], [("a", 0, 0, 1, 1,
    1)], [()], ["abcde"],
    [5], [None], None, 5, "abcde", {}, *[[(text, 0, 0, 1, 1)] for text in BAD_TEXT if text != ""],
]  # fmt: skip


def test_rules_of_bounding_boxes(device):
    for items in BOXES:
        refused(
            lambda items=items: device.made("bounding_boxes", {"good.jpg": [("a", 0, 0, 1, 1)], "bad.jpg": items}),
            "bad.jpg",
        )


@pytest.mark.parametrize("name", ["structured_labels", "bounding_boxes"])
def test_bad_files(device, name):
    items = [(0, 1, "x")] if name == "structured_labels" else [("x", 0, 0, 1, 1)]
    for files in (None, {}, [], [("a", items)], 5, "a", b"a"):
        refused(lambda files=files: device.made(name, files), "files")
    for file in ("", 5, b"a", None, True, "a\r\nb", "\0", ("a",)):
        refused(lambda file=file: device.made(name, {file: items}), "file name")


INFOS = {
    "path": BAD_TEXT, "category": ["", "Training", None, 5, "anomaly", ["training"]],
    "label": [*[text for text in BAD_TEXT if text is not None], {}, {"type": "x"}, {"type": None}, {"type": "label"},
              {"type": "label", "label": ""}, {"type": "multi-label"}, {"type": "multi-label", "labels": []},
              {"type": "multi-label", "labels": SEGMENTS[1:]}, {"type": "multi-label", "labels": [(0, 1, "a")]},
              {"type": "multi-label", "labels": [{"startIndex": 0, "endIndex": 5}]},
              {"type": "keyvalue-labels"}, {"type": "keyvalue-labels", "labels": {}},
              {"type": "keyvalue-labels", "labels": {"k": 5}}],
    "metadata": [None, 5, "a", [("k", "v")], {"k": 5}, {5: "v"}, {"k": None}, {"k": "a\nb"}, {"k\r": "v"}],
    "name": BAD_TEXT,
    "boundingBoxes": [None, {}, 5, [("cat", 0, 1, 2, 3)], [{**BOX, "width": 0}], [{"label": "a"}], [None]],
    "attachments": [None, [], "a.jpg", [""], [5], {"a": 1}, ["a\n"]],
}  # fmt: skip


@pytest.mark.parametrize("member", INFOS)
def test_rules_of_info_labels(device, member):
    for value in INFOS[member]:
        refused(lambda value=value: device.made("info_labels", [INFO, {**INFO, member: value}]))
    if member in INFO:
        without = {key: value for key, value in INFO.items() if key != member}
        refused(lambda: device.made("info_labels", [without]), member)


def test_bad_info_files(device):
    for files in (None, [], {}, "abc", 5, INFO, [None], [5], ["abc"], [[INFO]]):
        refused(lambda files=files: device.made("info_labels", files), "files")


@pytest.mark.parametrize("name", ["structured_labels", "bounding_boxes", "info_labels"])
def test_odd_objects(device, name):
    for kind in ("object", "class", "set", "iterator", "range"):
        for where in range(5):
            refused(lambda kind=kind, where=where: device.odd(name, kind, where))
