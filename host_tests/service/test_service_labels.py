"""Label files: applied to the files of their request, and refused when they do not fit."""

import json

import cbor2
import pytest
from support.service import MESSAGE, changed, label_file, numbered, part, running
from support.uploads import JPEG, boxes, structured, wav

_STRUCTURED, _BOXES, _INFO = "structured_labels.labels", "bounding_boxes.labels", "info.labels"
_BOX = {"label": "cat", "x": 0, "y": 5, "width": 10, "height": 20}


def info(**item):
    return {"version": 1, "files": [{"path": "a.cbor", "category": "split", "label": {"type": "unlabeled"}, **item}]}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


def test_structured_labels_are_applied(tmp_path):
    with running(tmp_path) as service:
        labels = structured("a.cbor", (0, 1, "idle"), (2, 2, "wave"))
        reply = service.files(
            part("b.cbor", numbered(2)), label_file(_STRUCTURED, labels), part("a.cbor", numbered(1)), x_label="other"
        )
        assert [entry["fileName"] for entry in reply.json["files"]] == ["b.cbor", "a.cbor"]
        row = service.row(sent_name="a.cbor")
        assert (row["label"], json.loads(row["structured_labels"])) == (None, labels["structuredLabels"]["a.cbor"])
        row = service.row(sent_name="b.cbor")
        assert (row["label"], row["structured_labels"]) == ("other", None)
        assert service.on_disk() == ["training/a.cbor", "training/b.cbor"]


def test_label_maps(service):
    labels = structured("map.cbor", (0, 1, "a"), (2, 2, "b"))
    for segment in labels["structuredLabels"]["map.cbor"]:
        segment["labelMap"] = {"k": segment["label"]}
    assert service.files(part("map.cbor", numbered("map")), label_file(_STRUCTURED, labels)).status == 200
    labels["structuredLabels"]["map.cbor"][1]["labelMap"] = {"l": "b"}
    reply = service.files(part("map.cbor", numbered("map")), label_file(_STRUCTURED, labels))
    assert "segment 1: labelMap has the keys ['l'], one before ['k']: use the same" in reply.error


def test_what_the_official_validators_accept(tmp_path):
    """Segments in any order, maps in some of them, boxes of floats over the edge, more members, empty labels."""
    box = {"label": "", "x": -7, "y": 0.5, "width": 0.25, "height": 1e6, "addedByHand": True}
    labels = structured("a.cbor", (2, 2, ""), (0, 1, "b"))
    labels["structuredLabels"]["a.cbor"][0]["labelMap"] = {"k": "v"}
    labels["structuredLabels"]["a.cbor"][1]["more"] = 1
    with running(tmp_path) as service:
        parts = [part("a.cbor", numbered(1)), label_file(_STRUCTURED, labels), part("a.jpg", JPEG, "image/jpeg")]
        found = {**boxes("a.jpg", box), "boundingBoxes": {"a.jpg": [box], "a.cbor": []}}
        assert service.files(*parts, label_file(_BOXES, found)).status == 200
        assert json.loads(service.row(sent_name="a.jpg")["bounding_boxes"]) == [box]
        in_order = labels["structuredLabels"]["a.cbor"][::-1]
        assert json.loads(service.row(sent_name="a.cbor")["structured_labels"]) == in_order


def test_structured_labels_for_other_time_series(service):
    csv = b"timestamp,a\n0,1\n1,2\n"
    reply = service.files(
        part("t.csv", csv, "text/csv"), label_file(_STRUCTURED, structured("t.csv", (0, 0, "a"), (1, 1, "b")))
    )
    assert reply.status == 200
    reply = service.files(
        part("t.wav", wav(800), "audio/wav"), label_file(_STRUCTURED, structured("t.wav", (0, 799, "a")))
    )
    assert reply.status == 200
    reply = service.files(part("t.jpg", JPEG, "image/jpeg"), label_file(_STRUCTURED, structured("t.jpg", (0, 1, "a"))))
    assert "'t.jpg': structured labels for a jpg file: only time series have them" in reply.error


