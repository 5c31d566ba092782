"""The client with the local ingestion service: all that it can send arrives, each refusal is the right error."""

import hashlib
import json
import random
import struct

import cbor2
import pytest
from support.peer import DEVICE
from support.service import HMAC_KEY, KEY, running
from support.worker import DeviceError

UNIX = pytest.mark.modes("py", "mpy", "native", "cpython")
BOARD = pytest.mark.modes("mpy")
SERIAL = iter(range(10**6))

PRELUDE = (
    DEVICE
    + """
def rows(number, name="wave.1", axes=1):
    # a sample that differs for every number
    sensors = [("axis%d" % i, "m/s2") for i in range(axes)]
    return Sample(sensors, 10, [[number + i for i in range(axes)] for _ in range(3)], "UNIX", name=name)

client = Client(KEY, url=url, hmac_key=hmac_key)
"""
)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service"), hmac_key=HMAC_KEY) as service:
        yield service


@pytest.fixture(scope="module")
def listing(tmp_path_factory):
    with running(tmp_path_factory.mktemp("listing"), list_labels=True) as service:
        yield service


def run(worker, service, source, hmac_key=None, **data):
    data = {"number": next(SERIAL) * 1000, "url": service.url, "hmac_key": hmac_key, **data}
    return worker.run(PRELUDE + source + "\nclient.close()\n", **data)


@UNIX
@pytest.mark.parametrize("category", ["training", "testing", "anomaly", "split"])
def test_categories_and_endpoints(worker, service, category):
    sent, files = run(
        worker,
        service,
        "one = client.send(category, rows(number))\n"
        "two = client.upload(category, [rows(number + 1), rows(number + 2, 'idle')])\n"
        "result = tuple(one), [tuple(s) for s in two]",
        category=category,
    )
    assert sent[1:] == (None, False)
    for name, identity in [(sent[0], None), *[(name, number) for name, number, _ in files]]:
        row = [row for row in service.rows() if row["stored_name"] == name][-1]
        assert row["category"] == category or category == "split" and row["category"] in ("training", "testing")
        assert row["label"] in ("wave", "idle")
        assert identity in (None, row["id"])


@UNIX
@pytest.mark.parametrize("form", ["cbor", "json", "binary"])
def test_signatures_are_valid(worker, service, form):
    source = (
        "sample = Sample([('audio', 'wav')], 0.0625, array('h', [number % 30000, -2, 3]), 'UNIX', name='s')\n"
        "body = sample.body(format=form, hmac_key=key)\n"
        "result = client.send('training', body).file_name"
    )
    name = run(worker, service, "from array import array\n" + source, form=form, key=HMAC_KEY)
    row = [row for row in service.rows() if row["stored_name"] == name][-1]
    assert (row["signature"], row["rows"], row["kind"]) == ("valid", 3, form)


@BOARD
def test_the_client_signs_every_sample(worker, service):
    source = "result = [s.sample_id for s in client.upload('training', [rows(number), rows(number + 1, 'b')])]"
    for identity in run(worker, service, source, hmac_key=HMAC_KEY):
        assert service.row(id=identity)["signature"] == "valid"


FIELDS = [
    ({"metadata": {}}, {"metadata": {}}),
    ({"label": "käse 100% / 😀"}, {"label": "käse 100% / 😀", "metadata": {}}),
    ({"no_label": True}, {"label": None}),
    ({}, {"label": "wave"}),
    ({"metadata": {"site": "Zürich 😀", 'q"\\': ""}}, {"metadata": {"site": "Zürich 😀", 'q"\\': ""}}),
]


@UNIX
@pytest.mark.parametrize("call", ["send", "upload"])
def test_every_header_arrives_decoded(worker, service, call):
    for options, wanted in FIELDS:
        options = [[name, list(value.items()) if isinstance(value, dict) else value] for name, value in options.items()]
        source = (
            "options = dict(options)\nif 'metadata' in options: options['metadata'] = dict(options['metadata'])\n"
            "stored = getattr(client, call)('training', rows(number), **options)\n"
            "result = (stored if call == 'send' else stored[0]).file_name"
        )
        name = run(worker, service, source, call=call, options=options)
        row = [row for row in service.rows() if row["stored_name"] == name][-1]
        row["metadata"] = json.loads(row["metadata"])
        assert {key: row[key] for key in wanted} == wanted


