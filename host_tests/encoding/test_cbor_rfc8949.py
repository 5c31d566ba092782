"""RFC 8949, Appendix A: every example that can be encoded, by explicit calls and by `encode`."""

import math
import struct

import cbor2
import pytest
from support.bodies import CBOR
from support.floats import held


@pytest.fixture
def device(worker):
    return worker.define(CBOR)


# RFC 8949, Appendix A, in its order, without f818, which it calls not well-formed.
EXAMPLES = """
00 01 0a 17 1818 1819 1864 1903e8 1a000f4240 1b000000e8d4a51000 1bffffffffffffffff c249010000000000000000
3bffffffffffffffff c349010000000000000000 20 29 3863 3903e7 f90000 f98000 f93c00 fb3ff199999999999a f93e00 f97bff
fa47c35000 fa7f7fffff fb7e37e43c8800759c f90001 f90400 f9c400 fbc010666666666666 f97c00 f97e00 f9fc00 fa7f800000
fa7fc00000 faff800000 fb7ff0000000000000 fb7ff8000000000000 fbfff0000000000000 f4 f5 f6 f7 f0 f8ff
c074323031332d30332d32315432303a30343a30305a c11a514b67b0 c1fb41d452d9ec200000 d74401020304 d818456449455446
d82076687474703a2f2f7777772e6578616d706c652e636f6d 40 4401020304 60 6161 6449455446 62225c 62c3bc 63e6b0b4 64f0908591
80 83010203 8301820203820405 98190102030405060708090a0b0c0d0e0f101112131415161718181819 a0 a201020304
a26161016162820203 826161a161626163 a56161614161626142616361436164614461656145 5f42010243030405ff
7f657374726561646d696e67ff 9fff 9f018202039f0405ffff 9f01820203820405ff 83018202039f0405ff 83019f0203ff820405
9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff bf61610161629f0203ffff 826161bf61626163ff
bf6346756ef563416d7421ff
"""
APPENDIX_A = EXAMPLES.split()
# The examples that `encode` writes (floats: with shortest=True), with the values as the appendix prints them.
DECODED = {
    "00": 0, "01": 1, "0a": 10, "17": 23, "1818": 24, "1819": 25, "1864": 100, "1903e8": 1000, "1a000f4240": 1000000,
    "1b000000e8d4a51000": 1000000000000, "1bffffffffffffffff": 18446744073709551615,
    "c249010000000000000000": 18446744073709551616, "3bffffffffffffffff": -18446744073709551616,
    "c349010000000000000000": -18446744073709551617, "20": -1, "29": -10, "3863": -100, "3903e7": -1000,
    "f90000": 0.0, "f98000": -0.0, "f93c00": 1.0, "fb3ff199999999999a": 1.1, "f93e00": 1.5, "f97bff": 65504.0,
    "fa47c35000": 100000.0, "fa7f7fffff": 3.4028234663852886e38, "fb7e37e43c8800759c": 1.0e300,
    "f90001": 5.960464477539063e-8, "f90400": 0.00006103515625, "f9c400": -4.0, "fbc010666666666666": -4.1,
    "f97c00": math.inf, "f97e00": math.nan, "f9fc00": -math.inf, "f4": False, "f5": True, "f6": None,
    "40": b"", "4401020304": b"\1\2\3\4", "60": "", "6161": "a", "6449455446": "IETF", "62225c": '"\\',
    "62c3bc": "\u00fc",
    "63e6b0b4": "\u6c34", "64f0908591": "\U00010151", "80": [], "83010203": [1, 2, 3],
    "8301820203820405": [1, [2, 3], [4, 5]],
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819": list(range(1, 26)), "a0": {},
    "a201020304": {1: 2, 3: 4},
    "a26161016162820203": {"a": 1, "b": [2, 3]}, "826161a161626163": ["a", {"b": "c"}],
    "a56161614161626142616361436164614461656145": {"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"},
}  # fmt: skip
KINDS = ("uint", "nint", "bytes", "text", "array", "map", "tag")


def calls_of(data):
    """Returns the explicit calls that must write these bytes, derived from the heads of the items."""
    calls = []
    while data:
        major, low = data[0] >> 5, data[0] & 31
        if data[0] == 0xFF:
            calls.append(("end",))
            data = data[1:]
        elif low == 31:
            calls.append(("begin_" + KINDS[major],))
            data = data[1:]
        elif major == 7 and low >= 20:
            call, width = SPECIAL[low]
            calls.append(call(data[1 : 1 + width]))
            data = data[1 + width :]
        else:
            width = 0 if low < 24 else 1 << low - 24
            value = int.from_bytes(data[1 : 1 + width], "big") if width else low
            data = data[1 + width :]
            if major in (2, 3):
                text, data = data[:value], data[value:]
                calls.append((KINDS[major], text.decode() if major == 3 else text))
            else:
                name = "simple" if major == 7 else KINDS[major]
                calls.append((name, -1 - value if major == 1 else value))
    return calls


SPECIAL = {
    20: (lambda _: ("boolean", False), 0),
    21: (lambda _: ("boolean", True), 0),
    22: (lambda _: ("null",), 0),
    23: (lambda _: ("undefined",), 0),
    24: (lambda data: ("simple", data[0]), 1),
    25: (lambda data: ("float16", struct.unpack(">e", data)[0]), 2),
    26: (lambda data: ("float32", struct.unpack(">f", data)[0]), 4),
    27: (lambda data: ("float64", struct.unpack(">d", data)[0]), 8),
}


def test_the_table_is_the_appendix():
    assert len(APPENDIX_A) == len(set(APPENDIX_A)) == 81
    for text in APPENDIX_A:
        cbor2.loads(bytes.fromhex(text))
    for text, value in DECODED.items():
        assert text in APPENDIX_A
        assert repr(cbor2.loads(bytes.fromhex(text))) == repr(value)


def test_appendix_a_by_explicit_calls(device):
    mode = device._worker.mode
    for text in APPENDIX_A:
        wanted = bytes.fromhex(text)
        calls = calls_of(wanted)
        for name, *values in calls:
            if name == "float64":  # an interpreter with single-precision floats writes what it holds
                wanted = wanted.replace(struct.pack(">d", *values), struct.pack(">d", held(mode, values[0])))
        assert device.explicit(calls).hex() == wanted.hex()


def test_appendix_a_by_encode(device):
    mode = device._worker.mode
    for text, value in DECODED.items():
        if type(value) is float:
            rounded = held(mode, value)
            same = repr(rounded) == repr(value)  # not so for a double where floats have single precision
            wanted = text if same else cbor2.dumps(rounded, canonical=True).hex()
            assert device.explicit([("float", value, True)]).hex() == wanted
        else:
            assert device.explicit([("encode", value)]).hex() == text
    assert (
        device.explicit([("int", 2**64), ("int", -1 - 2**64)]).hex()
        == "c249" + "01" + "00" * 8 + "c349" + "01" + "00" * 8
    )
