"""Paths, header fields, quoting, label inference and limits, compared with urllib, json and re."""

import json
import re
import urllib.parse

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.device_source import device_source
from support.worker import DeviceError

DEVICE = device_source("protocol/ingestion_device")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
# encodeURIComponent does not escape these (ECMA-262, uriUnescaped); quote() adds -_.~, letters and digits.
UNESCAPED = "!*'()"
# ECMA-262: \s is WhiteSpace and LineTerminator, which is not what Python calls white space.
JS_SPACE = "\t\n\v\f\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
LABEL = re.compile(rf"^[a-zA-Z0-9{JS_SPACE}\-_]+")


def refused(call, *arguments, **named):
    """Returns the text of the SampleError that a call raises."""
    with pytest.raises(DeviceError) as caught:
        call(*arguments, **named)
    assert "SampleError" in caught.value.family, caught.value
    return caught.value.text


def test_categories(worker):
    target = worker.define(DEVICE).target
    for category in ("training", "testing", "anomaly", "split"):
        assert target(category) == f"/api/{category}/data"
    for category in ("", "Training", "training/", "../x", "training\r\n", None, 1, ["training"], b"training"):
        assert refused(target, category).startswith("category: ")


@settings(max_examples=40)
@given(text=TEXT)
@example(text="".join(map(chr, range(128))))
@example(text="käse 100% \U0001f600/?#[]@\ud7ff\ue000")
def test_quote_is_encode_uri_component(worker, text):
    assert worker.define(DEVICE).quote(text) == urllib.parse.quote(text, safe=UNESCAPED)


@settings(max_examples=60)
@given(name=st.one_of(TEXT, st.text(st.sampled_from("aZ09-_. \u00a0\ufeff\u3000\x1c\x85\u200b\u180e/ä"), max_size=6)))
@example(name="idle.01")
@example(name="left-hand_2.cbor")
@example(name="a b c.wav")
@example(name="0.01.json")
@example(name="käse.1")
@example(name=".hidden")
@example(name="")
@example(name="x\x85y\x1cz")
@example(name="".join(map(chr, range(0x2000, 0x2030))))
def test_labels_are_inferred_as_the_documented_pattern_does(worker, name):
    match = LABEL.match(name)
    assert worker.define(DEVICE).inferred_label(name) == (match.group() if match else None)


def test_fields_in_their_order(worker):
    fields = worker.define(DEVICE).fields
    assert fields() == []
    named = {"file_name": "a b.cbor", "label": "wave 1", "metadata": [("site", "Paris")]}
    assert fields(**named, disallow_duplicates=True, add_date_id=True) == [
        ("X-File-Name", "a%20b.cbor"),
        ("X-Label", "wave%201"),
        ("X-Disallow-Duplicates", "1"),
        ("X-Add-Date-Id", "1"),
        ("X-Metadata", '{"site": "Paris"}'),
    ]
    assert fields(no_label=True) == [("X-No-Label", "1")]


@settings(max_examples=40)
@given(table=st.dictionaries(PLAIN, st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=1))
@example(table={"\U0001f600": "\U0010ffff\U00010000\uffff\xa0"})
@example(table={'q"': '\\"\\u0041', "a": ""})
def test_metadata_is_ascii_json(worker, table):
    [(name, value)] = worker.define(DEVICE).fields(metadata=list(table.items()))
    assert (name, value.isascii() and value.isprintable()) == ("X-Metadata", True)
    assert json.loads(value) == table


def test_metadata_has_an_exact_limit(worker):
    fields = worker.define(DEVICE).fields
    size = 4096 - len('{"a": ""}')
    assert len(fields(metadata=[("a", "x" * size)])[0][1]) == 4096
    with pytest.raises(DeviceError) as caught:
        fields(metadata=[("a", "x" * size + "x")])
    assert (caught.value.type, caught.value.text[:9]) == ("LimitError", "metadata:")


@settings(max_examples=40)
@given(file_name=PLAIN.filter(lambda name: not set(name) & {"/", "\\"} and name not in (".", "..")), label=PLAIN)
def test_heads_are_what_h11_reads(worker, file_name, label):
    device = worker.define(DEVICE)
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(device.head(host="[::1]:4810", file_name=file_name, label=label))
    request = connection.next_event()
    assert (request.method, request.target, request.http_version) == (b"POST", b"/api/training/data", b"1.1")
    found = dict(request.headers.raw_items())
    assert found[b"Host"] == b"[::1]:4810"
    assert urllib.parse.unquote(found[b"X-File-Name"].decode()) == file_name
    assert urllib.parse.unquote(found[b"X-Label"].decode()) == label


REFUSED = {
    "metadata": (
        [("a", 1)],
        [(1, "a")],
        [("a", None)],
        [("a", b"x")],
        [("a", "x\ny")],
        [("a\0", "x")],
        [("\x7f", "")],
    ),
    "label": ("", "a\r\nX-Evil: 1", "a\0", "\x1b[31m", 7, b"wave", ["wave"], "x" * 4097, "ä" * 700),
    "file_name": ("", ".", "..", "a/b", "a\\b", "a\nb", "a\0", 7, b"a.cbor", "x" * 4097),
    "no_label": (None, "no", "", 0, 1, [], 1.0),
    "disallow_duplicates": (None, "no", "", 0, 1, [], 1.0),
    "add_date_id": (None, "no", "", 0, 1, [], 1.0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_the_argument(worker, name):
    for value in REFUSED[name]:
        assert refused(worker.define(DEVICE).fields, **{name: value}).startswith(name + ": "), value


def test_a_label_and_no_label_exclude_each_other(worker):
    assert refused(worker.define(DEVICE).fields, label="wave", no_label=True).startswith("no_label: ")


def test_refused_keys_are_not_in_the_error(worker):
    for key in ("", " ", "ei_ 1", "ei_1\n", "ei_1\r\nX: y", "ei_\0", "ei_ä", None, b"ei_1", 5, "e" * 5000):
        text = refused(worker.define(DEVICE).checked_key, key)
        assert text.startswith("api_key: "), key
        assert not isinstance(key, str) or len(key) < 2 or key not in text


def test_the_limits_of_a_file_are_exact(worker):
    check_body = worker.define(DEVICE).check_body
    limit = 100 * 1024 * 1024
    check_body(1)
    check_body(limit - 1)
    for size, wrong in ((limit, "LimitError"), (1 << 40, "LimitError"), (0, "SampleError"), (-1, "SampleError")):
        with pytest.raises(DeviceError) as caught:
            check_body(size)
        assert (caught.value.type, "a.jpg: " in caught.value.text) == (wrong, True), size
    for size in (None, 1.0, "1", True, []):
        refused(check_body, size)


def test_content_types_that_are_refused(worker):
    for content_type in ("", None, 5, b"a/b", "a/b\r\nX: y", "a/b\0", "a/ä", ["a"]):
        assert "content_type" in refused(worker.define(DEVICE).check_body, 1, content_type), content_type