def test_bounding_boxes_are_applied(tmp_path):
    with running(tmp_path) as service:
        assert service.files(part("a.jpg", JPEG, "image/jpeg"), label_file(_BOXES, boxes("a.jpg", _BOX))).status == 200
        assert json.loads(service.row()["bounding_boxes"]) == [_BOX]


def test_info_labels_are_applied(tmp_path):
    with running(tmp_path) as service:
        listed = [
            {"path": "a.cbor", "category": "testing", "label": {"type": "label", "label": "one"}, "name": "x"},
            {"path": "b.cbor", "category": "split", "label": {"type": "unlabeled"}, "metadata": {"site": "Rome"}},
            {"path": "c.jpg", "category": "training", "label": {"type": "unlabeled"}, "boundingBoxes": [_BOX]},
            {
                "path": "d.cbor",
                "category": "training",
                "label": {"type": "multi-label", "labels": [{"startIndex": 0, "endIndex": 2, "label": "m"}]},
            },
        ]
        reply = service.files(
            part("a.cbor", numbered(1)),
            part("b.cbor", numbered(2)),
            part("c.jpg", JPEG, "image/jpeg"),
            part("d.cbor", numbered(4)),
            part("e.cbor", numbered(5)),
            label_file(_INFO, {"version": 1, "files": listed}),
            x_label="from%20header",
            x_metadata='{"who": "me", "site": "Oslo"}',
        )
        assert reply.status == 200
        rows = service.rows()
        assert [row["label"] for row in rows] == ["one", None, None, None, "from header"]
        assert [row["category"] for row in rows] == ["training"] * 5
        assert json.loads(rows[0]["metadata"]) == {"who": "me", "site": "Oslo"}
        assert json.loads(rows[1]["metadata"]) == {"who": "me", "site": "Rome"}  # the label file overrides the header
        assert json.loads(rows[2]["bounding_boxes"]) == [_BOX]
        assert json.loads(rows[3]["structured_labels"])[0]["label"] == "m"


def test_label_files_are_listed_on_request(tmp_path):
    with running(tmp_path, list_labels=True) as service:
        reply = service.files(
            part("a.cbor", numbered(1)),
            label_file(_STRUCTURED, structured("a.cbor", (0, 2, "x"))),
            part("b.cbor", numbered(2)),
        )
        assert [entry["fileName"] for entry in reply.json["files"]] == ["a.cbor", _STRUCTURED, "b.cbor"]
        assert all(entry["success"] for entry in reply.json["files"])
        assert [row["sent_name"] for row in service.rows()] == ["a.cbor", "b.cbor"]


