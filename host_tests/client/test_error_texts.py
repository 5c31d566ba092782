"""Error texts: each names the value and the next step. The situations are made for real."""

import contextlib
import functools
import re
import socket

import pytest
from support.chains import issued
from support.device_source import device_source
from support.interpreters import FIRMWARE, ROOT
from support.peer import answering, peer, reply

BOARD = pytest.mark.modes("mpy")
DEVICE = device_source("client/error_texts_device")
SEND = "Client(KEY, url=url, ca=ca, timeout_ms=2000).send('training', good)"


def outcome(worker, source, **names):
    return worker.define(DEVICE).text_of(source, **names)


@pytest.fixture
def refusing():
    """The address of a port where nothing listens: bound, so that nobody else takes it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@BOARD
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_listens(worker, refusing, scheme):
    kind, text = outcome(worker, SEND, url=f"{scheme}://{refusing}", ca=issued().der)
    assert (kind, refusing in text, "ECONNREFUSED" in text) == ("NetworkError", True, True)
    assert "(nothing listens there: is the service running, is the port right?)" in text


ALERT = b"\x15\x03\x01\x00\x02\x02"
TO_TLS = {
    "OpenSSL": ("NetworkError", None),
    "closes": ("NetworkError", b""),
    "an alert": ("NetworkError", ALERT + b"\x28"),
    "an alert with a line end": ("ProtocolError", ALERT + b"\x0a"),
    "nginx": ("ServiceError", reply("<html><title>400 The plain HTTP request was sent to HTTPS port</title>", 400)),
    "Go": ("ServiceError", reply("Client sent an HTTP request to an HTTPS server.", 400)),
    "Apache": ("ServiceError", reply("You're speaking plain HTTP to an SSL-enabled server port.", 400)),
}


@BOARD
@pytest.mark.parametrize("name", TO_TLS)
def test_http_to_a_port_that_speaks_tls(worker, name):
    wanted, data = TO_TLS[name]

    def closes(made, connection, number):
        connection.recv()
        connection.send(data)

    handler, context = (answering(), issued().context) if data is None else (closes, None)
    with peer(handler, context) as made:
        kind, text = outcome(worker, SEND, url=f"http://127.0.0.1:{made.port}", ca=None)
    assert (kind, "https:// instead?" in text) == (wanted, True), text


TO_PLAIN = {
    "answers": reply("Bad Request", 400),
    "closes": b"",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
}


@BOARD
@pytest.mark.parametrize("name", TO_PLAIN)
def test_https_to_a_port_that_does_not(worker, name):
    def answers(made, connection, number):
        connection.recv()
        connection.send(TO_PLAIN[name])
        if TO_PLAIN[name]:
            connection.until_closed()

    with peer(answers) as made:
        kind, text = outcome(worker, SEND, url=f"https://127.0.0.1:{made.port}", ca=issued().der)
    assert (kind, "http:// instead?" in text) == ("NetworkError", True), text


@BOARD
def test_https_to_a_port_that_says_nothing(worker):
    with peer(lambda made, connection, number: made.closing.wait(10)) as made:
        kind, text = outcome(worker, SEND, url=f"https://127.0.0.1:{made.port}", ca=issued().der)
    assert (kind, "http:// instead?" in text) == ("DeadlineError", True), text


@BOARD
def test_a_name_that_is_not_known(worker):
    kind, text = outcome(worker, SEND, url="http://nothing.invalid", ca=None)
    assert kind == "NetworkError"
    # the second where the computer of the test has no name server
    words = ("no such name: is url right?", "no name server answers: is the network up?")
    assert any(one in text for one in words) and "nothing.invalid:80" in text, text


NAMES = {  # of getaddrinfo: unix, lwIP on an RP2040, lwIP on an ESP32
    "[addrinfo error -2]": "no such name",
    "[addrinfo error -3]": "no name server answers",
    -2: "no such name",
    -6: "no name server answers",
    -202: "no such name, or no name server answers",
    -99: "is url right, is the network up?",
}
ROUTES = {
    104: "nothing listens there",  # ECONNRESET is what lwIP says
    101: "no way to that address: is the network up",  # ENETUNREACH
    113: "no way to that address: is the network up",  # EHOSTUNREACH
    "refused or unreachable": "is the service running, is url right?",
}


@BOARD
@pytest.mark.parametrize("phase, codes", [("_FINDING", NAMES), ("_CONNECTING", ROUTES)])
def test_the_codes_of_boards_in_words(worker, phase, codes):
    source = """
