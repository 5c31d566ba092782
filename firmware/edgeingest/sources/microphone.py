"""`Microphone`: I2S microphones (INMP441, ICS-43434, MSM261). 16-bit sound as a WAVE file, Sample or array.

Sources: MicroPython 1.26, extmod/machine_i2s.c, ports/rp2/machine_i2s.c and ports/esp32/machine_i2s.c: `ibuf` counts
frames of 8 bytes, and mono is the left slot. While flash is erased or written, the interrupt of I2S waits: an RP2's DMA
then writes behind its buffer (dma_irq_handler; rp2_flash.c), an ESP32 loses sound (ESP-IDF, I2S, "IRAM Safe").
InvenSense, INMP441, DS-INMP441-00 revision 1.1: table 3 (rates), "Normal Operation" (start), "Data Word Length" (24
bits at the upper end of a slot of 32; this module uses the upper 16).
"""

import time
from array import array

from machine import I2S, Pin
from micropython import const

from ..body import octets, typecode_of
from ..errors import SampleError
from ..validate import check_whole
from ..wav import Wav
from . import SourceError
from .scaling import upper

_FRAMES = const(256)  # values read at a time, and the size of the buffers of an ESP32
_FRAME = const(8)  # bytes of I2S's buffer for each value
_START_FRAMES = const(4096)  # 2 ** 18 clock cycles of 64 for each value: an INMP441 gives 0 before
_START_MS = const(300)  # others count time
_SLOWEST = const(7800)  # values a second of an INMP441
_FASTEST = const(50_000)
_running: "list" = []  # the microphones whose I2S is on
_DRIFT = const(2)  # thousandths: more than the clock of an I2S differs from that of `time`


def before_write():
    """Stops I2S before flash is written. A `Spool` calls it; before you write, call `stop`."""
    for microphone in list(_running):
        microphone.stop()


class Microphone:
    """A microphone. sck, ws, sd: numbers of the pins. id: of the I2S. rate: values a second, 7,800 to 50,000.
    buffer_ms: how much sound is buffered between two reads; for each value the buffer takes 8 bytes, 35 KB for 250 ms
    at 16 kHz. bits: of a slot, 32 for nearly all microphones, or 16.

    The left slot is read: connect the microphone's L/R (or SEL) to GND.
    A recording is complete if what was not read yet is never more than buffer_ms; otherwise SourceError is raised. A
    new recording (`record`, `wav`, `start`) continues where the last one ended, if that is at most buffer_ms ago:
    `continues` says whether it did. A Spool stops I2S before it writes to flash, as you must with `stop` before you do;
    the next recording begins anew, and a stream (`Wav(microphone, ...)`) cannot go to flash.
    """

    sensors = (("audio", "wav"),)  # as the service's own clients name it

    def __init__(self, sck, ws, sd, rate=16_000, id=0, buffer_ms=250, bits=32):
        if bits not in (16, 32):
            raise SampleError("bits: 16 or 32 is needed, not %r" % (bits,))
        self.rate = check_whole(rate, "rate", _SLOWEST, _FASTEST)
        self._buffer_ms = check_whole(buffer_ms, "buffer_ms", 10, 60_000)
        self._width = bits // 8
        # An ESP32 fills one of its buffers while the others can be read, and an RP2 keeps one byte free.
        self._kept = rate * buffer_ms // 1000 // _FRAMES * _FRAMES + _FRAMES
        self._id = id
        self._pins = {"sck": Pin(sck), "ws": Pin(ws), "sd": Pin(sd)}
        self._slots = memoryview(bytearray(_FRAMES * self._width))
        self._half = None  # the high byte of a value that was half returned
        self.continues = False
        self._turn_on()

    def _turn_on(self):
        """Starts the microphone's clock."""
        self._i2s = I2S(
            self._id,
            mode=I2S.RX,
            bits=8 * self._width,
            format=I2S.MONO,
            rate=self.rate,
            ibuf=(self._kept + _FRAMES) * _FRAME,
            **self._pins,
        )
        _running.append(self)
        # values that are no sound yet; 0: it has started
        self._starting = max(_START_FRAMES, self.rate * _START_MS // 1000)
        self._behind = 0  # thousandths of values that came, as the clock says, and were not read
        self._looked_ms = time.ticks_ms()

    def _look(self):
        """Adds the values that came since the last call; returns their thousandths."""
        now_ms = time.ticks_ms()
        came = (time.ticks_diff(now_ms, self._looked_ms) & 0x3FFFFFFF) * self.rate  # negative after 6 days
        self._looked_ms = now_ms
        self._behind += came
        return came

    def start(self):
        """Starts a new recording; sound from before a gap, and from before the first recording, is discarded."""
        self._half = None
        if not self._i2s:
            self._turn_on()
        self._look()
        came = self._behind // 1000
        self.continues = not self._starting and came <= self._kept
        if self.continues:
            return
        stale = min(came, self._kept + _FRAMES)
        drop = stale + max(self._starting - came, 0)
        self._starting = 0
        self._behind = 1000 * stale
        while drop > 0:
            self._read(min(drop, _FRAMES))
            drop -= _FRAMES

    def readinto(self, window):
        """Fills the window with 16-bit values and waits for them: a stream for `Wav`, a row source for `Sample`."""
        if not self._i2s:
            raise SourceError(
                "microphone: it is off: stop() was called, or flash was written, which cannot be done beside I2S: "
                "record into memory, then write; start() begins anew"
            )
        if self._starting:
            self.start()
        at = 0
        size = len(window)
        if self._half is not None and size:
            window[0], self._half = self._half, None
            at = 1
        while size - at >= 2:
            n = min((size - at) // 2, _FRAMES)
            self._take(n)
            upper(window, at, self._slots, self._width, n)
            at += 2 * n
        if at < size:
            self._take(1)
            window[at] = self._slots[self._width - 2]
            self._half = self._slots[self._width - 1]
        return size

    def _take(self, count):
        """Reads so many values into the slots. Raises SourceError if sound before them was lost."""
        self._look()
        if self._behind > 1000 * self._kept:
            raise SourceError(
                "microphone: %d ms of sound were not read yet, and buffer_ms=%d: some is lost. Read more often or "
                "faster, or ask for a larger buffer_ms; record() and start() begin anew"
                % (self._behind // self.rate, self._buffer_ms)
            )
        self._read(count)

    def _read(self, count):
        """Reads so many values into the slots."""
        self._i2s.readinto(self._slots if count == _FRAMES else self._slots[: count * self._width])
        waited = self._look()
        self._behind -= 1000 * count
        if waited >= 500 * count:
            # It waited, so nothing is left; the rest is the difference of two clocks, unless it is more than that.
            self._behind -= min(max(self._behind, 0), _DRIFT * count)
        if self._behind < 0:
            self._behind = 0

    def record(self, values):
        """Fills an array of typecode "h" with a new recording."""
        if typecode_of(values) != "h":
            raise SampleError('values: an array of typecode "h" is needed, not %r' % type(values))
        self.start()
        self.readinto(octets(values))

    def wav(self, frames, name="audio.wav"):
        """Records so many values and returns them as a Wav; each takes 2 bytes of memory."""
        values = array("h", bytes(2 * check_whole(frames, "frames", 1, 1 << 24)))
        self.record(values)
        return Wav(values, self.rate, name=name)

    def stop(self):
        """Stops the clock and frees the pins; `record`, `wav` and `start` begin anew."""
        if self._i2s:
            _running.remove(self)
            self._i2s.deinit()
            self._i2s = None

    close = stop