@BOARD
@pytest.mark.parametrize(
    "name", ["a b.cbor", "ä😀.cbor", "100%.cbor", 'q".cbor', "a;b=c.cbor", "a%22b.cbor", "+&?#.cbor"]
)
@pytest.mark.parametrize("call", ["send", "upload"])
def test_file_names_arrive_as_they_are(worker, service, call, name):
    source = (
        "body = rows(number, name[:-5]).body()\nstored = getattr(client, call)('training', body)\n"
        "result = (stored if call == 'send' else stored[0]).file_name"
    )
    stored = run(worker, service, source, call=call, name=name)
    sent = [row for row in service.rows() if row["stored_name"] == stored][-1]["sent_name"]
    if call == "upload" and "%22" in name:
        name = name.replace("%22", '"')  # as with browsers, %22 in a form cannot be distinguished from an escaped quote
    assert sent == name


@BOARD
def test_duplicates_and_date_ids(worker, service):
    source = (
        "one, two = rows(number), rows(number + 1, 'idle.2')\n"
        "first = client.upload('training', one)\n"
        "both = client.upload('training', [one, two])\n"
        "again = client.send('training', two)\n"
        "twice = client.send('training', two, disallow_duplicates=False, add_date_id=True)\n"
        "result = first[0], both, again, twice"
    )
    first, both, again, twice = run(worker, service, source)
    assert not first[2]
    assert both[0] == ("wave.1.cbor", None, True)
    assert both[1][2] is False
    assert again == ("idle.2.cbor", None, True)
    assert twice[2] is False
    assert twice[0] not in (both[1][0], "idle.2.cbor") and twice[0].startswith("idle.2.")


FILES = {
    "jpg": b"\xff\xd8\xff\xe0", "jpeg": b"\xff\xd8\xff\xe0", "png": b"\x89PNG\r\n\x1a\n", "mp4": b"\0\0\0\x18ftypisom",
    "avi": b"RIFF\0\0\0\0AVI ", "wav": b"RIFF\0\0\0\0WAVE", "csv": b"accX\n", "parquet": b"PAR1",
    "json": b"", "cbor": b"", "txt": b"accX\n",
}  # fmt: skip
TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "avi": "video/avi",
    "wav": "audio/wav", "csv": "text/csv", "parquet": "application/vnd.apache.parquet", "json": "application/json",
    "cbor": "application/cbor", "txt": "text/plain",
}  # fmt: skip


def message(encode, number):
    payload = {"device_type": "X", "interval_ms": 1, "sensors": [{"name": "a", "units": "m"}], "values": [number]}
    return encode({"payload": payload, "protected": {"ver": "v1", "alg": "none"}, "signature": "00"})


@UNIX
def test_every_documented_file_type_in_one_request(worker, service, tmp_path):
    number = next(SERIAL)
    contents = {}
    for kind, start in FILES.items():
        if kind in ("json", "cbor"):
            data = message(cbor2.dumps if kind == "cbor" else lambda m: json.dumps(m).encode(), number)
        else:
            data = start + (b"%d\n" % number if kind == "csv" else kind.encode() * 3000 + b"%d" % number)
        (tmp_path / f"{kind}.{kind}").write_bytes(data)
        contents[kind] = data
    source = "result = [s.sample_id for s in client.upload('testing', [File(path) for path in paths])]"
    found = run(worker, service, source, paths=[str(tmp_path / f"{kind}.{kind}") for kind in FILES])
    for kind, identity in zip(FILES, found, strict=True):
        row = service.row(id=identity)
        assert (row["sent_name"], row["content_type"]) == (f"{kind}.{kind}", TYPES[kind])
        assert row["sha256"] == hashlib.sha256(contents[kind]).hexdigest()