_FULL = (0, 2, "x")
_BROKEN = [
    (_STRUCTURED, structured("b.cbor", _FULL), "'b.cbor' is not in this request"),
    (_STRUCTURED, structured("a.cbor"), "a.cbor: the segments are []"),
    (_STRUCTURED, structured("a.cbor", (0, 3, "x")), "endIndex 3 is beyond the last of 3 readings, which is 2"),
    (_STRUCTURED, structured("a.cbor", (0, 1, "x")), "reading 2 of 3 does not have a label"),
    (_STRUCTURED, structured("a.cbor", (1, 2, "x")), "reading 0 does not have a label"),
    (_STRUCTURED, structured("a.cbor", (0, 0, "x"), (2, 2, "y")), "segment 1: reading 1 does not have a label"),
    (_STRUCTURED, structured("a.cbor", (0, 1, "x"), (1, 2, "y")), "segment 1: startIndex 1 overlaps"),
    (_STRUCTURED, structured("a.cbor", (-1, 2, "x")), "startIndex -1 overlaps another segment; it must be 0"),
    (_STRUCTURED, structured("a.cbor", (2, 1, "x")), "startIndex 2 is after endIndex 1"),
    (_STRUCTURED, structured("a.cbor", (0, 2.0, "x")), "must be integers (sample indices)"),
    (_STRUCTURED, structured("a.cbor", (False, 2, "x")), "must be integers"),
    (_STRUCTURED, structured("a.cbor", (0, 2, 5)), "label is 5"),
    (_STRUCTURED, {**structured("a.cbor", _FULL), "version": 2}, 'it must be a JSON object with "version": 1'),
    (_STRUCTURED, {**structured("a.cbor", _FULL), "type": "labels"}, "type is 'labels': it must be structured-labels"),
    (_STRUCTURED, {"version": 1, "type": "structured-labels"}, "structuredLabels is None"),
    (_STRUCTURED, {"version": 1, "type": "structured-labels", "structuredLabels": {"a.cbor": [5]}}, "segment 0 is 5"),
    (_STRUCTURED, [], 'it must be a JSON object with "version": 1'),
    (_BOXES, boxes("a.cbor", _BOX), "bounding boxes for a cbor file: only jpg, jpeg, png files have them"),
    (_BOXES, boxes("b.jpg", _BOX), "'b.jpg' is not in this request"),
    (
        _BOXES,
        boxes("a.cbor", {**_BOX, "width": 0}),
        "box 0: width is 0: it must be pixels, width and height more than 0",
    ),
    (_BOXES, boxes("a.cbor", {**_BOX, "x": True}), "box 0: x is True"),
    (_BOXES, boxes("a.cbor", {**_BOX, "height": -0.5}), "box 0: height is -0.5"),
    (_BOXES, boxes("a.cbor", {**_BOX, "label": 5}), "box 0: label is 5"),
    (_BOXES, boxes("a.cbor", {"label": "x"}), "box 0 is {'label': 'x'}: it needs label, x, y, width, height"),
    (_BOXES, {**boxes("a.cbor"), "boundingBoxes": {"a.cbor": {}}}, "the boxes are {}: send a list"),
    (_BOXES, structured("a.cbor", _FULL), "type is 'structured-labels': it must be bounding-box-labels"),
    (_INFO, {"version": 1}, "files is None: it must be a list"),
    (_INFO, info(path="b.cbor"), "'b.cbor' is not in this request"),
    (_INFO, info(category="other"), "files[0]: category is 'other'"),
    (_INFO, info(attachments=["b.jpg"]), "it needs path, category, label"),
    (_INFO, {"version": 1, "files": [{"path": "a.cbor", "category": "split"}]}, "it needs path, category, label"),
    (_INFO, info(label="x"), "files[0]: label is 'x'"),
    (_INFO, info(label={"type": "keyvalue-labels", "labels": {}}), "files[0]: label is"),
    (_INFO, info(label={"type": "label", "label": ""}), "files[0]: label is ''"),
    (_INFO, info(label={"type": "multi-label", "labels": []}), "the segments are []"),
    (_INFO, info(metadata={"n": 1}), "files[0]: metadata has 'n': 1"),
    (_INFO, info(name=5), "files[0]: name is 5"),
    (_INFO, info(boundingBoxes=[_BOX]), "bounding boxes for a cbor file"),
    ("label_map.labels", {"version": 1}, "'label_map.labels' is not a label file that this service knows"),
    ("my.labels", {}, "'my.labels' is not a label file that this service knows"),
]


@pytest.mark.parametrize(("name", "content", "text"), _BROKEN)
def test_broken_label_file_refuses_the_request(service, name, content, text):
    before = len(service.rows())
    reply = service.files(part("a.cbor", cbor2.dumps(MESSAGE)), label_file(name, content))
    assert (reply.status, reply.json["success"]) == (400, False)
    assert text in reply.error
    assert len(service.rows()) == before


def test_label_file_that_is_not_json(service):
    reply = service.files(part("a.cbor", numbered(1)), part(_STRUCTURED, b"{", "application/json"))
    assert (reply.status, reply.error.startswith(f"{_STRUCTURED}: not JSON")) == (400, True)


def test_same_label_file_twice(service):
    labels = label_file(_STRUCTURED, structured("a.cbor", _FULL))
    reply = service.files(part("a.cbor", numbered(1)), labels, labels)
    assert (reply.status, reply.error) == (400, f"{_STRUCTURED} is sent twice: send one of each")


def test_label_files_alone(service):
    reply = service.files(label_file(_STRUCTURED, structured("a.cbor", _FULL)))
    assert (reply.status, "there is no data file in the request" in reply.error) == (400, True)


def test_labels_of_a_file_with_one_reading(service):
    body = cbor2.dumps(changed("payload.values", [[1, 2]]))
    assert service.files(part("a.cbor", body), label_file(_STRUCTURED, structured("a.cbor", (0, 0, "x")))).status == 200
