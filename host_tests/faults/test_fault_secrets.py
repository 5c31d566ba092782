"""Keys are sent to the service only; no text of the caller can add a header, a part or a line."""

import itertools
import json

import pytest
from support.aio import Chains
from support.device_source import device_source
from support.faults import API_KEY, HMAC_KEY
from support.peer import answering, peer, reply, stored
from support.worker import DeviceError

REDIRECTED = """
from edgeingest import Client, File, Sample
sample = Sample((("a", "m"),), 10, [1.5, 2.5], "UNIX")
with Client(key, url=url, ca=ca, hmac_key=hmac_key, timeout_ms=5000) as client:
    if files:
        client.upload("training", [sample, File(b"x", name="a.wav")])
    else:
        client.send("training", sample)
"""


@pytest.mark.modes("mpy", "cpython")
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_nothing_is_sent_to_the_new_host(worker, status, tls, counted):
    chain = Chains.get() if tls else None
    forms = ["http://127.0.0.1:{}/api/training/data", "//127.0.0.1:{}/", "https://localhost:{}/"]
    with peer(answering()) as elsewhere:
        for form, files in itertools.product(forms, (False, True)):
            location = reply(stored("a", "b"), status, Location=form.format(elsewhere.port), Refresh="0; url=" + form)
            with (
                peer(lambda made, connection, _, data=location: (made.take(connection), connection.send(data)),
                     chain and chain.context) as made,
                pytest.raises(DeviceError) as caught,
            ):  # fmt: skip
                url = f"https://localhost:{made.port}" if tls else made.url
                ca = chain and chain.der
                worker.run(REDIRECTED, url=url, ca=ca, key=API_KEY, hmac_key=HMAC_KEY, files=files)
            assert (caught.value.type, caught.value.status) == ("ServiceError", status)
            assert "redirects are not followed: check url" in caught.value.text
            assert len(made.connections) == 1
    assert elsewhere.connections == []
    counted(len(forms) * 2)


# Every argument of every public call that takes text, with $ where the text goes.
IN_CLIENT = """
Client($, url=url).send('training', good)
Client($, url=url).upload('training', [good])
Client(KEY, url='http://127.0.0.1' + $)
Client(KEY, url=url + $)
Client(KEY, url=url, hmac_key=$)
Client(KEY, url='https://h', ca=$)
"""
IN_CALLS = """
c.send($, good)
c.send('training', good, file_name=$)
c.send('training', good, label=$)
c.send('training', good, metadata={'a': $})
c.send('training', good, metadata={$: 'a'})
c.send('training', Own(name=$))
c.send('training', Own(content_type=$))
c.send('training', File(b'x', name=$))
c.send('training', File(b'x', name='a.wav', content_type=$))
c.send('training', Wav(b'xx', 8000, name=$))
c.upload($, good)
c.upload('training', good, label=$)
c.upload('training', good, boundary=$)
c.upload('training', good, metadata={'a': $})
c.upload('training', good, metadata={$: 'a'})
c.upload('training', [good, Own(name=$)])
c.upload('training', [good, Own(content_type=$)])
c.upload('training', [File(b'x', name=$)])
c.upload('training', File(b'x', name='a.wav', content_type=$))
c.upload('training', Wav(b'xx', 8000, name=$))
"""
IN_BODIES = """
Sample((($, 'm'),), 10, [1.0], 'UNIX')
Sample((('a', $),), 10, [1.0], 'UNIX')
Sample((('a', 'm'),), 10, [1.0], $)
Sample((('a', 'm'),), 10, [1.0], 'UNIX', device_name=$)
Sample((('a', 'm'),), 10, [1.0], 'UNIX', name=$)
Sample((('a', 'm'),), 10, b'1234', 'UNIX', typecode=$)
Sample((('a', 'm'),), 10, [1.0], 'UNIX').body($)
Sample((('a', 'm'),), 10, [1.0], 'UNIX').body(hmac_key=$)
capture(row, 1, 1000, (($, 'm'),), 'UNIX')
capture(row, 1, 1000, (('a', $),), 'UNIX')
capture(row, 1, 1000, (('a', 'm'),), $)
capture(row, 1, 1000, (('a', 'm'),), 'UNIX', device_name=$)
capture(row, 1, 1000, (('a', 'm'),), 'UNIX', name=$)
capture(row, 1, 1000, (('a', 'm'),), 'UNIX', typecode=$)
structured_labels({$: [(0, 1, 'a')]})
structured_labels({'a': [(0, 1, $)]})
structured_labels({'a': [(0, 1, 'a', {$: 'a'})]})
structured_labels({'a': [(0, 1, 'a', {'a': $})]})
bounding_boxes({$: [('a', 0, 0, 1, 1)]})
bounding_boxes({'a': [($, 0, 0, 1, 1)]})
info_labels([{'path': $, 'category': 'training', 'label': 'a'}])
info_labels([{'path': 'a', 'category': $, 'label': 'a'}])
info_labels([{'path': 'a', 'category': 'training', 'label': $}])
info_labels([{'path': 'a', 'category': 'training', 'label': {'type': 'label', 'label': $}}])
info_labels([{'path': 'a', 'category': 'training', 'label': 'a', 'name': $}])
info_labels([{'path': 'a', 'category': 'training', 'label': 'a', 'metadata': {'a': $}}])
"""
INJECTED = (IN_CLIENT + IN_CALLS + IN_BODIES).split("\n")
TEXTS = ["a\r\nX-Evil: y", "a\rb", "a\nb", "a\0b", "\r\n\r\nPOST / HTTP/1.1\r\n", "\n", "\0", "a\r\n--b--\r\n"]

