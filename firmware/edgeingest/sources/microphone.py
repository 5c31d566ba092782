"""`Microphone`: I2S microphones (INMP441, SPH0645, ICS-43434, MSM261). 16-bit sound as a WAVE file, Sample or array.

Source: MicroPython's documentation, class machine.I2S; data sheet InvenSense INMP441, DS-INMP441-00, "Data word length"
(24 bits at the upper end of a slot of 32; this module uses the upper 16) and table 2 (start-up time).
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

_FRAMES = const(256)  # values read at a time
_START_MS = const(300)  # the values right after a microphone's clock starts are not sound


class Microphone:
    """A microphone. sck, ws, sd: numbers of the pins. id: of the I2S. rate: values a second. buffer_ms: how much sound
    is buffered between two reads. bits: of a slot, 32 for nearly all microphones, or 16.

    A recording is complete if at most buffer_ms pass between two reads; otherwise SourceError is raised. A new
    recording (`record`, `wav`, `start`) continues where the last one ended, if at most buffer_ms passed since then.
    """

    sensors = (("audio", "wav"),)  # as the service's own clients name it

    def __init__(self, sck, ws, sd, rate=16_000, id=0, buffer_ms=500, bits=32):
        if bits not in (16, 32):
            raise SampleError("bits: 16 or 32 is needed, not %r" % (bits,))
        self.rate = check_whole(rate, "rate", 1, 1 << 20)
        self._buffer_ms = check_whole(buffer_ms, "buffer_ms", 10, 60_000)
        self._width = bits // 8
        self._i2s = I2S(
            id,
            sck=Pin(sck),
            ws=Pin(ws),
            sd=Pin(sd),
            mode=I2S.RX,
            bits=bits,
            format=I2S.MONO,
            rate=rate,
            ibuf=self._bytes(buffer_ms),
        )
        self._slots = memoryview(bytearray(_FRAMES * self._width))
        self._last = self._half = None  # ticks_ms of the last read; the high byte of a value that was half returned

    def _bytes(self, ms):
        """Returns how many bytes the I2S delivers in this time."""
        return self.rate * ms // 1000 * self._width

    def _passed(self):
        """Returns the milliseconds since the last read."""
        return time.ticks_diff(time.ticks_ms(), self._last) & 0x3FFFFFFF  # negative after 6 days

    def start(self):
        """Starts a new recording; sound from before a gap is discarded."""
        self._half = None
        old = 0
        if self._last is None:
            old = self._bytes(_START_MS)
        elif self._passed() > self._buffer_ms:
            old = self._bytes(self._buffer_ms)
        while old > 0:
            old -= self._i2s.readinto(self._slots[: min(old, len(self._slots))])
        self._last = time.ticks_ms()

    def readinto(self, window):
        """Fills the window with 16-bit values and waits for them: a stream for `Wav`, a row source for `Sample`."""
        if self._last is None:
            self.start()
        if self._passed() > self._buffer_ms:
            raise SourceError(
                "microphone: nothing was read for %d ms, sound is missing: buffer_ms=%d is too little"
                % (self._passed(), self._buffer_ms)
            )
        at = 0
        size = len(window)
        if self._half is not None:
            window[0] = self._half
            self._half = None
            at = 1
        while size - at >= 2:
            n = min((size - at) // 2, _FRAMES)
            self._read(n)
            upper(window, at, self._slots, self._width, n)
            at += 2 * n
        if at < size:
            self._read(1)
            window[at] = self._slots[self._width - 2]
            self._half = self._slots[self._width - 1]
        self._last = time.ticks_ms()
        return size

    def _read(self, count):
        """Reads so many values into the slots."""
        self._i2s.readinto(self._slots if count == _FRAMES else self._slots[: count * self._width])

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

    def close(self):
        """Stops the clock and frees the pins."""
        self._i2s.deinit()
