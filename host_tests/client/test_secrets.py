"""No error contains the API key, whatever a peer sends; bodies are closed when the arguments are refused."""

import json

import pytest
from support.peer import DEVICE, answering, peer, reply

KEY = "ei_topsecretkey0123456789abcdef"
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
ECHOES = {
    "a refusal": reply("invalid api key X-Api-Key: " + KEY, 401),
    "a refusal in JSON": reply(json.dumps({"success": False, "error": f"no {KEY}, {KEY}"}), 400),
    "a header": b"HTTP/1.1 200 OK\r\nX-Api-Key " + KEY.encode() + b"\r\n\r\n",
    "a status line": b"X-Api-Key: " + KEY.encode() + b"\r\n\r\n",
    "a name": reply("<html>" + KEY),
    "a cut key": reply("seen: " + KEY[:14], 500),
    "a result": reply(json.dumps({"success": True, "files": [{"success": False, "error": "bad " + KEY}]})),
}


@pytest.mark.modes("py", "mpy", "native", "cpython")
@pytest.mark.parametrize("echo", ECHOES)
def test_no_key_in_an_error(worker, echo):
    def handler(made, connection, number):
        made.take(connection)
        connection.send(ECHOES[echo])

    for call in ("send('training', body)", "upload('training', [body])"):
        with peer(handler) as made:
            kind, texts, _ = worker.run(CALL % call, url=made.url, key=KEY)
        assert kind in ("ServiceError", "ProtocolError", "FilesError", "NetworkError")
        for text in texts:
            assert KEY[:9] not in text, text


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
