"""Replies of both endpoints, in windows of every size, with json.loads as the oracle."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.device_source import device_source
from support.worker import DeviceError

DEVICE = device_source("protocol/replies_device")
DUPLICATE = "An item with this hash already exists"
STEPS = (0, 1, 2, 3, 5, 17, 64)


def error(call, *arguments, **named):
    with pytest.raises(DeviceError) as caught:
        call(*arguments, **named)
    return caught.value


def ok(name, number=7, **more):
    return {"success": True, "projectId": 1, "sampleId": number, "fileName": name, **more}


def reply(*results, **more):
    return json.dumps({"success": True, "files": list(results), **more}).encode()


def test_data_stored(worker):
    data = worker.define(DEVICE).data
    for sent, stored in (
        (b"wave.cbor.4g9.cbor", "wave.cbor.4g9.cbor"),
        (b" w\xc3\xa4ve \r\n", "wäve"),
        (b"123", "123"),
    ):
        for step in STEPS:
            assert data(200, sent, step) == (stored, None, False)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_duplicate_is_never_an_error(worker, form):
    body = DUPLICATE + " (ids: 1, 2)"
    body = json.dumps({"success": False, "error": body}) if form == "json" else body
    device = worker.define(DEVICE)
    for status, step in [(status, step) for status in (200, 400, 401, 409, 500) for step in (0, 1)]:
        assert device.data(status, body.encode(), step) == ("sent.cbor", None, True)
        assert device.files(status, body.encode(), step, ("a",)) == [("a", None, True)]
        assert device.files(status, body.encode(), step, ("a", "x.labels"), (1,)) == [
            ("a", None, True), ("x.labels", None, False),
        ]  # fmt: skip
    long = (DUPLICATE + " " + "9, " * 2000).encode()
    assert device.data(400, long, 100) == ("sent.cbor", None, True)


REFUSALS = (
    (b"no good", "no good"),
    (b'{"success":false,"error":"no good"}', "no good"),
    (b'{"success":false,"error":"\\ud83d\\ude00 \\u00e4"}', "😀 ä"),
    (b'{"success":false}', '{"success":false}'),
    (b'["no good"]', '["no good"]'),
    (b"", ""),
    (b"\xff\x00no", "??no"),
    ("ä😀".encode(), "ä😀"),
)


def test_refusals_keep_status_and_text(worker):
    device = worker.define(DEVICE)
    for body, text in REFUSALS:
        for call, step in ((device.data, 0), (device.data, 1), (device.files, 0), (device.files, 1)):
            found = error(call, 400, body, step)
            assert (found.type, found.status, found.body, found.retry_after) == ("ServiceError", 400, text, None)
            assert "400" in found.text and text in found.text


def test_every_other_status_is_an_error_with_the_next_step(worker):
    device = worker.define(DEVICE)
    statuses = (100, 301, 307, 400, 401, 403, 404, 405, 408, 413, 421, 425, 429, 500, 503, 599)
    for call, status in [(call, status) for call in (device.data, device.files) for status in statuses]:
        found = error(call, status, b"because", 0)
        assert (found.type, found.status) == ("ServiceError", status)
        assert ("check api_key" in found.text) == (status == 401)
        assert ("check url" in found.text) == (300 <= status < 400 or status in (404, 405))


def test_retry_after(worker):
    for sent, seconds in (([("retry-after", "120")], 120), ([("retry-after", "soon")], None), ([], None)):
        assert error(worker.define(DEVICE).data, 429, b"later", fields=sent).retry_after == seconds


def test_a_long_refusal_is_cut(worker):
    found = error(worker.define(DEVICE).data, 500, b"<html>" + b"x" * 60_000, 512)
    assert (found.type, len(found.body)) == ("ServiceError", 200)
    assert len(found.text) < 400


def test_replies_without_a_name_are_refused(worker):
    portal = b"<html><body>Log in</body></html>"
    for body in (
        b"",
        b"  ",
        b"{}",
        b'{"success":true}',
        b'{"files":[]}',
        b'{"x',
        portal,
        b"1\n2",
        b"x" * 1024,
        b"x" * 5000,
    ):
        for step in (0, 1, 100):
            assert error(worker.define(DEVICE).data, 200, body, step).type == "ProtocolError", body


def test_a_refusal_in_json_with_status_200(worker):
    found = error(worker.define(DEVICE).data, 200, b'{"success": false, "error": "quota"}')
    assert (found.type, found.status, found.body) == ("ServiceError", 200, "quota")


STORED = (
    reply(ok("A"), ok("B", 8)),
    json.dumps({"files": [ok("A"), ok("B", 8)], "success": True}, indent=4).encode(),
    b'\r\n{ "success" :true , "files" : [ %b ,\n\t%b ] , "more":[1,[2,{"files":[{}]}]]}\n'
    % (json.dumps(ok("A")).encode(), json.dumps(ok("B", 8)).encode()),
    b'{"files"\n:\t[%b,%b]}' % (json.dumps(ok("A")).encode(), json.dumps(ok("B", 8)).encode()),
    reply(ok("A", deep=[[{"files": []}]], braces='}]{["\\'), ok("B", 8, x={"y": ["}"]})),
    reply(ok("A"), ok("B", 8), before={"files": [1, 2]}, text='"files":['),
    b'{"x": {"files": [{"a": 1}]}, "success": true, "files": [%b,%b]}'
    % (json.dumps(ok("A")).encode(), json.dumps(ok("B", 8)).encode()),
)


def test_files_stored(worker):
    wanted = [("A", 7, False), ("B", 8, False)]
    for body, step in [(body, step) for body in STORED for step in STEPS]:
        assert worker.define(DEVICE).files(200, body, step) == wanted, (body, step)
        assert worker.define(DEVICE).handed(200, body, step) == ([(0, wanted[0]), (1, wanted[1])], 2, None)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_names_of_every_kind(worker, ascii_only):
    for name in ('a"b', "a\\", "}]", "[{", "ä", "😀 x", "\\u0041", '\\"', "\n", "🇫🇷"):
        body = json.dumps({"success": True, "files": [ok(name), ok("B")]}, ensure_ascii=ascii_only).encode()
        for step in (0, 1, 4):
            assert worker.define(DEVICE).files(200, body, step)[0] == (name, 7, False), name


def test_a_sample_id_may_be_missing_or_large(worker):
    body = reply({"success": True, "fileName": "A"}, ok("B", 2**53 - 1))
    assert worker.define(DEVICE).files(200, body) == [("A", None, False), ("B", 2**53 - 1, False)]


def test_each_file_that_was_not_stored_has_its_result(worker):
    names = ("a", "b", "c", "d", "e")
    body = reply(
        ok("A"),
        {"success": False, "error": "broken \\ud83d"},
        {"success": False, "error": DUPLICATE + " (id: 3)"},
        {"success": False},
        ok("E", 9),
    )
    stored = [("A", 7, False), "broken \\ud83d", ("c", None, True), "no reason was given", ("E", 9, False)]
    device = worker.define(DEVICE)
    for step in STEPS:
        found = error(device.files, 200, body, step, names)
        assert (found.family[:2], found.status) == (["FilesError", "ServiceError"], 200)
        assert found.results == stored
        assert "2 of 5" in found.text and "'b'" in found.text and "broken" in found.text
        got, end, results = device.handed(200, body, step, names)
        assert got == [(0, stored[0]), (2, stored[2]), (4, stored[4])]
        assert end == "FilesError"
        assert results == [None, stored[1], None, stored[3], None]


def test_a_result_without_success_is_not_stored(worker):
    yes = {"success": True}
    for wrong in (
        {"success": 1, "fileName": "A"},
        {"fileName": "A"},
        {"success": False, "fileName": "A"},
        {},
    ):
        assert error(worker.define(DEVICE).files, 200, reply(wrong, ok("B"))).type == "FilesError", wrong
    for unnamed in (yes, {**yes, "fileName": 5}, {**yes, "fileName": ""}):  # stored, without a name
        assert worker.define(DEVICE).files(200, reply(unnamed, ok("B")))[0][0] == "a", unnamed


def test_other_statuses_of_success(worker):
    for status in (200, 201, 202):
        assert worker.define(DEVICE).data(status, b"wave.1.cbor") == ("wave.1.cbor", None, False)
        assert worker.define(DEVICE).data(status, b"{brace}.cbor") == ("{brace}.cbor", None, False)
        assert [entry[0] for entry in worker.define(DEVICE).files(status, reply(ok("A"), ok("B")))] == ["A", "B"]
    assert error(worker.define(DEVICE).data, 204, b"").type == "ProtocolError"


def test_another_count_is_a_protocol_error(worker):
    for count in (0, 1, 3, 5):
        found = error(worker.define(DEVICE).files, 200, reply(*[ok(str(i), i) for i in range(count)]))
        assert (found.type, f"for {count} files" in found.text) == ("ProtocolError", True)


@pytest.mark.parametrize("listed", [True, False])
def test_label_files_may_be_listed_or_not(worker, listed):
    for labels in ((), (0,), (1,), (3,), (0, 1), (1, 3), (2, 3), (0, 1, 2, 3)):
        check_labels(worker, labels, listed)


def check_labels(worker, labels, listed):
    names = ("n0", "n1", "n2", "n3")
    sent = [i for i in range(4) if listed or i not in labels]
    body = reply(*[ok(f"S{i}", i) for i in sent])
    wanted = [(f"S{i}", i, False) if i in sent else (names[i], None, False) for i in range(4)]
    device = worker.define(DEVICE)
    for step in (0, 1, 7):
        assert device.files(200, body, step, names, labels) == wanted
        got, end, _ = device.handed(200, body, step, names, labels)
        assert (got, end) == (list(enumerate(wanted)), 4)
    if labels:
        short = reply(*[ok(f"S{i}", i) for i in range(3 if len(labels) > 1 else 2)])
        assert error(device.files, 200, short, 0, names, labels).type == "ProtocolError"


def test_a_failure_after_a_label_file_is_the_right_one(worker):
    body = reply({"success": False, "error": "bad b"}, ok("C"))
    found = error(worker.define(DEVICE).files, 200, body, 0, ("x.labels", "b", "c"), (0,))
    assert found.results == [("x.labels", None, False), "bad b", ("C", 7, False)]


def test_success_false_without_files(worker):
    for body in (b'{"success":false,"error":"quota"}', b'{"success": false}'):
        found = error(worker.define(DEVICE).files, 200, body)
        assert (found.type, found.status) == ("ServiceError", 200)


NONSENSE = (
     b"", b"hello", b"<html></html>", b"[]", b"null", b"{}", b'{"success":true}', b'{"files":{}}', b'{"files":null}',
     b'{"success":true,"files":[', b'{"success":true,"files":[]', b'{"files":[{"success":true}', b'{"files":[1,2]}',
     b'{"files":[null]}', b'{"files":[[],[]]}', b'{"files":["a","b"]}', b'[{"files":[{},{}]}]', b'{"files":[{]}',
     b'{"files":[{}}}', b"]" * 50, b"[" * 5000, b'{"files":[' + b"[" * 5000, b'{"files":[{"a":' + b"[" * 5000,
     b'{"files":[{"a":"' + b"x" * 5000, b'{"a":"' + b"x" * 5000, b'{"files":[]} x', b"\xff\xfe", b'{"files":[],,',
)  # fmt: skip


@pytest.mark.parametrize("labels", [(), (0, 1)])
def test_nonsense_is_a_protocol_error(worker, labels):
    for body, step in [(body, step) for body in NONSENSE for step in (0, 1, 100)]:
        found = error(worker.define(DEVICE).files, 200, body, step, ("a", "b", "c")[: 3 - len(labels)], labels)
        assert found.type in ("ProtocolError", "FilesError"), body[:80]


@pytest.mark.modes("py", "mpy", "cpython")
def test_a_thousand_results(worker):
    step = 2048
    names = [f"n{i}" for i in range(1000)]
    body = reply(*[ok(f"wave.{i}.cbor.4g9runnh.ingestion-dd78489dc-7ptm8.cbor", i) for i in range(1000)])
    results = worker.define(DEVICE).files(200, body, step, names)
    assert [number for _, number, _ in results] == list(range(1000))


LONG = (
    "no good " * 300, "\\" * 3000, '"' * 3000, "x" * 380 + '\\"' * 900, "ä" * 1500, "€" * 1500, "😀" * 900,
    "a" + "😀\\" * 400, '"error": "' * 200, "x" * 399 + "\\", "x" * 400 + "\\", "x" * 401 + "\\",
)  # fmt: skip


@pytest.mark.modes("py", "mpy", "cpython")
@pytest.mark.parametrize("ascii_only", [True, False])
def test_long_words_of_the_service_are_shown_to_some_length(worker, ascii_only):
    """They are cut before they are parsed, which takes much heap; in no escape, and in no character."""
    device = worker.define(DEVICE)
    for text, at in [(text, at) for text in LONG for at in range(4)]:
        words = "x" * at + text
        result = {"success": False, "error": words, "more": {"error": "x"}}
        body = json.dumps({"success": True, "files": [result, ok("B")]}, ensure_ascii=ascii_only).encode()
        for step in (0, 7) if at else (0, 1):
            shown, other = error(device.files, 200, body, step).results
            check_cut(words, shown)
            assert other == ("B", 7, False)
        refused = json.dumps({"success": False, "error": words[:300]}, ensure_ascii=ascii_only).encode()
        if len(refused) < 1024:
            found = error(device.data, 400, refused)
            check_cut(words[:300], found.body)


def check_cut(words, shown):
    assert len(shown) >= 33 and words.startswith(shown.rstrip(" ")), (words, shown)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
RESULTS = st.one_of(
    st.builds(ok, TEXTS.filter(bool), st.integers(0, 2**60), extra=JUNK),
    st.builds(lambda text: {"success": False, "error": text}, TEXTS | st.just(DUPLICATE + "!")),
)


@settings(max_examples=40)
@given(
    results=st.lists(RESULTS, max_size=4),
    more=st.dictionaries(TEXTS.filter(lambda key: key != "files"), JUNK, max_size=2),
    style=st.sampled_from([{}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}]),
    step=st.sampled_from([0, 1, 3, 11]),
)
def test_results_are_those_of_json(worker, results, more, style, step):
    body = json.dumps({**more, "files": results}, **style).encode()
    wanted = []
    for i, result in enumerate(json.loads(body)["files"]):
        if result["success"]:
            wanted.append((result["fileName"], result["sampleId"], False))
        else:
            known = result["error"].startswith(DUPLICATE)
            wanted.append((f"n{i}", None, True) if known else result["error"] or "no reason was given")
    names = [f"n{i}" for i in range(len(results))]
    call = worker.define(DEVICE).files
    if any(isinstance(outcome, str) for outcome in wanted):
        assert error(call, 200, body, step, names).results == wanted
    else:
        assert call(200, body, step, names) == wanted


@settings(max_examples=60)
@given(
    results=st.lists(RESULTS | JUNK, max_size=2),
    more=st.dictionaries(TEXTS, JUNK, max_size=2),
    style=st.sampled_from([{}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}]),
    step=st.sampled_from([0, 1, 11]),
    name=st.sampled_from(["a", "a.labels"]),
    status=st.sampled_from([200, 201, 400, 503]),
)
def test_the_reply_to_one_item_is_read_as_that_to_many(worker, results, more, style, step, name, status):
    device = worker.define(DEVICE)
    body = json.dumps({**more, "files": results}, **style).encode()
    for text in (body, body[:-1], body + b"}", DUPLICATE.encode(), b"", json.dumps(more).encode()):
        one, many = device.as_one_and_as_many(status, text, step, name)
        assert one == many, text


def test_long_replies_to_one_item(worker):
    device = worker.define(DEVICE)
    long = ok("A", more="x" * 900), {"success": False, "error": "y" * 1900}, {"success": False, "error": "\u00e4" * 200}
    for result in (ok("A"), ok("A", more="x" * 2000), *long):
        for body in (reply(result), reply(result, more="z" * 3000), reply(result, result), reply(result)[:-2]):
            for step in (0, 1, 64, 1000):
                one, many = device.as_one_and_as_many(200, body, step, "a")
                assert one == many, (step, body)
    plain = reply(ok("A"))
    assert device.one_file(200, plain) == [("A", 7, False)]
    cut = [plain[:end] for end in range(1, len(plain))]
    for text in [*cut[:-1], plain[:-3] + b"}}}", plain[:-3] + b"]]]"]:  # MicroPython's json takes some
        one, many = device.as_one_and_as_many(200, text, 0, "a")
        assert one == many and one[0] == "ProtocolError", text


@settings(max_examples=40)
@given(
    start=st.sampled_from([b"", b"{", b'{"files":[', reply(ok("A"))]),
    noise=st.binary(max_size=80) | st.text('{}[]",:\\ftn1 ', max_size=40).map(str.encode),
    status=st.sampled_from([200, 400]),
)
def test_noise_gives_results_or_an_ingest_error(worker, start, noise, status):
    worker.define(DEVICE).survives(status, start + noise)


@pytest.mark.modes("mpy", "cpython")
def test_a_result_too_large_for_the_heap_is_a_protocol_error(worker):
    assert "[[[[]]]]" in worker.define(DEVICE).without_memory()