@BOARD
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("which", ["service", "listing"])
def test_label_files_are_applied_whether_listed_or_not(worker, request, which, place):
    service = request.getfixturevalue(which)
    source = """
from edgeingest import labels
items = [rows(number, "a"), rows(number + 1, "b")]
items.insert(place, labels.structured_labels({"a.cbor": [(0, 1, "up"), (2, 2, "down")], "b.cbor": [(0, 2, "up")]}))
got = []
result = [tuple(s) for s in client.upload("training", items)]
"""
    found = run(worker, service, source, place=place)
    assert len(found) == 3
    label = found.pop(place)
    assert (label[0], label[2]) == ("structured_labels.labels", False)
    rows = [service.row(id=identity) for _, identity, _ in found]
    assert [row["sent_name"] for row in rows] == ["a.cbor", "b.cbor"]
    assert [segment["label"] for segment in json.loads(rows[0]["structured_labels"])] == ["up", "down"]


@BOARD
def test_a_thousand_files_built_when_reached(worker, service):
    source = """
class Items:
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        return rows(number + index, "file%d" % index)

seen = []
count = client.upload("training", Items(), on_stored=lambda index, stored: seen.append((index, stored.duplicate)))
result = count, seen
"""
    before = len(service.rows())
    count, seen = run(worker, service, source)
    assert count == 1000
    assert seen == [(i, False) for i in range(1000)]
    names = [row["sent_name"] for row in service.rows()[before:]]
    assert names == [f"file{i}.cbor" for i in range(1000)]


@UNIX
def test_random_rows_arrive_as_they_were(worker, service):
    random_values = [random.Random(5).uniform(-100, 100) for _ in range(3000)]
    source = (
        "from array import array\n"
        "sample = Sample([('x', 'm'), ('y', 'm'), ('z', 'm')], 10, array('f', values), 'UNIX', iat=number)\n"
        "result = client.send('training', sample).file_name"
    )
    name = run(worker, service, source, values=random_values)
    row = [row for row in service.rows() if row["stored_name"] == name][-1]
    values = cbor2.loads((service.directory / row["category"] / name).read_bytes())["payload"]["values"]
    floats = struct.unpack("<3000f", struct.pack("<3000f", *random_values))
    assert [value for one in values for value in one] == list(floats)


REFUSALS = {
    # what the caller does: (status, a word in the text of the service)
    "client.send('training', File(b'junk', name='a.cbor'))": (400, "CBOR"),
    "client.send('training', File(b'{', name='a.json'))": (400, "JSON"),
    "client.send('training', File(b'x', name='a.jpg'))": (400, "Content-Type"),
    "client.send('training', File(b'x', name='a.bin'))": (400, "CBOR"),
    "client.upload('training', File(b'x', name='a.jpg'))": (400, "jpg"),
    "client.upload('training', File(b'x', name='a.xyz'))": (400, "xyz"),
    "client.upload('training', File(b'x', name='noext'))": (400, "extension"),
    "client.upload('training', [rows(1), File(b'junk', name='b.cbor')])": (400, "b.cbor"),
    "client.upload('training', File(b'{}', name='structured_labels.labels'))": (400, "data file"),
    "client.upload('training', [rows(1), File(b'{}', name='x.labels')])": (400, "label file"),
    "client.upload('training', [rows(1), File(b'{}', name='info.labels')])": (400, "version"),
    "Client('no_key', url=url).send('training', rows(1))": (401, "x-api-key"),
    "Client('no_key', url=url).upload('training', rows(1))": (401, "x-api-key"),
}


@BOARD
@pytest.mark.parametrize("source", REFUSALS)
def test_refusals_have_the_text_of_the_service(worker, service, source):
    status, word = REFUSALS[source]
    before = len(service.rows())
    with pytest.raises(DeviceError) as caught:
        run(worker, service, source)
    error = caught.value
    assert (error.family[:2], error.status) == (["ServiceError", "IngestError"], status), error
    assert word in error.body and error.body in error.text
    assert KEY not in error.trace and "no_key" not in error.text
    assert run(worker, service, "result = client.send('training', rows(number)).duplicate") is False
    assert len(service.rows()) == before + 1


@BOARD
def test_a_wrong_path_is_a_404(worker, service):
    source = "import edgeingest.client as c\nreal = c.request_head\n"
    source += "c.request_head = lambda *given: bytes(real(*given)).replace(b'/data', b'/nothing', 1)\n"
    source += "try:\n    client.send('training', rows(1))\nfinally:\n    c.request_head = real\n"
    with pytest.raises(DeviceError) as caught:
        run(worker, service, source)
    assert caught.value.status == 404
