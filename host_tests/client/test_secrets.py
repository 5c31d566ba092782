"""No error contains a part of a key, whatever a peer sends; bodies are closed when the arguments are refused."""

import json
import random

import pytest
from support.device_source import device_source
from support.peer import DEVICE, answering, peer, reply

KEY = "ei_topsecretkey0123456789abcdef"
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"
RECOGNIZED = 8  # so many characters of a key in a row are nowhere
CALL = (
    DEVICE
    + """
client = Client(key, url=url)
body = Bytes([b"data"])
error = None
try:
    client.%s
except Exception as e:
    error = e
texts = [str(error), repr(error), repr(client)] + [repr(getattr(error, n, "")) for n in ("body", "results", "args")]
result = type(error).__name__, texts, body.log
"""
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ECHOES = {
    "a refusal": lambda part: reply("invalid api key X-Api-Key: " + part, 401),
    "a refusal in JSON": lambda part: reply(json.dumps({"success": False, "error": f"no {part}, {part}"}), 400),
    "a refusal that is no UTF-8": lambda part: reply(b"\xff" + part.encode(), 500),
    "a header": lambda part: b"HTTP/1.1 200 OK\r\nX-Api-Key " + part.encode() + b"\r\n\r\n",
    "a header without colon": lambda part: b"HTTP/1.1 200 OK\r\n" + part.encode() + b"\r\n\r\n",
    "a length": lambda part: b"HTTP/1.1 200 OK\r\nContent-Length: " + part.encode() + b"\r\n\r\n",
    "a coding": lambda part: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + part.encode() + b"\r\n\r\n",
    "a content coding": lambda part: reply("", 200, Content_Encoding=part),
    "a content coding of a refusal": lambda part: reply("", 503, Content_Encoding=part),
    "a status line": lambda part: b"X-Api-Key: " + part.encode() + b"\r\n\r\n",
    "a chunk size": lambda part: CHUNKED + part.encode() + b"\r\n",
    "a chunk": lambda part: CHUNKED + b"1\r\na" + part.encode() + b"\r\n",
    "a line end": lambda part: CHUNKED + b"1;" + part.encode() + b"\n",
    "a line that is too long": lambda part: b"HTTP/1.1 200 OK\r\n" + part.encode() * 1000,
    "a body that is too long": lambda part: b"HTTP/1.1 200 OK\r\n\r\n" + (part.encode() + b" ") * 9000,
    "a page": lambda part: reply("<html>" + part),
    "no list": lambda part: reply('{"success": true, "files": [' + part),
    "a cut text": lambda part: reply("x" * (200 - len(part) // 2) + part, 500),
    "a cut piece": lambda part: b"HTTP/1.1 200 OK\r\n" + b"x" * (40 - len(part) // 2) + part.encode() + b"\r\n",
    "a result": lambda part: files({"success": False, "error": "bad " + part}),
    "a name beside a result": lambda part: files({"success": True, "fileName": part}, {"success": False}),
    "a number beside a result": lambda part: files(
        {"success": True, "fileName": "a", "sampleId": part}, {"success": False}
    ),
    "a number in a list": lambda part: files({"success": True, "sampleId": [{"a": part}]}, {"success": False}),
}


def files(*results):
    return reply(json.dumps({"success": True, "files": list(results)}))


def leaked(text, keys=(KEY, HMAC_KEY)):
    """Returns the parts of the keys that are in the text."""
    parts = {key[i : i + RECOGNIZED] for key in keys for i in range(len(key) - RECOGNIZED + 1)}
    return [part for part in sorted(parts) if part in text]


@pytest.mark.modes("py", "mpy", "native", "cpython")
@pytest.mark.parametrize("echo", ECHOES)
def test_no_part_of_a_key_in_an_error(worker, echo):
    parts = [part for key in (KEY, HMAC_KEY) for part in (key, key[3:], key[-24:], key[5:20], key[:14], key[9:17])]

    def handler(made, connection, number):
        made.take(connection)
        connection.send(ECHOES[echo](parts[number]))

    device = worker.define(device_source("client/secrets_device"))
    for call in ("send", "upload"):
        with peer(handler) as made:
            for part in parts:
                kind, texts = device.outcome(call, made.url, KEY, HMAC_KEY)
                assert kind in ("ServiceError", "ProtocolError", "FilesError", "NetworkError"), texts
                for text in texts:
                    assert leaked(text) == [], (part, text)


@pytest.mark.modes("mpy", "cpython")
@pytest.mark.parametrize(
    "key", [KEY, HMAC_KEY, "abcabcabcabcabcabc", "short", "a'b\\c\"d" * 4, "aaaaaaaaaaaaaa", "*" * 12]
)
def test_every_part_of_a_key_at_every_place(worker, key):
    """Each part of 8 and more characters, alone, twice, at the beginning, within and at the end of a text."""
    device = worker.define(device_source("client/secrets_device"))
    chance = random.Random(key)
    least = min(RECOGNIZED, len(key))
    parts = [key[i:j] for i in range(len(key)) for j in range(i + least, len(key) + 1)]
    texts = []
    for part in parts:
        a, b = (key[:at] for at in sorted(chance.sample(range(RECOGNIZED), 2)))  # too short to be recognized
        texts += [
            part,
            f"{part} b",
            f"a {part}",
            f"a{part}b",
            f"{part}{part}",
            f"{part}.{chance.choice(parts)}",
            a + part + b,
        ]
    for text, shown in zip(texts, device.shown(texts, (key, None)), strict=True):
        if "*" not in key:
            assert not any(key[i : i + least] in shown for i in range(len(key) - least + 1)), (text, shown)
            assert "***" in shown
    assert device.shown(["no part", key[: least - 1], ""], (None, key)) == ["no part", key[: least - 1], ""]


@pytest.mark.modes("mpy", "cpython")
def test_no_part_of_a_key_in_what_a_spool_keeps(worker, tmp_path):
    with peer(
        answering(json.dumps({"success": True, "files": [{"success": False, "error": "not " + KEY[3:]}]}))
    ) as made:
        device = worker.define(device_source("client/secrets_device"))
        kept = device.spooled(str(tmp_path / "spool"), made.url, KEY, HMAC_KEY)
    written = [path.read_bytes() for path in (tmp_path / "spool").rglob("*.txt")]
    assert leaked(kept + repr(written)) == []
    assert all(b"not ***" in text for text in written)


@pytest.mark.modes("py", "mpy", "cpython")
def test_a_url_that_is_a_key_is_not_quoted(worker):
    for url in (KEY, f"http://user:{KEY}@host", f"https://host/{KEY}"):
        source = DEVICE + "try:\n    Client('x', url=url)\nexcept errors.SampleError as e:\n    result = str(e)\n"
        text = worker.run(source, url=url)
        assert text.startswith("url: ") and KEY[:9] not in text


REFUSED = [
    "send('nowhere', body)",
    "send('training', body, label='')",
    "send('training', body, file_name='a/b')",
    "send('training', body, deadline_ms=-1)",
    "upload('nowhere', [body])",
    "upload('training', [body], boundary='')",
    "upload('training', [body, body])",
    "upload('training', body, deadline_ms=0)",
    "upload('training', (body,), on_stored=5)",
]


@pytest.mark.modes("mpy", "cpython")
@pytest.mark.parametrize("call", REFUSED)
def test_bodies_are_closed_when_arguments_are_refused(worker, call):
    with peer(answering()) as made:
        kind, _, log = worker.run(CALL % call, url=made.url, key=KEY)
        assert (kind, made.requests) == ("SampleError", [])
    assert log[-1] == "close"
