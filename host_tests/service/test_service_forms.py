"""Forms on /files: the parts, their names, the reply, and how a form is refused."""

import pytest
from support.service import BOUNDARY, form, numbered, part, running

# aiohttp warns of unusual part headers, which the service parses itself.
pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


def test_files_reply_has_the_documented_form(tmp_path):
    with running(tmp_path) as service:
        reply = service.files(part("b.cbor", numbered(1)), part("a.cbor", numbered(2)))
        assert reply.json == {
            "success": True,
            "files": [
                {"success": True, "projectId": 1, "sampleId": 1, "fileName": "b.cbor"},
                {"success": True, "projectId": 1, "sampleId": 2, "fileName": "a.cbor"},
            ],
        }


_DISPOSITION = 'form-data; name="data"; filename="a.cbor"'
_BAD_FORMS = [
    (form(part("a.cbor", b"x", field="file")), "a part has the field name 'file'"),
    (form((_DISPOSITION.replace("form-data", "attachment"), "a/b", b"x")), "a part has the field name 'data'"),
    (form(('form-data; filename="a.cbor"', "a/b", b"x")), "a part has the field name None"),
    (form(part(None, b"x")), "a part has no filename"),
    (form(part("", b"x")), "a part has no filename"),
    (form(part("a.cbor", b"x", content_type=None)), "'a.cbor' has no Content-Type"),
    (form(part("a.exe", b"x")), "'a.exe' has the extension 'exe': use one of cbor, json, csv, txt, jpg"),
    (form(part("a", b"x")), "'a' has the extension ''"),
    (form(part("a.txt", b"\xff")), "'a.txt': not UTF-8"),
    (form(part("a.cbor", b"x"), boundary="other"), "not multipart/form-data"),
    (form(part("a.cbor", numbered(1)))[: -len(BOUNDARY) - 8], "not multipart/form-data"),
    (form(part("a.cbor", numbered(1)))[:-4], "the last line is --boundary--"),
    (form(part("a.cbor", b"x")).replace(b"form-data", b"form data"), "a part has the field name"),
    (b"--" + BOUNDARY.encode() + b"\r\n\r\nx\r\n--" + BOUNDARY.encode() + b"--\r\n", "a part has no header fields"),
    (form(part("a.cbor", b"x", f"multipart/mixed; boundary={BOUNDARY}x")), "a part is multipart itself"),
    (form(part("a.cbor", b"x")).replace(b'"a.cbor"', b'"\xe4.cbor"'), "is not UTF-8: send the filename as UTF-8"),
    (b"no form at all", "not multipart/form-data"),
]


@pytest.mark.parametrize(("body", "text"), _BAD_FORMS)
def test_bad_form(service, body, text):
    reply = service.files(body=body)
    assert (reply.status, reply.json["success"]) == (400, False)
    assert text in reply.error


def test_form_without_boundary(service):
    reply = service.files(body=b"x", Content_Type="multipart/form-data")
    assert (reply.status, "not multipart/form-data" in reply.error) == (400, True)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('form-data; name="data"; filename="a;b;c.cbor"', "a;b;c.cbor"),
        ('form-data; filename="a b.cbor"; name="data"', "a b.cbor"),
        ('form-data; name="data"; filename="say %22hi%22.cbor"', 'say "hi".cbor'),
        ('form-data; name="data"; filename="it\'s 100%.cbor"', "it's 100%.cbor"),
        ('form-data; name="data"; filename="wäve.cbor"', "wäve.cbor"),
        ("form-data; name=data; filename=a.cbor", "a.cbor"),
        ('form-data; name="data"; filename="A.CBOR"', "A.CBOR"),
    ],
)
def test_part_names(tmp_path, disposition, name):
    with running(tmp_path) as service:
        assert service.files((disposition, "application/cbor", numbered(1))).status == 200
        assert service.row()["sent_name"] == name


@pytest.mark.parametrize("boundary", ["----formdata-undici-057282103640", "x", "a" * 70])
def test_boundaries(service, boundary):
    body = form(part(f"{boundary[:9]}.cbor", numbered(boundary)), boundary=boundary)
    assert service.files(body=body, Content_Type=f'multipart/form-data; boundary="{boundary}"').status == 200


def test_content_that_looks_like_a_boundary(service):
    text = f"\r\n--{BOUNDARY[:-1]}\r\n\r\n--\r\n-"
    body = numbered(text)
    assert service.files(part("lookalike.cbor", body)).status == 200
    row = service.row(sent_name="lookalike.cbor")
    assert (service.directory / "training" / row["stored_name"]).read_bytes() == body
