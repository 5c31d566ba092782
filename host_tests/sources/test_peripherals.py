"""Analog inputs, an I2S microphone and a camera, against stand-ins for MicroPython's `machine` and `camera`."""

import io
import struct
import wave
from array import array

import cbor2
import pytest
from support.bodies import refused
from support.device_source import device_source
from support.interpreters import ROOT

FAKES = str(ROOT / "host_tests" / "fakes")
DATA = ROOT / "firmware" / "examples" / "data"

DEVICE = device_source("sources/peripherals_device")


@pytest.fixture(scope="module", params=["py", "mpy", "native", "wasm-1.23"])
def device(request, workers):
    return workers(request.param, paths=[FAKES]).define(DEVICE)


@pytest.fixture(scope="module")
def run(workers):
    """Returns run(source, **data), which runs source after the definitions."""
    worker = workers("py", paths=[FAKES])
    return lambda source, **data: worker.run(DEVICE + source, **data)


# -- analog inputs


def test_volts(device):
    values, sensors = device.volts([("light", 26, 1.65), ("sound", 27, 3.3), ("off", 28, 0.0)])
    assert list(values) == pytest.approx([1.65, 3.3, 0], abs=3.3 / 4095)
    assert sensors == (("light", "V"), ("sound", "V"), ("off", "V"))


def test_calibrated_volts(device):
    """An ESP32 returns microvolts itself: they are kept to 64 microvolts, independent of full scale."""
    values, _ = device.volts([("light", 34, 1.234), ("sound", 35, 3.1)], True)
    assert list(values) == pytest.approx([1.234, 3.1], abs=64e-6)


def test_another_quantity(device):
    values, sensors = device.volts([("humidity", 26, 1.65)], full_scale=100.0, units="%RH", offset=3)
    assert values[3] == pytest.approx(50, abs=0.02) and list(values[:3]) == [-1] * 3
    assert sensors == (("humidity", "%RH"),)


def test_an_input_that_is_set_up_already_is_read_without_allocation(workers):
    device = workers("py", paths=[FAKES]).define(DEVICE)
    assert device.read_with_the_heap_locked() == pytest.approx((1.65, 3.3), abs=3.3 / 4095)


def test_no_pins(device):
    refused(lambda: device.volts([]), "pins:")


# -- microphone: 16 bits of each value, from the end of the 300 ms in which a microphone starts

FIRST = 16000 * 300 // 1000


def heard(count, first=FIRST):
    return [((first + i) + 0x8000) % 0x10000 - 0x8000 for i in range(count)]


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("sizes", [(2048,), (1,), (3, 1, 8), (45, 7)])
def test_wav(device, bits, sizes):
    for made in (device.as_wav(600, sizes, bits=bits)[2], device.as_stream(600, sizes, bits=bits)):
        with wave.open(io.BytesIO(made)) as sound:
            assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (16000, 2, 1)
            assert list(array("h", sound.readframes(601))) == heard(600)
    assert device.as_wav(10, (2048,))[:2] == ("hello.01.wav", "audio/wav")


def test_sound_as_a_sample(device):
    payload = cbor2.loads(device.as_sample(700))["payload"]
    assert payload["values"] == heard(700)
    assert payload["interval_ms"] == 0.0625
    assert payload["sensors"] == [{"name": "audio", "units": "wav"}]


def test_pieces_without_and_with_a_gap(device):
    """In real time, 2000 values a second: each piece is complete; none is missing in between if the pause is short."""
    short = device.pieces(10, 4, 5000)
    assert [first for first, _ in short] == [600, 700, 800, 900]
    long = device.pieces(400, 2, 100)
    assert all(whole for _, whole in short + long)
    assert long[1][0] - long[0][0] >= 700  # the 200 values in the buffer from before the gap are discarded


def test_missing_sound_is_an_error(device):
    refused(device.read_after_an_overflow, "nothing was read for", "buffer_ms=50", kind="SourceError")


def test_the_microphone_is_turned_off(device):
    assert device.closed() == (True, 16000 // 2 * 4)


@pytest.mark.parametrize("options", [{"bits": 24}, {"rate": 0}, {"buffer_ms": 1}])
def test_arguments_of_a_microphone(device, options):
    refused(lambda: device.as_wav(10, (100,), **options), next(iter(options)))


def test_record_wants_16_bits(run):
    refused(lambda: run('microphone().record(array("f", bytes(400)))'), "values:", '"h"')


# -- camera

PHOTO = (DATA / "flower.01.jpg").read_bytes()


def test_an_older_camera_module(run):
    source = "result = picture(Older([photo]), framesize=Older.FRAME_VGA, d0=5)"
    name, kind, data, log = run(source, photo=PHOTO)
    assert (name, kind, data) == ("flower.01.jpg", "image/jpeg", PHOTO)
    assert "'format': 2" in log and "'framesize': 8" in log and "'d0': 5" in log and log.endswith("'deinit']")


def test_a_newer_camera_module(run):
    name, kind, data, log = run("result = picture(Newer([photo + bytes(8)]), fb_count=2)", photo=PHOTO)
    assert (name, kind, data) == ("flower.01.jpg", "image/jpeg", PHOTO + bytes(8))
    assert "'pixel_format': 3" in log and "'fb_count': 2" in log and log.endswith("'deinit']")


def test_two_pictures_before_the_upload(run):
    """What is sent is the picture that was taken, or nothing: the memory of the module holds only the last one."""
    pictures = [PHOTO, PHOTO[:-2] + b"\0\0\xff\xd9"]
    source = "result = two_pictures(%s(pictures))"
    assert run(source % "Older", pictures=pictures) == [*pictures, pictures[1]]
    first, second, off = run(source % "OneBuffer", pictures=pictures)
    assert second == pictures[1]
    assert "'a.jpg' was overwritten by the next picture" in first
    assert "'b.jpg'" in off and "the camera is off" in off


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("None", "no module `camera`"),
        ("Older([], False)", "does not start"),
        ("Newer([], OSError(5))", "does not start"),
        ("Older([False])", "no picture came"),
        ("Newer([None])", "no picture came"),
        ("Older([photo[:-2]])", "no whole JPEG"),
        ("Older([bytes(9600)])", "no whole JPEG"),
    ],
)
def test_no_picture(run, module, words):
    refused(lambda: run(f"picture({module})", photo=PHOTO), "camera:", words, kind="SourceError")


def test_the_upper_16_bits_at_odd_places(workers):
    """A window may begin anywhere."""
    src = struct.pack("<3i", -5 << 16 | 0xFFFF, 258 << 16 | 1, -32768 << 16)
    wanted = b"\0" + struct.pack("<3h", -5, 258, -32768) + b"\0\0"
    device = workers("py", paths=[FAKES]).define(DEVICE)
    assert device.upper_16_bits(src) == (wanted, wanted)
