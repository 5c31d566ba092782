"""Bad arguments: a SampleError that names the argument, before any connection is opened."""

import pytest
from support.device_source import device_source
from support.peer import answering, peer, stored
from support.service import HMAC_KEY

UNIX = pytest.mark.modes("py", "mpy", "cpython")

DEVICE = device_source("client/client_arguments_device")

STRINGS = ["''", "5", "None", "b'x'", "['x']", "'a\\r\\nX: y'", "'a\\0b'", "'\\x7f'"]
NUMBERS = ["0", "-1", "1.5", "'5'", "None", "True", "1 << 40", "float('nan')", "[]"]
FLAGS = ["None", "0", "1", "'no'", "[]"]

CLIENT = {
    "api_key": [*STRINGS, "'ei_ä'", "'ei_1 '", "'e' * 5000"],
    "url": [*STRINGS, "'ftp://h'", "'h'", "'http://h/api'", "'http://ä'", "'http://' + 'h' * 300", "'http://h:0'"],
    "hmac_key": ["''", "5", "['x']", "b''", "'a\\r\\n'", "'a b'", "'ä'", "'a\\0'", "bytearray(b'x')"],
    "insecure": FLAGS,
    "timeout_ms": NUMBERS,
    "buffer_size": [*NUMBERS, "63", "(1 << 20) + 1"],
    "ca": ["5", "['x']", "True", "1.5"],
}
COMMON = {
    "category": ["''", "None", "5", "'Training'", "'training/'", "b'training'", "'a\\r\\n'", "['a']", "'x' * 9999"],
    "label": [value for value in STRINGS if value != "None"] + ["'x' * 5000", "'ä' * 800", "['a']"],
    "metadata": ["''", "5", "[]", "()", "{'a': 1}", "{1: 'a'}", "{'a': None}", "{'a': 'x\\ny'}", "{'a\\0': ''}",
                 "{'a': b''}", "{'a': 'x' * 5000}"],
    "no_label": FLAGS,
    "disallow_duplicates": FLAGS,
    "add_date_id": FLAGS,
    "deadline_ms": [value for value in NUMBERS if value != "None"],
}  # fmt: skip
OWN = ["content_type=None", "content_type=''", "content_type='a\\r\\nX: y'", "content_type='ä'", "size=0", "size=None",
       "size='4'", "size=-1", "size=1.5", "size=100 * 1024 * 1024", "name=''", "name=None", "name='a/b'", "name='..'",
       "name='a\\nb'", "name=5"]  # fmt: skip
OWN = [f"Own({member})" for member in OWN] + ["empty", "File(b'', name='a.cbor')"]
ITEM = ["None", "5", "'a.cbor'", "b'data'", "object()", "[]", "[good]", "{}", *OWN]
ITEMS = ["None", "5", "'a.cbor'", "b'data'", "object()", "[]", "()", "{}", "{'a': good}", "iter([good])", "[None]",
         "[good, 5]", "[[good]]", "[good, good]", "[sample, sample]", "[good, empty]", "[good] * 1001", "Items(1001)",
         "Items(0)", "Items(800)", "open('/dev/null', 'rb')", *[f"[good, {item}]" for item in OWN], *OWN]  # fmt: skip
FILE_NAME = ["''", "5", "b'a'", "'a/b'", "'a\\\\b'", "'..'", "'a\\r\\nX: y'", "'a\\0b'", "['a']", "'x' * 5000"]
BOUNDARY = ["''", "5", "b'a'", "'a b'", "'a\\r\\n'", "'ä'", "'x' * 71", "'a\"b'", "['a']"]
ON_STORED = ["5", "'f'", "[]", "True"]

MADE = {"api_key": "Client({}, url=url)", "url": "Client(KEY, url={})"}
CASES = {
    name: [MADE.get(name, f"Client(KEY, url=url, {name}={{}})").format(v) for v in CLIENT[name]] for name in CLIENT
}
for name, values in COMMON.items():
    for call in ("send", "upload"):
        place = "'training', good, {}={}" if name != "category" else "{1}, good"
        CASES[f"{call} {name}"] = [f"c.{call}({place.format(name, value)})" for value in values]
CASES["send item"] = [f"c.send('training', {value})" for value in ITEM]
CASES["send file_name"] = [f"c.send('training', good, file_name={value})" for value in FILE_NAME]
CASES["upload items"] = [f"c.upload('training', {value})" for value in ITEMS]
CASES["upload boundary"] = [f"c.upload('training', good, boundary={value})" for value in BOUNDARY]
CASES["upload on_stored"] = [f"c.upload('training', good, on_stored={value})" for value in ON_STORED]
# Errors of an item name the item by its name or number, or name an argument of the item.
NAMED = {
    "send item": ("item", "values", "own.cbor", "a.cbor", "file_name"),
    "upload items": ("item", "values", "own.cbor", "a.cbor"),
}


@UNIX
@pytest.mark.parametrize("case", CASES)
def test_a_bad_argument_is_named_and_nothing_is_connected(worker, case):
    with peer(answering()) as made:
        results = worker.define(DEVICE).refusals(made.url, CASES[case])
    for source, (kind, text) in zip(CASES[case], results, strict=True):
        names = NAMED.get(case, (case.split()[-1],))
        assert any(name in text.split(": ")[0] + ": " for name in names), (source, text)
        assert kind in ("SampleError", "LimitError"), source
        assert len(text) < 400 or "5000" in source or "9999" in source, source
    assert made.connections == []


LIMITS = ["[good] * 1001", "Items(1001)", "Own(size=100 * 1024 * 1024)", "[good, Own(size=1 << 33)]"]


@UNIX
def test_more_than_the_limits_is_a_limit_error(worker):
    sources = [f"c.upload('training', {items})" for items in LIMITS]
    sources += ["c.send('training', good, metadata={'a': 'x' * 5000})", "c.send('training', good, label='x' * 5000)"]
    results = worker.define(DEVICE).refusals("http://127.0.0.1:1", sources)
    assert [kind for kind, _ in results] == ["LimitError"] * len(sources)


@UNIX
def test_the_error_of_https_without_ca_has_the_next_step(worker):
    results = worker.define(DEVICE).refusals("http://127.0.0.1:1", ["Client(KEY)", "Client(KEY, url='https://h:1')"])
    for kind, text in results:
        assert (kind, text[:4]) == ("SampleError", "ca: ")
        assert "edgeingest ca HOST -o ca.der" in text and "insecure=True" in text


@UNIX
def test_other_data_than_certificates_is_refused(worker, tmp_path):
    (tmp_path / "junk.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "open.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    (tmp_path / "none.pem").write_bytes(b"")
    paths = [repr(str(tmp_path / name)) for name in ("junk.pem", "open.pem", "none.pem", "missing.pem", "")]
    sources = [
        f"Client(KEY, url='https://h', ca={ca})"
        for ca in [*paths, "b''", "b'junk'", "bytes(1000)", "bytearray(b'x')", "'a\\0b'", "''"]
    ]
    for source, (kind, text) in zip(sources, worker.define(DEVICE).refusals("http://h", sources), strict=True):
        assert (kind, text[:4]) == ("SampleError", "ca: "), source


@UNIX
def test_documented_arguments_are_accepted(worker):
    """The tests above would pass as well if everything were refused."""

    def handler(made, connection, number):
        while request := made.take(connection):
            connection.reply(stored(*["s"] * request.body.count(b"Content-Disposition")))

    with peer(handler) as made:
        assert worker.define(DEVICE).accepted(made.url, HMAC_KEY) == [1, 1, 1, 1, 2, 2, 1, 2]
