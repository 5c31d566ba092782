"""The memory of the service does not depend on the size of an upload."""

import contextlib
import struct
import subprocess

import cbor2
from support.observed import resident_kb
from support.service import BOUNDARY, FORM, KEY, binary_header, changed, numbered, part, process

_HEADERS = {"x-api-key": KEY, "x-file-name": "big.cbor"}


def _big_wav(size):
    head = b"RIFF" + struct.pack("<I", size - 8) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 48000, 96000, 2, 16)
    return head + b"data" + struct.pack("<I", size - len(head) - 8)


def _pieces(*found):
    """Yields strings; (string, count) pairs are repeated, in blocks."""
    for piece in found:
        if isinstance(piece, bytes):
            yield piece
            continue
        piece, count = piece
        block = (1 << 16) // len(piece)
        for _ in range(count // block):
            yield piece * block
        yield piece * (count % block)


def _send(service, path, content_type, *pieces):
    size = sum(len(piece) if isinstance(piece, bytes) else len(piece[0]) * piece[1] for piece in pieces)
    with contextlib.closing(service.connect()) as connection:
        headers = {**_HEADERS, "Content-Type": content_type, "Content-Length": str(size)}
        connection.request("POST", path, _pieces(*pieces), headers)
        response = connection.getresponse()
        return response.status, response.read()


def test_uploads_of_99_mb_are_not_held_in_memory(tmp_path):
    size = 99 * 1024 * 1024
    with process(tmp_path, "--hmac-key", "0" * 32, stderr=subprocess.DEVNULL) as service:
        assert service.data(numbered(1)).status == 200
        assert service.files(part("a.wav", _big_wav(100) + b"\0" * 56, "audio/wav")).status == 200
        before = resident_kb(service.child.pid)

        head = _big_wav(size)
        opening = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="data"; filename="b.wav"\r\n'
        opening = f"{opening}Content-Type: audio/wav\r\n\r\n".encode()
        closing = f"\r\n--{BOUNDARY}--\r\n".encode()
        pieces = (opening, head, (b"\0", size - len(head)), closing)
        assert _send(service, "/api/training/files", FORM, *pieces)[0] == 200

        header = binary_header().replace(b"calgdnone", b"calgeHS256").replace(b"b00", b"x@" + b"0" * 64)
        pieces = (header, (b"\1\0", (size - len(header)) // 2))
        assert _send(service, "/api/training/data", "application/octet-stream", *pieces)[0] == 200

        assert service.row(sent_name="big.cbor")["signature"] == "invalid"
        assert [row["bytes"] > size - 2 for row in service.rows()] == [False, False, True, True]
        assert resident_kb(service.child.pid) - before < 16 * 1024


def test_large_cbor_is_checked_row_by_row(tmp_path):
    rows = 400_000
    message = changed("payload.values", [[1.5, 2.5]])
    data = cbor2.dumps(message)
    row = cbor2.dumps([1.5, 2.5])
    head, tail = data.split(b"\x81" + row)
    with process(tmp_path, stderr=subprocess.DEVNULL) as service:
        assert service.data(numbered(1)).status == 200
        before = resident_kb(service.child.pid)
        pieces = (head, b"\x9a" + struct.pack(">I", rows), (row, rows), tail)
        assert _send(service, "/api/training/data", "application/cbor", *pieces)[0] == 200
        assert service.row(sent_name="big.cbor")["rows"] == rows
        # As Python objects these rows would take 50 MB.
        assert resident_kb(service.child.pid) - before < 16 * 1024
