"""Runs on MicroPython: analog inputs, a microphone and a camera, on the stand-ins of fakes/machine.py."""

import sys
from array import array

import edgeingest.sources.adc
import edgeingest.sources.microphone
import machine
import micropython
from bodies_device import drain
from edgeingest import Sample, Wav
from edgeingest.body import octets
from edgeingest.sources import SourceError, scaling
from edgeingest.sources.adc import Adc
from edgeingest.sources.camera import Camera
from edgeingest.sources.microphone import Microphone


def volts(pins, calibrated=False, offset=0, **options):
    """Reads inputs, [(name, pin, volts)], into a buffer of -1. Returns (buffer, sensors)."""
    edgeingest.sources.adc.ADC = machine.CalibratedADC if calibrated else machine.ADC
    for _, pin, value in pins:
        machine.voltages[pin] = lambda value=value: value
    source = Adc([(name, pin) for name, pin, _ in pins], **options)
    buffer = array("f", [-1.0] * (len(pins) + offset))
    source.read(buffer, offset)
    return buffer, source.sensors


def with_wifi(pin, on_at_first):
    """Reads a pin of an ESP32 that has 1.5 V, while Wi-Fi is off if not on_at_first, and then while it is on."""
    import network

    network.reset("esp32")
    network.WLAN(network.STA_IF).active(on_at_first)
    edgeingest.sources.adc.ADC = machine.CalibratedADC
    machine.voltages[pin] = lambda: 1.5
    source = Adc([("light", pin)])
    buffer = array("f", [0.0])
    source.read(buffer, 0)
    before = buffer[0]
    network.WLAN(network.STA_IF).active(True)
    source.read(buffer, 0)
    return before, buffer[0]


