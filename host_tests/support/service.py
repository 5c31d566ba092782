"""Shared by the tests of the local ingestion service: a service on a free port, plain clients, valid messages."""

import asyncio
import concurrent.futures
import contextlib
import copy
import hashlib
import hmac
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import cbor2
import edgeingest_tools
from edgeingest_tools.service.app import Settings
from edgeingest_tools.service.server import serving
from edgeingest_tools.service.store import samples

from support.interpreters import ROOT

KEY = "ei_0123456789abcdef"
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"
BOUNDARY = "0123456789boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
VECTORS = json.loads((ROOT / "host_tests" / "vectors" / "edge-impulse.json").read_text())

MESSAGE = {
    "payload": {
        "device_name": "28:cd:c1:00:00:01",
        "device_type": "RPI_PICO_W",
        "interval_ms": 10,
        "sensors": [{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}],
        "values": [[1.5, -2], [0.25, 3], [1e-3, 0]],
    },
    "protected": {"ver": "v1", "alg": "none"},
    "signature": "00",
}


def vector(name):
    """Returns the bytes of a published vector, and its entry."""
    entry = next(entry for entry in VECTORS["signed"] + VECTORS["unsigned"] if entry["id"] == name)
    return (bytes.fromhex(entry["hex"]) if "hex" in entry else entry["text"].encode()), entry


def changed(path, value, message=MESSAGE):
    """Returns a copy of the message with one member replaced, or removed if the value is `...`."""
    message = copy.deepcopy(message)
    at = message
    *way, last = path.split(".")
    for step in way:
        at = at[int(step) if isinstance(at, list) else step]
    last = int(last) if isinstance(at, list) else last
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return message


def numbered(number):
    """Returns a valid CBOR message that is different for every number."""
    return cbor2.dumps(changed("payload.device_name", f"device {number}"))


def signed(encode, message=MESSAGE, key=HMAC_KEY):
    """Returns the bytes of the message, signed as documented."""
    message = changed("protected.alg", "HS256", changed("signature", "0" * 64, message))
    data = encode(message)
    mac = hmac.new(key.encode(), data, hashlib.sha256).hexdigest().encode()
    at = data.rindex(b"0" * 64)
    return data[:at] + mac + data[at + 64 :]


def binary_header(kind="i16", sensors=1, pad=0):
    """Returns a header of the binary form: `values` last, as an indefinite array."""
    message = changed("payload.sensors", [{"name": "audio", "units": "wav"}] * sensors)
    del message["payload"]["values"]
    payload = message.pop("payload")
    data = bytearray(cbor2.dumps(message)) + b"\x67payload" + cbor2.dumps(payload) + b"\x66values\x9f"
    data[0] += 1
    data[data.index(b"\x67payload") + 8] += 1
    return bytes(data) + cbor2.dumps(f"Ref-BINARY-{kind}" + " " * pad) + b"\xff"


def part(name, data, content_type="application/cbor", field="data"):
    """Returns one part of a form: its disposition, type and content."""
    disposition = f'form-data; name="{field}"' + (f'; filename="{name}"' if name is not None else "")
    return disposition, content_type, data


def form(*parts, boundary=BOUNDARY):
    """Returns the body of a form; made by hand so that it can also be wrong."""
    body = b""
    for disposition, content_type, data in parts:
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
        head += f"Content-Type: {content_type}\r\n" if content_type else ""
        body += head.encode() + b"\r\n" + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


def label_file(name, content):
    """Returns a label file as a part."""
    return part(name, json.dumps(content).encode(), "application/json")


@dataclass
class Reply:
    """A complete response."""

    status: int
    content_type: str
    text: str

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def error(self):
        """The text of a refusal by either endpoint."""
        return self.json["error"] if self.content_type.startswith("application/json") else self.text


class Service:
    """A client of one running service, with access to its folder."""

    child: subprocess.Popen  # only of a service that is a process of its own

    def __init__(self, url, directory, context=None):
        self.url, self.directory, self.context = url, directory, context
        self.address = url.split("//")[1]

    def connect(self):
        if self.context:
            return http.client.HTTPSConnection(self.address, context=self.context, timeout=30)
        return http.client.HTTPConnection(self.address, timeout=30)

    def request(self, path, body, headers, method="POST"):
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Reply(response.status, response.getheader("Content-Type"), response.read().decode())

    def data(self, body, *, category="training", **headers):
        """Sends a request to /data, valid unless `headers` change it; None omits a header."""
        fields = {"x_api_key": KEY, "x_file_name": "wave.01.cbor", "Content_Type": "application/cbor", **headers}
        return self.request(f"/api/{category}/data", body, _fields(fields))

    def files(self, *parts, category="training", body=None, **headers):
        """Sends a request to /files, valid unless the arguments change it."""
        fields = {"x_api_key": KEY, "Content_Type": FORM, **headers}
        return self.request(f"/api/{category}/files", form(*parts) if body is None else body, _fields(fields))

    def rows(self):
        return [dict(row) for row in samples(self.directory)]

    def row(self, **wanted):
        """Returns the only stored sample with these columns."""
        [found] = [row for row in self.rows() if all(row[name] == value for name, value in wanted.items())]
        return found

    def on_disk(self):
        """Returns the relative paths of all files but the index."""
        found = (path.relative_to(self.directory) for path in self.directory.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if len(path.parts) > 1)


def _fields(headers):
    return {name.replace("_", "-"): value for name, value in headers.items() if value is not None}


@contextlib.contextmanager
def running(directory, tls=None, client_context=None, console=None, host="127.0.0.1", **settings):
    """Gives a service in a thread of this process, on a free port."""
    started: concurrent.futures.Future = concurrent.futures.Future()

    async def serve():
        stop = asyncio.Event()
        async with serving(Settings(directory, **settings), host, tls=tls, console=console) as url:
            started.set_result((url, asyncio.get_running_loop(), stop))
            await stop.wait()

    def run():
        try:
            asyncio.run(serve())
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, name="service")
    thread.start()
    try:
        url, loop, stop = started.result(30)
        try:
            yield Service(url, directory, client_context)
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join()


def command(*arguments, cwd=None):
    """Runs `edgeingest` to its end."""
    line = [sys.executable, "-m", "edgeingest_tools", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, cwd=cwd, env=environment(), timeout=60)


@contextlib.contextmanager
def process(directory, *arguments, stderr=None):
    """Gives `edgeingest serve` as a process, which is killed at the end unless it has ended."""
    line = [sys.executable, "-m", "edgeingest_tools", "serve", "--port", "0", "--dir", str(directory), *arguments]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment()) as child:
        try:
            assert child.stdout is not None
            lines = iter(child.stdout.readline, "")
            url = next(line.split()[-1] for line in lines if line.startswith("Listening on "))
            service = Service(url, directory)
            service.child = child
            yield service
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)


def environment():
    """Returns the variables of a process that imports the tools from where this process has them."""
    place = str(Path(edgeingest_tools.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": place, "PYTHONUTF8": "1", "COLUMNS": "200"}
