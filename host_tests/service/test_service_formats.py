"""CSV and media files: accepted as documented, refused with the row or byte that is wrong."""

import json
import struct

import pytest
from support.service import part, running
from support.uploads import JPEG, wav


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">II", 96, 64) + b"\x08\x02\x00\x00\x00"
AVI = b"RIFF\x00\x00\x00\x00AVI LIST"
MP4 = b"\x00\x00\x00\x18ftypisom"
PARQUET = b"PAR1....PAR1"


# -- CSV


@pytest.mark.parametrize(
    ("text", "rows", "interval_ms", "columns"),
    [
        ("timestamp,accX,accY\n0,1,2\n10,3,4\n20,5,6\n", 3, 10, ["accX", "accY"]),
        ("timestamp,accX\r\n0,1\r\n33.333,2\r\n66.667,-3e2", 2 + 1, 33.333, ["accX"]),
        ("timestamp,a\n1700000000000,1\n1700000000016,2\n", 2, 16, ["a"]),
        ("temperature,humidity\n21.5,60\n", 1, None, ["temperature", "humidity"]),
        ("temperature\n21.5", 1, None, ["temperature"]),
        ('\ufefftimestamp,"a, quoted"\n0,1\n1,2\n', 2, 1, ["a, quoted"]),
    ],
)
def test_good_csv(service, text, rows, interval_ms, columns):
    assert service.files(part("good.csv", text.encode(), "text/csv")).status == 200
    row = service.rows()[-1]
    assert (row["rows"], row["interval_ms"]) == (rows, interval_ms)
    assert [name for name, _ in json.loads(row["sensors"])] == columns


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("\n", "the header row is []"),
        ("timestamp,accX", "there is no row below the header"),
        ("timestamp\n0\n1\n", "there is no column beside timestamp"),
        ("accX,timestamp\n1,0\n", "timestamp is column 2: it must be the first"),
        ("a,,b\n1,2,3\n", "name every column"),
        ("a,a\n1,2\n", "name every column differently"),
        ("a,b\n1,2\n3,4\n", "several rows but the first column is not timestamp"),
        ("timestamp,a\n0,1\n", "one row with a timestamp"),
        ("timestamp,a\n0,1\n10,2\n21,3\n", "row 4: timestamp steps by 11 ms, before by 10; the step must be constant"),
        ("timestamp,a\n0,1\n0,2\n", "row 3: timestamp goes from 0 to 0; it must grow"),
        ("timestamp,a\n10,1\n0,2\n", "row 3: timestamp goes from 10 to 0"),
        ("timestamp,a\n0,1\n10\n", "row 3 has 1 cells but the header has 2"),
        ("timestamp,a\n0,1\n\n10,2\n", "row 3 has 0 cells but the header has 2"),
        ("timestamp,a\n0,1\n10,x\n", "row 3: could not convert string to float: 'x'"),
        ("timestamp,a\n0,nan\n10,1\n", "row 2 is ['0', 'nan']: NaN and infinity cannot be sent"),
        ("timestamp,a\n0,1\n10,inf\n", "NaN and infinity cannot be sent"),
        ('a\n"1"2\n', "not CSV"),
        ("timestamp;a\n0;1\n", "row 2: could not convert string to float: '0;1'"),
    ],
)
def test_bad_csv(service, text, error):
    reply = service.files(part("bad.csv", text.encode(), "text/csv"))
    assert reply.status == 400
    assert reply.error.startswith("'bad.csv': ")
    assert error in reply.error


def test_csv_must_be_utf8(service):
    assert "not UTF-8" in service.files(part("bad.csv", "ä\n1\n".encode("latin-1"), "text/csv")).error


# -- media


@pytest.mark.parametrize(
    ("name", "data", "detail"),
    [
        ("a.png", PNG, "96 x 64"),
        ("a.jpg", JPEG, "640 x 480"),
        ("a.JPEG", JPEG, "640 x 480"),
        ("a.wav", wav(), "0.100 s, 8000 Hz, 1 channel"),
        ("a.avi", AVI, ""),
        ("a.mp4", MP4, ""),
        ("a.parquet", PARQUET, ""),
        ("a.txt", b"10:00 1.5\n10:01 1.6\n", "2 lines"),
        ("cut.png", PNG[:10], ""),
        ("cut.jpg", JPEG[:10], ""),
        ("cut.wav", wav()[:20], ""),
    ],
)
def test_good_media(service, name, data, detail):
    assert service.files(part(name, data, "application/octet-stream")).status == 200
    row = service.rows()[-1]
    assert (row["sent_name"], row["detail"], row["signature"]) == (name, detail, "-")


@pytest.mark.parametrize("extension", ["png", "jpg", "jpeg", "wav", "avi", "mp4", "parquet"])
@pytest.mark.parametrize("data", [b"x", b"plain text, long enough to hold any magic", b"RIFF\x00\x00\x00\x00WEBP"])
def test_bad_media(service, extension, data):
    reply = service.files(part(f"a.{extension}", data, "application/octet-stream"))
    assert reply.status == 400
    assert f"'a.{extension}': not a {extension} file: byte " in reply.error


def test_wav_is_not_avi(service):
    assert "not a avi file: byte 8 begins b'WAVE'" in service.files(part("a.avi", wav(), "video/avi")).error
