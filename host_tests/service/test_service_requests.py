"""Paths, keys and header fields: the requests that the service accepts, and its replies to others."""

import json

import pytest
from support.service import KEY, numbered, part, running

# aiohttp warns of unusual part headers, which the service parses itself.
pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")

_DATA, _FILES = "/api/training/data", "/api/training/files"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


# -- paths


@pytest.mark.parametrize("category", ["training", "testing", "anomaly"])
def test_categories_have_folders(tmp_path, category):
    with running(tmp_path) as service:
        assert service.data(numbered(1), category=category, x_file_name="a.cbor").text == "a.cbor"
        assert service.files(part("b.cbor", numbered(2)), category=category).status == 200
        assert service.on_disk() == [f"{category}/a.cbor", f"{category}/b.cbor"]
        assert [row["category"] for row in service.rows()] == [category, category]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/validation/data"), ("POST", "/api/training"), ("POST", "/"), ("GET", _DATA), ("PUT", _FILES)],
)
def test_other_paths_and_methods(service, method, path):
    reply = service.request(path, b"", {"x-api-key": KEY}, method)
    assert reply.status == 404
    assert f"{method} {path} is not part of the ingestion API" in reply.error


# -- the API key


@pytest.mark.parametrize("key", [None, ""])
def test_missing_key(service, key):
    for reply in (service.data(numbered(1), x_api_key=key), service.files(part("a.cbor", b"x"), x_api_key=key)):
        assert reply.status == 401
        assert reply.error.startswith("x-api-key is missing")


@pytest.mark.parametrize("key", ["ei_", "abc", "EI_0123"])
def test_any_ei_key_is_accepted_when_none_is_set(service, key):
    reply = service.data(numbered(1), x_api_key=key)
    assert reply.status == 401
    assert reply.text == "x-api-key is not valid (the key itself is not shown here): keys begin with ei_"


def test_only_set_keys_are_accepted(tmp_path):
    with running(tmp_path, api_keys=("ei_one", "another")) as service:
        for number, (key, status) in enumerate(
            [("ei_one", 200), ("another", 200), ("ei_two", 401), ("ei_on", 401), ("ei_one1", 401), ("ei_\xe9", 401)]
        ):
            assert service.data(numbered(number), x_api_key=key).status == status, key
        reply = service.data(numbered(9), x_api_key="ei_two")
        assert "not valid" in reply.text
        assert "ei_two" not in reply.text
        assert len(service.rows()) == 2


def test_header_names_ignore_case(service):
    headers = {"X-API-KEY": KEY, "X-File-NAME": "case.01.cbor", "CONTENT-TYPE": "application/cbor", "X-LABEL": "shout"}
    assert service.request(_DATA, numbered("case"), headers).status == 200
    assert service.row(sent_name="case.01.cbor")["label"] == "shout"


# -- x-file-name, labels


@pytest.mark.parametrize("name", [None, ""])
def test_data_needs_a_file_name(service, name):
    reply = service.data(numbered(1), x_file_name=name)
    assert reply.status == 421
    assert reply.text.startswith("x-file-name is missing")


_LABELS = [
    ("idle.01", {}, "idle"),
    ("left-hand_2.cbor", {}, "left-hand_2"),
    ("a%20b%20c.cbor", {}, "a b c"),
    ("0.01.json", {}, "0"),
    ("k%C3%A4se.1", {}, "k"),
    (".hidden", {}, None),
    ("%C3%A4.cbor", {}, None),
    ("idle.01", {"x_label": "wave"}, "wave"),
    ("idle.01", {"x_label": "my%20label%2f%C3%A4"}, "my label/ä"),
    ("idle.01", {"x_label": "raw text"}, "raw text"),
    ("idle.01", {"x_label": "a%25"}, "a%"),
    ("idle.01", {"x_label": ""}, "idle"),
    ("idle.01", {"x_no_label": "1"}, None),
    ("idle.01", {"x_no_label": "1", "x_label": ""}, None),
    ("idle.01", {"x_no_label": "1", "x_label": "wave"}, None),
]


@pytest.mark.parametrize(("name", "headers", "label"), _LABELS)
def test_label_on_data(tmp_path, name, headers, label):
    with running(tmp_path) as service:
        assert service.data(numbered(1), x_file_name=name, **headers).status == 200
        assert service.row()["label"] == label


def test_label_on_files(tmp_path):
    with running(tmp_path) as service:
        service.files(part("idle.01.cbor", numbered(1)), part(".x.cbor", numbered(2)))
        service.files(part("idle.01.cbor", numbered(3)), part("b.cbor", numbered(4)), x_label="w%20x")
        service.files(part("idle.01.cbor", numbered(5)), x_no_label="1")
        assert [row["label"] for row in service.rows()] == ["idle", None, "w x", "w x", None]


@pytest.mark.parametrize("field", ["x_label", "x_file_name"])
@pytest.mark.parametrize(
    ("value", "text"),
    [("100%", "a % that is not followed by two hex digits: '100%'"), ("%zz", "a %"), ("%ff", "is not UTF-8")],
)
def test_badly_encoded_header(service, field, value, text):
    reply = service.data(numbered(1), **{field: value})
    assert reply.status == 400
    assert reply.text.startswith(field.replace("_", "-"))
    assert text in reply.text


def test_raw_utf8_and_raw_latin1_in_a_header(service):
    assert service.data(numbered("ä"), x_label="ä".encode(), x_file_name="utf8.cbor").status == 200
    assert service.row(sent_name="utf8.cbor")["label"] == "ä"
    assert "x-label is not UTF-8" in service.data(numbered("l"), x_label="ä".encode("latin-1")).text


@pytest.mark.parametrize("field", ["x_no_label", "x_add_date_id"])
@pytest.mark.parametrize("value", ["0", "true", ""])
def test_switches_are_1_or_absent(service, field, value):
    reply = service.data(numbered(1), **{field: value})
    assert (reply.status, reply.text) == (
        400,
        f"{field.replace('_', '-')} is {value!r}: send 1, or leave the header out",
    )


# -- metadata


def test_metadata_is_kept(tmp_path):
    with running(tmp_path) as service:
        service.data(numbered(1), x_metadata='{"site": "Par\\u00eds", "n": "1"}')
        service.files(part("a.cbor", numbered(2)), x_metadata='{"site": "Rome"}')
        service.data(numbered(3))
        found = [json.loads(row["metadata"]) for row in service.rows()]
        assert found == [{"site": "París", "n": "1"}, {"site": "Rome"}, {}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("site=Paris", "x-metadata is not JSON"),
        ('["a"]', "x-metadata is ['a']: it must be a JSON object of string to string"),
        ('{"n": 1}', "x-metadata has 'n': 1: every value must be a string"),
        ('{"n": null}', "x-metadata has 'n': None"),
        ("", "x-metadata is not JSON"),
    ],
)
def test_bad_metadata(service, value, text):
    for reply in (
        service.data(numbered(1), x_metadata=value),
        service.files(part("a.cbor", numbered(1)), x_metadata=value),
    ):
        assert reply.status == 400
        assert reply.error.startswith(text)