from edgeingest import network_errors
raise network_errors.network_error(phase, "host:80", OSError(code), False, 0, None)
"""
    number = {"_FINDING": 0, "_CONNECTING": 1}[phase]
    for code, words in codes.items():
        kind, text = outcome(worker, source, phase=number, code=code)
        assert (kind, words in text, str(code) in text) == ("NetworkError", True, True), text


@BOARD
@pytest.mark.parametrize("call", ["send", "upload"])
def test_a_404_is_not_the_service(worker, call):
    with peer(answering("Not Found", 404)) as made:
        kind, text = outcome(worker, f"Client(KEY, url=url).{call}('training', good)", url=made.url)
    assert kind == "ServiceError"
    assert "404: Not Found" in text and "check url" in text


# source -> words of its error; each has to be a SampleError
MAKES = "a file is given as File('climate.csv')"
ARGUMENTS = {
    # what is no item yet
    "c.upload('training', 'climate.csv')": ("items: ", MAKES),
    "c.send('training', 'climate.csv')": ("item: ", MAKES),
    "c.upload('training', ['climate.csv'])": ("item 0: ", MAKES),
    "c.upload('training', b'1,2')": ("items: ", "bytes have no file name: File(bytes, name="),
    "c.send('training', bytearray(b'1,2'))": ("item: ", "bytes have no file name: File(bytes, name="),
    "c.upload('training', [memoryview(b'1,2')])": ("item 0: ", "bytes have no file name: File(bytes, name="),
    "c.upload('training', open('/dev/null', 'rb'))": ("item 0: ", "a stream is given as File(stream, name=", "size="),
    "c.send('training', open('/dev/null', 'rb'))": ("item: ", "a stream is given as File(stream, name=", "size="),
    "c.upload('training', values)": ("items: ", "Sample(sensors, interval_ms, values, device_type)"),
    "c.upload('training', [1.5])": ("item 0: ", "1.5", "Sample(sensors, interval_ms, values, device_type)"),
    "c.send('training', values)": ("item: ", "Sample(sensors, interval_ms, values, device_type)"),
    "c.send('training', [good])": ("item: ", "send takes one", "upload"),
    "c.upload('training', {'a': good})": ("items: ", "<class 'dict'>", "list(d.values())"),
    "c.upload('training', iter([good]))": ("items: ", "list(...)"),
    "c.upload('training', (item for item in [good]))": ("items: ", "list(...)"),
    "c.upload('training', [])": ("items: ", "one or more"),
    "c.upload('training', [good] * 1001)": ("items: ", "1001", "1000", "several calls"),
    "c.upload('training', [good, good])": ("items: ", "item 1", "item 0", "'a.cbor'", "name="),
    "c.upload('train', good)": ("category: ", "'train'", "training, testing"),
    "c.upload('training', good, label='a', no_label=True)": ("no_label: ", "'a'", "leave one of them out"),
    "c.upload('training', good, label='a' * 5000)": ("label: ", "5000", "4096", "shorter"),
    "c.upload('training', good, metadata={'a': 1})": ("metadata: ", "'a'", "1", "str(1)"),
    "c.upload('training', good, metadata={1: 'a'})": ("metadata: ", "1", "str(1)"),
    "c.upload('training', good, label=5)": ("label: ", "5", "str(5)"),
    # empty
    "c.upload('training', File(b'', name='a.csv'))": ("a.csv: ", "is empty"),
    "c.send('training', File(empty))": ("empty.csv: ", "is empty"),
    "c.upload('training', [good, File(empty)])": ("empty.csv: ", "is empty"),
    "c.send('training', Bytes([]))": ("own.cbor: ", "is empty"),
    "c.upload('training', Bytes([], size='5'))": ("own.cbor: ", "size", "'5'"),
    "c.upload('training', Sample(sensors, 10, [], 'UNIX'))": ("values: ", "'sample'", "no rows", "at least one"),
    # files
    "File(b'1,2')": ("name: ", "bytes have no file name", 'name="climate.csv"'),
    "File(bytearray(9))": ("name: ", "bytes have no file name", 'name="climate.csv"'),
    "File(open('/dev/null', 'rb'), size=5)": ("name: ", "a stream has no file name", 'name="climate.csv"'),
    "File(open('/dev/null', 'rb'), name='a')": ("size: ", "File(stream, name=", "size="),
    "File(5)": ("source: ", "<class 'int'>", "bytes, a path"),
    "File([1, 2])": ("source: ", "<class 'list'>", "bytes, a path"),
    "File('nowhere.csv')": ("source: ", "'nowhere.csv'", "ENOENT", "os.listdir()"),
    "File('/tmp')": ("source: ", "'/tmp'", "is a folder", "a file"),
    "File(b'1', name='a', size=5)": ("size: ", "5", "1", "leave size out"),
    "File(b'1', name='a', size=-5)": ("size: ", "-5"),
    # samples
    "Sample('accX', 10, values, 'UNIX')": ("sensors: ", "'accX'", '(("accX", "m/s2"),)', "pairs of name and units are"),
    "Sample(['accX'], 10, values, 'UNIX')": ("sensors: ", "'accX'", '(("accX", "m/s2"),)'),
    "Sample(('accX', 'm/s2'), 10, values, 'UNIX')": ("sensors: ", "'accX'", '(("accX", "m/s2"),)'),
    "Sample([('accX',)], 10, values, 'UNIX')": ("sensors: ", "('accX',)", '(("accX", "m/s2"),)'),
    "Sample([], 10, values, 'UNIX')": ("sensors: ", "[]", '(("accX", "m/s2"),)'),
    "Sample(sensors, '10', values, 'UNIX')": ("interval_ms: ", "'10'"),
    "Sample(sensors, 10, 5, 'UNIX')": ("values: ", "5", "array"),
    "Sample(sensors, 10, b'12345678', 'UNIX')": ("values: ", "typecode="),
    "Sample(sensors, 10, [1, 2], 'UNIX')": ("values: ", "row 0", "2"),
    "Sample(sensors, 10, [(1, 2), (1,)], 'UNIX')": ("values: ", "row 1", "2"),
    "Sample(sensors, 10, values, 'UNIX', rows=5)": ("rows: ", "5", "1", "leave it out"),
    "Sample(sensors, 10, values, 'UNIX', typecode='h')": ("typecode: ", "'h'", "'f'", "leave it out"),
    "Sample(sensors, 10, array('f', (1, 2, 3)), 'UNIX')": ("values: ", "3", "2 (one per sensor)"),
    "Sample(sensors, 10, [(1, 2)], 'UNIX').body('cbr')": ("format: ", "'cbr'", "cbor json csv binary"),
    # sound
    "Wav([1, 2, 3], 16000)": ("source: ", "array('h', ...)", "<class 'list'>"),
    "Wav((1, 2, 3), 16000, bits=8)": ("source: ", "array('B', ...)", "<class 'tuple'>"),
    "Wav([1, 2, 3], 16000, bits=24)": ("source: ", "raw bytes", "<class 'list'>"),
    "Wav([1, 2, 3], 16000, bits=32)": ("source: ", "array('i', ...)", "<class 'list'>"),
    "Wav(None, 16000)": ("source: ", "array('h', ...)", "<class 'NoneType'>"),
    "Wav(values, 16000)": ("source: ", "array('h', ...)", "array of 'f'"),
    "Wav(array('h', (1, 2, 3)), 16000, channels=2)": ("source: ", "6", "4", "channels"),
    "Wav(open('/dev/null', 'rb'), 16000)": ("size: ", "frames="),
    # the client
    "Client(KEY, ca='nowhere.der')": ("ca: 'nowhere.der'", "ENOENT", "`edgeingest ca HOST -o ca.der` gets it"),
    "Client(KEY, ca='/tmp')": ("ca: '/tmp'", "`edgeingest ca HOST -o ca.der` gets it"),
    "Client(KEY, ca='')": ("ca: ''", "`edgeingest ca HOST -o ca.der` gets it"),
    "Client(KEY, ca=b'')": ("ca: ", "is empty", "`edgeingest ca HOST -o ca.der` gets it"),
    "Client(KEY, ca=empty)": ("ca: ", "is empty", "`edgeingest ca HOST -o ca.der` gets it"),
    "Client(KEY, ca=b'junk')": ("ca: ", "`edgeingest ca HOST -o ca.der` gets it"),
    "Client(KEY, ca=b'-----BEGIN CERTIFICATE-----')": ("ca: ", "END", "`edgeingest ca HOST -o ca.der` gets it"),
    "Client(KEY, ca=5)": ("ca: ", "int", "path"),
    "Client(KEY, url='host')": ("url: ", "http:// or https://", "https://ingestion.edgeimpulse.com"),
    "Client(KEY, url='http://h/api')": ("url: ", "no path", "https://ingestion.edgeimpulse.com"),
    "Client(KEY, url='http://h:x')": ("url: ", "'x'", "65535"),
    "Client(KEY, retry=5)": ("retry: ", "5", "Retry()"),
    "Client(KEY, buffer_size=5)": ("buffer_size: ", "5", "64"),
    # sensors
    "from edgeingest.sources.mpu6050 import Mpu6050\nMpu6050(None, range_g=3)": ("range_g", "16", "3, 250, 3"),
    "from edgeingest.sources.bmi160 import Bmi160\nBmi160(None, range_dps=5)": ("range_g", "range_dps", "2, 5"),
    "from edgeingest.sources.lis3dh import Lis3dh\nLis3dh(None, range_g=3)": ("range_g: ", "16", "3"),
    # labels
    "labels.bounding_boxes([])": ("files: ", "[]", '{"frame.jpg": [("cup", 10, 20, 30, 40)]}'),
    "labels.structured_labels('a')": ("files: ", "'a'", '{"wave.01.cbor": [(0, 49, "idle"), (50, 99, "wave")]}'),
    "labels.info_labels({})": ("files: ", "{}", "path, category and label"),
}


@BOARD
def test_arguments(worker, tmp_path):
    (tmp_path / "empty.csv").write_bytes(b"")
    wrong = {}
    for source, words in ARGUMENTS.items():
        call = "c = Client(KEY, url='http://127.0.0.1:1')\n" + source
        kind, text = outcome(worker, call, empty=str(tmp_path / "empty.csv"))
        place = words[0] if not words[0].startswith("item ") else "items: " + words[0]
        if kind not in ("SampleError", "LimitError") or not text.startswith(place) or not all(w in text for w in words):
            wrong[source] = (kind, text)
    assert wrong == {}


def described():
    """Returns {public name: its module} of API.md."""
    places = {}
    for line in (FIRMWARE / "API.md").read_text().splitlines():
        if line.startswith("## "):
            module = line[3:].strip("`")
        elif line.startswith("### "):
            places[re.search(r"`(?:class )?(\w+)", line)[1]] = module
    return places


@pytest.mark.modes("py", "mpy", "wasm-1.23")
def test_names_of_other_modules(worker):
    places = described()
    assert places["Spool"] == "edgeingest.spool" and len(places) > 40
    for name, place in places.items():
        if place == "edgeingest" or name in ("capture", "Retry") or name.endswith("Error") and place.endswith("errors"):
            continue  # `from edgeingest import` gives it, or the module of this name
        words = f"edgeingest has no {name}: it is in {place} (from {place} import {name})"
        for source in (f"from edgeingest import {name}", f"import edgeingest\nedgeingest.{name}"):
            assert outcome(worker, source, imports="") == ("AttributeError", words)


@pytest.mark.modes("py", "mpy", "wasm-1.23")
@pytest.mark.parametrize("name", ["Nothing", "nothing", "NothingError"])
def test_names_that_are_nowhere(worker, name):
    kind, text = outcome(worker, "from edgeingest import " + name, imports="")
    assert kind == "AttributeError"
    assert text == f"edgeingest has no {name}: firmware/API.md lists what it has"


PLAIN_PICO = {
    "from edgeingest import Client": "ImportError",
    "from edgeingest.aio import AsyncClient": "ImportError",
    "from edgeingest import aio": "ImportError",
    "import edgeingest.client": "ImportError",
    "from edgeingest.network import connect": "NetworkError",
}


@pytest.mark.parametrize("mode", ["py", "mpy"])
@pytest.mark.parametrize("source", PLAIN_PICO)
def test_a_board_without_network(workers, lacking, mode, source):
    kind, text = outcome(workers(mode, paths=[lacking("socket")]), source, imports="")
    assert (kind, "put samples into a Spool" in text, "`edgeingest pull`" in text) == (PLAIN_PICO[source], True, True)


@pytest.mark.parametrize("mode", ["py", "mpy"])
def test_a_firmware_without_tls(workers, lacking, mode):
    source = "from edgeingest import Client\nClient('ei_1', ca=b'0')"
    kind, text = outcome(workers(mode, paths=[lacking("ssl")]), source, imports="")
    assert (kind, "ssl" in text, "http://" in text) == ("ImportError", True, True), text


@pytest.fixture(scope="module")
def lacking(tmp_path_factory):
    """A folder in which a module of MicroPython is not there, as on boards whose firmware leaves it out."""

    @functools.cache
    def folder(name):
        path = tmp_path_factory.mktemp(name)
        (path / f"{name}.py").write_text(f"raise ImportError(\"no module named '{name}'\")\n")
        return path

    return folder


@pytest.mark.parametrize("ssid", [None, "''", "5"])
def test_no_wifi_is_configured(workers, ssid):
    network = ROOT / "tools" / "edgeingest_tools" / "board" / "simulation" / "modules"
    kind, text = outcome(
        workers("mpy", paths=[network]), f"from edgeingest.network import connect\nconnect({ssid})", imports=""
    )
    assert kind == "SampleError"
    assert ("no Wi-Fi is configured: run `edgeingest provision`" in text) == (ssid is None), text


NONSENSE = {
    "a log-in page": (b"<html>Log in</html>", ("ProtocolError", "<html>Log in", "wants a log-in", "check url")),
    "nothing": (b"", ("ProtocolError", "check url")),
    "a list": (b"[1]", ("ProtocolError", "[1]", "check url")),
}


@BOARD
@pytest.mark.parametrize("name", ["a log-in page", "nothing"])
def test_answers_of_others(worker, name):
    data, (wanted, *words) = NONSENSE[name]
    with peer(answering(data)) as made:
        kind, text = outcome(worker, "Client(KEY, url=url).send('training', good)", url=made.url)
    assert kind == wanted and all(word in text for word in words), text


@BOARD
@pytest.mark.parametrize("name", NONSENSE)
def test_answers_of_others_to_files(worker, name):
    data, (wanted, *words) = NONSENSE[name]
    with peer(answering(data)) as made:
        kind, text = outcome(worker, "Client(KEY, url=url).upload('training', good)", url=made.url)
    assert kind == wanted and "check url" in text, text


@BOARD
def test_a_peer_that_speaks_something_else(worker):
    def handler(made, connection, number):
        connection.send(b"SSH-2.0-OpenSSH_9.6\r\n")
        connection.until_closed()

    with peer(handler) as made:
        kind, text = outcome(worker, "Client(KEY, url=url).send('training', good)", url=made.url)
    assert (kind, "SSH-2.0" in text, "(this is not HTTP: check url)" in text) == ("ProtocolError", True, True), text


@BOARD
@pytest.mark.parametrize("status", [413, 429, 500, 503])
def test_statuses_have_the_next_step(worker, status):
    with peer(answering("because", status)) as made:
        kind, text = outcome(worker, "Client(KEY, url=url).send('training', good)", url=made.url)
    step = "send fewer or smaller files at once" if status == 413 else "try again later"
    assert (kind, f"{status}: because ({step})" in text) == ("ServiceError", True), text


@BOARD
def test_a_connection_that_is_not_made_in_time(worker):
    """The queue of a listener that accepts nobody is full, so no packet of the client is answered."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            other = waiting.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(listener.getsockname())
        source = "Client(KEY, url=url, timeout_ms=300).send('training', good)"
        kind, text = outcome(worker, source, url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    assert (kind, "(nothing answers: is url right, is the network up?)" in text) == ("DeadlineError", True), text


@BOARD
def test_an_answer_that_does_not_come_in_time(worker):
    with peer(lambda made, connection, number: made.closing.wait(10)) as made:
        kind, text = outcome(worker, "Client(KEY, url=url, timeout_ms=300).send('training', good)", url=made.url)
    assert (kind, "(a slow service needs more timeout_ms)" in text) == ("DeadlineError", True), text


@BOARD
def test_the_certificate_of_another_host(worker):
    chain = issued(name="example.org")
    with peer(answering(), chain.context) as made:
        kind, text = outcome(worker, SEND, url=f"https://localhost:{made.port}", ca=chain.der)
    assert (kind, "(it is of another host: check url)" in text) == ("CertificateError", True), text


def test_wifi_passwords_and_time_servers(workers):
    worker = workers("mpy", paths=[ROOT / "tools" / "edgeingest_tools" / "board" / "simulation" / "modules"])
    imports = "from edgeingest.network import connect, set_clock"
    kind, text = outcome(worker, "connect('net', 'short')", imports=imports)
    assert (kind, "not 5" in text, "short" in text) == ("SampleError", True, False), text
    source = "set_clock('127.0.0.1', 200, port)"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        kind, text = outcome(worker, source, imports=imports, port=silent.getsockname()[1])
    assert kind == "DeadlineError" and "is the network up, is UDP port" in text, text


LARGE = {
    "Sample([('a', 'm')] * 1025, 10, values, 'X')": "not a list of 1025",
    "Sample(sensors, 10, values, 'X', rows=[(1, 2)] * 100)": "not a list of 100",
    "Client(KEY, ca=[[1] * 3000])": "ca: ",
    "Client(KEY, retry={'a': [1] * 3000})": "not a dict of 1",
    "Client(KEY, timeout_ms=bytes(3000))": "not a bytes of 3000",
    "Client(KEY, 'http://a').upload('x' * 3000, good)": "category: 'xxx",
}


@BOARD
@pytest.mark.parametrize("source", LARGE)
def test_a_large_value_is_not_shown_whole(worker, source):
    """Its repr needs many times the memory that it has itself."""
    kind, text = outcome(worker, source)
    assert kind == "SampleError" and LARGE[source] in text and len(text) < 450, text