INJECT = device_source("faults/injection_device")


@pytest.mark.modes("py", "mpy", "cpython")
def test_no_text_of_the_caller_can_end_its_line(worker, counted):
    sources = [form.replace("$", repr(text)) for form in INJECTED if form for text in TEXTS]
    with peer(answering()) as made:
        accepted, others = worker.define(INJECT).not_refused(made.url, sources)
    assert (accepted, others) == ([], [])
    assert made.connections == []
    counted(len(sources))


@pytest.mark.modes("mpy", "cpython")
def test_no_result_contains_a_key_that_the_service_returned(worker):
    """The error text has only the first failure; `results` has all of them, and a spool writes them to flash."""
    files = [{"success": False, "error": "no"}, {"success": False, "error": f"bad key {API_KEY}"}]
    source = """
from edgeingest import Client, File, errors
try:
    Client(key, url=url).upload("training", [File(b"a", name="a.txt"), File(b"b", name="b.txt")])
except errors.FilesError as e:
    result = e.results, str(e), type(e).__name__, e.status
"""
    with peer(answering(json.dumps({"success": True, "files": files}))) as made:
        results, text, kind, status = worker.run(source, url=made.url, key=API_KEY)
    assert results == ["no", "bad key ***"]
    assert (kind, status) == ("FilesError", 200) and API_KEY not in text


NO_MEMORY = """
import edgeingest.service_errors as service_errors
from edgeingest import Client, File, errors

def no_memory(*arguments):
    raise MemoryError

looks, service_errors.without_keys = service_errors.without_keys, no_memory
try:
    client = Client(key, url=url)
    if files:
        client.upload("training", [File(b"a", name="a.txt"), File(b"b", name="b.txt")])
    client.send("training", File(b"a", name="a.txt"))
except errors.IngestError as e:
    result = type(e).__name__, e.status, str(e), e.body, list(getattr(e, "results", ()))
finally:
    service_errors.without_keys = looks
"""


@pytest.mark.modes("mpy", "cpython")
@pytest.mark.parametrize("files", [False, True], ids=["data", "files"])
def test_without_memory_to_look_for_keys_no_words_of_the_service_come_out(worker, files):
    results = [{"success": True, "fileName": "a"}, {"success": False, "error": f"bad key {API_KEY}"}]
    answer = json.dumps({"success": True, "files": results}) if files else f"bad key {API_KEY}"
    with peer(answering(answer, 200 if files else 503)) as made:
        kind, status, text, body, found = worker.run(NO_MEMORY, url=made.url, key=API_KEY, files=files)
    assert (kind, status) == (("FilesError", 200) if files else ("ServiceError", 503))
    assert "memory" in text and "bad key" not in text + body + repr(found)
    assert len(found) == (2 if files else 0)


@pytest.mark.modes("mpy", "cpython")
def test_an_errno_is_a_number_or_none(worker):
    """MicroPython's OSError accepts a text as errno."""
    source = """
from edgeingest.network_errors import network_error
errors = OSError("refused"), OSError(5, "io"), ValueError("x"), None
result = [network_error(1, "h:1", e, False, 0, ()).errno for e in errors]
"""
    assert worker.run(source) == [None, 5, None, None]
