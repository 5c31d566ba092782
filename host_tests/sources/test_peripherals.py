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


def test_adc2_while_wifi_is_on(device):
    """MicroPython returns 0 for a pin of ADC2 then, and no error."""
    assert device.with_wifi(34, True) == pytest.approx((1.5, 1.5), abs=1e-3)
    for pin in (25, 4):
        for on_at_first in (False, True):
            refused(
                lambda pin=pin, on=on_at_first: device.with_wifi(pin, on), "pins: light", "ADC2", kind="SourceError"
            )


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


PORTS = pytest.mark.parametrize("port", ["rp2", "esp32"])


@PORTS
@pytest.mark.parametrize("bits", [16, 32])
def test_the_buffer_holds_what_was_asked_for(run, port, bits):
    """Frames of 8 bytes whatever the format is; an ESP32 fills one buffer while the others can be read."""
    for buffer_ms in (50, 128, 500):
        source = f"result = longest_pause({buffer_ms}, port={port!r}, bits={bits}, buffer_ms={buffer_ms})"
        assert run(source) == 0
        # beyond that, sound is there or there is an error
        for more in range(0, 60, 4):
            late = f"result = longest_pause({buffer_ms + more}, port={port!r}, bits={bits}, buffer_ms={buffer_ms})"
            assert run(late) in (0, None)
        assert run(late) is None


@PORTS
def test_a_reader_that_is_too_slow(run, port):
    """128 ms of sound every 160 ms: the backlog grows from read to read, so sound is lost in the end."""
    reads, gaps, error = run(f"result = streamed(128, 160, 40, port={port!r}, buffer_ms=250)")
    assert gaps == 0
    assert 5 <= reads < 12
    assert "some is lost" in error and "buffer_ms=250" in error
    assert run(f"result = streamed(128, 128, 40, port={port!r}, buffer_ms=250)") == (40, 0, None)


@PORTS
@pytest.mark.parametrize("speed", [0.9985, 1.0015])
def test_the_clocks_of_both_differ(run, port, speed):
    """An RP2 divides its clock by a multiple of 1/256: that is up to 0.02 % off, and adds up in a long recording."""
    source = f"result = streamed(64, 0, 600, port={port!r}, rate=8000, speed={speed}, buffer_ms=20)"
    assert run(source) == (600, 0, None)


@PORTS
def test_pieces_without_and_with_a_gap(run, port):
    """Each piece is complete; none is missing in between if the pause is short."""
    short = run(f"result = pieces(40, 4, 1000, port={port!r}, buffer_ms=50)")
    assert [first for first, _, _ in short] == [4800, 5800, 6800, 7800]
    long = run(f"result = pieces(400, 3, 1000, port={port!r}, buffer_ms=50)")
    assert all(gaps == 0 for _, gaps, _ in short + long)
    for first, _, heard in long[1:]:
        assert 0 <= first - heard <= 1200  # what was in the buffer from before the gap is discarded


@PORTS
@pytest.mark.parametrize(("rate", "ms"), [(8000, 512), (16000, 256), (48000, 86)])
def test_the_first_values_are_sound(run, port, rate, ms):
    """An INMP441 gives zeros for 2**18 clock cycles; what was heard before the first recording is discarded."""
    for pause_ms in (0, 20, 600, 3000):
        source = f"""
source = microphone(True, rate={rate}, port={port!r}, buffer_ms=50)
machine.I2S.clock.sleep_ms({pause_ms})
heard = machine.I2S.made[-1]._heard()
values = array("h", bytes(200))
source.record(values)
result = values[0] & 0xFFFF, heard, list(values)
"""
        first, heard, values = run(source)
        assert first >= max(rate * ms // 1000, heard % 65536)
        assert first - max(heard % 65536, 4096, rate * 300 // 1000) <= rate // 10
        assert [value & 0xFFFF for value in values] == [(first + n) & 0xFFFF for n in range(100)]


@PORTS
def test_sound_and_a_spool_on_flash(run, port):
    """I2S is stopped before flash is written: an RP2's DMA would overwrite memory, an ESP32 would lose sound."""
    found, entries, off = run(f"result = beside_a_spool({port!r}, 'pieces')")
    assert (entries, off) == (3, True)
    assert [gaps for _, gaps, _ in found] == [0, 0, 0]
    assert [continues for _, _, continues in found] == [False, False, False]
    assert all(4800 <= first < 6000 for first, _, _ in found)  # each begins with a microphone that has started


@PORTS
@pytest.mark.parametrize("way", ["stream", "rows"])
def test_sound_that_is_written_to_flash_while_it_is_read(run, port, way):
    refused(lambda: run(f"beside_a_spool({port!r}, {way!r})"), "microphone: it is off", "flash", kind="SourceError")


def test_missing_sound_is_an_error(device):
    refused(device.read_after_an_overflow, "some is lost", "buffer_ms=50", kind="SourceError")


def test_the_microphone_is_turned_off(device):
    off, ms = device.closed()
    assert off and 500 < ms < 550


@pytest.mark.parametrize("options", [{"bits": 24}, {"rate": 0}, {"rate": 7799}, {"rate": 50001}, {"buffer_ms": 1}])
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


@pytest.mark.parametrize("module", ["Older", "OneBuffer"])
def test_a_picture_is_of_now(run, module):
    """Both modules have a picture waiting that was taken right after the one before, or at the start."""
    pictures = [PHOTO[:-3] + bytes((n,)) + PHOTO[-2:] for n in range(4)]
    assert run(f"result = later({module}(pictures))", pictures=pictures) == pictures[1:]


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
