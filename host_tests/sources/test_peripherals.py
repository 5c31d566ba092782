"""Analog inputs, an I2S microphone and a camera, against stand-ins for MicroPython's `machine` and `camera`."""

import io
import struct
import wave
from array import array

import cbor2
import pytest
from support.bodies import READ, refused
from support.interpreters import ROOT

FAKES = str(ROOT / "host_tests" / "fakes")
DATA = ROOT / "firmware" / "examples" / "data"

DEVICE = (
    READ
    + """
import machine, micropython, sys, time
from array import array
from edgeingest import Sample
import edgeingest.sources.adc
from edgeingest.sources.adc import Adc

def volts(pins, calibrated=False, offset=0, **options):
    edgeingest.sources.adc.ADC = machine.CalibratedADC if calibrated else machine.ADC
    for _, pin, value in pins:
        machine.voltages[pin] = lambda value=value: value
    source = Adc([(name, pin) for name, pin, _ in pins], **options)
    buffer = array("f", [-1.0] * (len(pins) + offset))
    source.read(buffer, offset)
    return buffer, source.sensors

def made_already():
    machine.voltages[26] = lambda: 1.65
    source = Adc((("light", machine.ADC(machine.Pin(26))),))
    buffer = array("f", [0.0])
    source.read(buffer, 0)
    before = buffer[0]
    source._inputs[0] = Quiet()  # the one above allocates
    micropython.heap_lock()
    try:
        source.read(buffer, 0)
    finally:
        micropython.heap_unlock()
    return before, buffer[0]

class Quiet:
    def read_u16(self):
        return 0xFFFF

def tone(start, count):
    # 24 bits: the number of the value in the upper 16, noise below
    return [((start + i) & 0xFFFF) << 8 | 0xA5 for i in range(count)]

def microphone(waits=False, rate=16000, sound=tone, **options):
    from edgeingest.sources.microphone import Microphone
    machine.I2S.waits = waits
    machine.sounds[0] = sound
    return Microphone(1, 2, 3, rate=rate, **options)

def as_wav(frames, sizes, **options):
    made = microphone(**options).wav(frames, "hello.01.wav")
    return made.name, made.content_type, drain(made, sizes)

def as_stream(frames, sizes, **options):
    from edgeingest import Wav
    source = microphone(**options)
    return drain(Wav(source, source.rate, frames=frames), sizes)

def as_sample(frames, **options):
    source = microphone(**options)
    sample = Sample(source.sensors, 1000 / source.rate, source, "T", typecode="h", rows=frames)
    return drain(sample.body(), (333,))

def pieces(pause_ms, count, buffer_ms):
    # pieces of 100 values with a pause between, in real time: what begins each
    source = microphone(True, 2000, buffer_ms=buffer_ms)
    values = array("h", bytes(200))
    found = []
    for _ in range(count):
        source.record(values)
        found.append((values[0], [values[i + 1] - values[i] for i in range(99)] == [1] * 99))
        time.sleep_ms(pause_ms)
    return found

def starved():
    source = microphone(True, 2000, buffer_ms=50)
    window = bytearray(20)
    source.readinto(window)
    time.sleep_ms(120)
    source.readinto(window)

def closed():
    source = microphone()
    source.close()
    return machine.I2S.made[-1].off, machine.I2S.made[-1].ibuf

class Older:
    # micropython-camera-driver
    JPEG, FRAME_VGA = 2, 8
    def __init__(self, pictures, starts=True):
        self.pictures, self.starts, self.log = list(pictures), starts, []
    def init(self, id, **options):
        self.log.append(("init", id, options))
        return self.starts
    def capture(self):
        return self.pictures.pop(0)
    def deinit(self):
        self.log.append("deinit")

class Newer:
    # micropython-camera-API
    class PixelFormat:
        JPEG = 3
    log = []
    def __init__(self, pictures, error=None):
        def Camera(**options):
            self.log.append(options)
            if error:
                raise error
            return self
        self.Camera = Camera
        self.pictures, self.log = list(pictures), []
    def capture(self):
        return memoryview(self.pictures.pop(0)) if self.pictures[0] is not None else self.pictures.pop(0)
    def deinit(self):
        self.log.append("deinit")

def picture(module, **options):
    from edgeingest.sources.camera import Camera
    if module is None:
        sys.modules.pop("camera", None)
    else:
        sys.modules["camera"] = module
    camera = Camera(**options)
    photo = camera.picture("flower.01.jpg")
    camera.close()
    return photo.name, photo.content_type, drain(photo, (1000,)), repr(module.log)
"""
)


@pytest.fixture(scope="module", params=["py", "mpy", "native", "wasm-1.23"])
def device(request, workers):
    return workers(request.param, paths=[FAKES]).define(DEVICE)


@pytest.fixture(scope="module")
def run(workers):
    """run(source, **data): more code after the definitions."""
    worker = workers("py", paths=[FAKES])
    return lambda source, **data: worker.run(DEVICE + source, **data)


# -- analog inputs


def test_volts(device):
    values, sensors = device.volts([("light", 26, 1.65), ("sound", 27, 3.3), ("off", 28, 0.0)])
    assert list(values) == pytest.approx([1.65, 3.3, 0], abs=3.3 / 4095)
    assert sensors == (("light", "V"), ("sound", "V"), ("off", "V"))


def test_calibrated_volts(device):
    """Of an ESP32: as it says, whatever full scale would be, to 64 microvolts."""
    values, _ = device.volts([("light", 34, 1.234), ("sound", 35, 3.1)], True)
    assert list(values) == pytest.approx([1.234, 3.1], abs=64e-6)


def test_another_quantity(device):
    values, sensors = device.volts([("humidity", 26, 1.65)], full_scale=100.0, units="%RH", offset=3)
    assert values[3] == pytest.approx(50, abs=0.02) and list(values[:3]) == [-1] * 3
    assert sensors == (("humidity", "%RH"),)


def test_an_input_that_is_set_up_already_and_no_allocation(workers):
    device = workers("py", paths=[FAKES]).define(DEVICE)
    assert device.made_already() == pytest.approx((1.65, 3.3), abs=3.3 / 4095)


def test_no_pins(device):
    refused(lambda: device.volts([]), "pins:")


# -- microphone: 16 bits of each value, right after the 300 ms in which a microphone starts

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


def test_pieces_that_join_and_pieces_with_a_gap(device):
    """In real time, 2000 values a second: each piece is whole; nothing is missing between if the pause is short."""
    short = device.pieces(10, 4, 5000)
    assert [first for first, _ in short] == [600, 700, 800, 900]
    long = device.pieces(400, 2, 100)
    assert all(whole for _, whole in short + long)
    assert long[1][0] - long[0][0] >= 700  # the 200 values that were kept from before the gap are thrown away


def test_sound_that_is_missing(device):
    refused(device.starved, "nothing was read for", "buffer_ms=50", kind="SourceError")


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


def test_the_upper_16_bits_at_odd_places(run):
    """A window may begin anywhere."""
    source = """
from edgeingest.sources import scaling
out = bytearray(9)
plain = bytearray(9)
scaling.upper(out, 1, src, 4, 3)
scaling._upper(plain, 1, src, 4, 3)
result = bytes(out), bytes(plain)
"""
    src = struct.pack("<3i", -5 << 16 | 0xFFFF, 258 << 16 | 1, -32768 << 16)
    wanted = b"\0" + struct.pack("<3h", -5, 258, -32768) + b"\0\0"
    assert run(source, src=src) == (wanted, wanted)