class RamFlash:
    """The flash of a board, without its content on a computer: a write masks the interrupts."""

    def __init__(self):
        self.blocks = bytearray(20 * 4096)

    def readblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        buffer[:] = self.blocks[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        machine.I2S.flash_masks(1000)
        at = block * 4096 + offset
        self.blocks[at : at + len(buffer)] = buffer

    def ioctl(self, operation, value):
        if operation == 6:
            machine.I2S.flash_masks(45_000)
        return {4: 20, 5: 4096}.get(operation, 0)


def beside_a_spool(port, way):
    """Records sound, and writes to a spool on flash between and meanwhile. Returns what `way` asks for."""
    import vfs
    from edgeingest.spool import Spool

    flash = RamFlash()
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    try:
        source = microphone(True, port=port)
        spool = Spool("/flash/spool")
        if way == "stream":
            # the sound is read while it is written
            source.start()
            return spool.put("training", Wav(source, source.rate, frames=8000, name="a.wav"))
        if way == "rows":
            values = array("h", bytes(2000))
            with spool.record("training", source.sensors, 0.0625, "T", typecode="h") as recording:
                for _ in range(8):
                    source.readinto(memoryview(octets(values)))
                    recording.write(values)
            return recording.rows
        found = []
        for n in range(3):
            sound = source.wav(1000, "%d.wav" % n)
            values = array("h", sound_bytes(sound))
            gaps = sum([(values[i + 1] - values[i]) & 0xFFFF != 1 for i in range(999)])
            found.append((values[0] & 0xFFFF, gaps, source.continues))
            spool.put("training", sound)
        return found, spool.entries, machine.I2S.made[-1].off
    finally:
        source.close()
        vfs.umount("/flash")


def sound_bytes(wav):
    """Returns the values in a Wav."""
    data = drain(wav, (1000,))
    wav.rewind()
    return data[44:]


class FullScale:
    def read_u16(self):
        return 0xFFFF


def read_with_the_heap_locked():
    """Returns the volts of an ADC object that was made before, and full scale, read with the heap locked."""
    machine.voltages[26] = lambda: 1.65
    source = Adc((("light", machine.ADC(machine.Pin(26))),))
    buffer = array("f", [0.0])
    source.read(buffer, 0)
    before = buffer[0]
    source._inputs[0] = FullScale()  # the stand-in above allocates
    micropython.heap_lock()
    try:
        source.read(buffer, 0)
    finally:
        micropython.heap_unlock()
    return before, buffer[0]


def tone(start, count):
    """Returns values of 24 bits: the number of each in the upper 16, noise below."""
    return [((start + i) & 0xFFFF) << 8 | 0xA5 for i in range(count)]


def microphone(waits=False, rate=16000, sound=tone, port="rp2", speed=1, **options):
    """Returns a Microphone; `waits`: in the time of a clock that only advances when something waits."""
    machine.I2S.waits = waits
    machine.I2S.port = port
    machine.I2S.speed = speed
    # without waits no time passes
    machine.I2S.clock = edgeingest.sources.microphone.time = machine.Clock()
    machine.sounds[0] = machine.inmp441(sound)
    edgeingest.sources.microphone.before_write()  # stops those of earlier cases
    return Microphone(1, 2, 3, rate=rate, **options)


def as_wav(frames, sizes, **options):
    """Returns (name, content type, bytes) of Microphone.wav()."""
    made = microphone(**options).wav(frames, "hello.01.wav")
    return made.name, made.content_type, drain(made, sizes)


def as_stream(frames, sizes, **options):
    source = microphone(**options)
    return drain(Wav(source, source.rate, frames=frames), sizes)


def as_sample(frames, **options):
    source = microphone(**options)
    sample = Sample(source.sensors, 1000 / source.rate, source, "T", typecode="h", rows=frames)
    return drain(sample.body(), (333,))


def pieces(pause_ms, count, size, **options):
    """Records pieces of so many values with a pause between.

    Returns [(first value, number of the others that do not follow, values heard before)] of each, or the error."""
    source = microphone(True, **options)
    clock = machine.I2S.clock
    values = array("h", bytes(2 * size))
    found = []
    try:
        for _ in range(count):
            heard = machine.I2S.made[-1]._heard()
            source.record(values)
            gaps = sum([(values[i + 1] - values[i]) & 0xFFFF != 1 for i in range(size - 1)])
            found.append((values[0] & 0xFFFF, gaps, heard))
            clock.sleep_ms(pause_ms)
    except SourceError as e:
        found.append(str(e))
    return found


def streamed(read_ms, every_ms, count, **options):
    """Reads so many ms of sound `count` times, one every so many ms.

    Returns (number of reads, number of values that do not follow the one before, error or None)."""
    source = microphone(True, **options)
    clock = machine.I2S.clock
    size = source.rate * read_ms // 1000
    values = array("h", bytes(2 * size))
    window = memoryview(octets(values))
    last = None
    gaps = reads = 0
    source.start()
    try:
        for _ in range(count):
            began = clock.now
            source.readinto(window)
            reads += 1
            gaps += last is not None and (values[0] - last) & 0xFFFF != 1
            gaps += sum([(values[i + 1] - values[i]) & 0xFFFF != 1 for i in range(size - 1)])
            last = values[size - 1]
            clock.sleep_us(max(1000 * every_ms - (clock.now - began), 0))
    except SourceError as e:
        return reads, gaps, str(e)
    return reads, gaps, None


def longest_pause(ms, **options):
    """Reads, waits so many ms, reads again. Returns the number of missing values, or None for a SourceError."""
    source = microphone(True, **options)
    values = array("h", bytes(2000))
    window = memoryview(octets(values))
    source.readinto(window)
    last = values[999]
    machine.I2S.clock.sleep_ms(ms)
    try:
        source.readinto(window)
    except SourceError:
        return None
    return (values[0] - last - 1) & 0xFFFF


def read_after_an_overflow():
    """Reads a microphone again when more was heard than its buffer holds."""
    source = microphone(True, buffer_ms=50)
    window = bytearray(20)
    source.readinto(window)
    machine.I2S.clock.sleep_ms(120)
    source.readinto(window)


def closed():
    """Returns (whether the I2S is off, ms of sound that its buffer of frames of 8 bytes holds) after close()."""
    source = microphone(buffer_ms=500)
    source.close()
    return machine.I2S.made[-1].off, machine.I2S.made[-1].ibuf // 8 * 1000 // 16000


class Older:
    """A `camera` module as that of micropython-camera-driver (modcamera.c, camera_capture).

    capture() copies the picture in the only frame buffer and gives the buffer back; the next picture is taken then.
    """

    JPEG, FRAME_VGA = 2, 8
    waiting = None

    def __init__(self, pictures, starts=True):
        self.pictures = list(pictures)
        self.starts = starts
        self.log = []

    def init(self, id, **options):
        self.log.append(("init", id, options))
        self._take()
        return self.starts

    def _take(self):
        # what is in front of the camera now: it stays until another picture is put there
        self.waiting = self.pictures[0] if self.pictures else None

    def capture(self):
        picture = self.waiting
        self._take()
        return picture

    def deinit(self):
        self.log.append("deinit")


class Newer:
    """A `camera` module as that of micropython-camera-API."""

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
        self.pictures = list(pictures)
        self.log = []

    def capture(self):
        picture = self.pictures.pop(0)
        return picture if picture is None else memoryview(array("b", picture))

    def deinit(self):
        self.log.append("deinit")


def picture(module, **options):
    """Returns (name, content type, bytes, log of the module) of a picture."""
    if module is None:
        sys.modules.pop("camera", None)
    else:
        sys.modules["camera"] = module
    camera = Camera(**options)
    photo = camera.picture("flower.01.jpg")
    data = drain(photo, (1000,))
    camera.close()
    return photo.name, photo.content_type, data, repr(module.log)


class OneBuffer(Newer):
    """As micropython-camera-API has it (src/modcamera.c): one frame buffer, which is freed when it is turned off.

    capture() gives back the buffer of the last call, so that it is filled again, and returns a view of it, of typecode
    "b". The constructor takes a picture and gives it back: one is waiting then, which `frame_available` tells.
    """

    buffer = array("b", bytes(20000))
    held = False

    def frame_available(self):
        return not self.held

    def capture(self):
        if self.held or self.log[-1:] != ["waiting"]:
            self.size = len(self.pictures[0])
            self.buffer[: self.size] = array("b", self.pictures[0])
        self.held = True
        return memoryview(self.buffer)[: self.size]

    def started(self):
        """The constructor has taken a picture of what was in front of the camera then."""
        self.size = len(self.pictures[0])
        self.buffer[: self.size] = array("b", self.pictures[0])
        self.log.append("waiting")


def two_pictures(module):
    """Returns what is sent of two pictures that were taken one after the other, and then with the camera off."""
    sys.modules["camera"] = module
    camera = Camera()
    first = camera.picture("a.jpg")
    module.pictures.pop(0)
    photos = first, camera.picture("b.jpg")
    found = [sent(photo) for photo in photos]
    photos[1].rewind()
    camera.close()
    return found + [sent(photos[1])]


def later(module):
    """Returns the pictures of three things that were put in front of the camera, the first after it was started."""
    sys.modules["camera"] = module
    camera = Camera()
    if hasattr(module, "started"):
        module.started()
    found = []
    for _ in range(3):
        module.pictures.pop(0)
        found.append(sent(camera.picture()))
    return found


def sent(photo):
    try:
        return drain(photo, (1000,))
    except SourceError as e:
        return str(e)


def upper_16_bits(src):
    """Returns the upper 16 bits of three values of 32, written from byte 1 on by the kernel and by its plain twin."""
    out = bytearray(9)
    plain = bytearray(9)
    scaling.upper(out, 1, src, 4, 3)
    scaling._upper(plain, 1, src, 4, 3)
    return bytes(out), bytes(plain)
