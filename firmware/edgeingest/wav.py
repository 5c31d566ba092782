"""`Wav`: sound as a WAVE file, from samples in memory or from a microphone's stream.

Source: IBM and Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (August 1991), "Resource
Interchange File Format" and "Waveform Audio File Format (WAVE)": chunks RIFF, fmt (16 bytes, WAVE_FORMAT_PCM) and
data; all numbers little-endian; values of 8 bits are unsigned, wider ones signed; an odd data chunk is padded.
"""

import struct

from .body import Chain, octets, typecode_of
from .errors import SampleError
from .files import File

_TYPECODES = {8: "B", 16: "h", 24: "", 32: "il"}


def _whole(value, what, end):
    """Returns an int from 1 to below end, or raises the SampleError."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < end:
        raise SampleError("%s: a whole number from 1 to %d is needed, not %r" % (what, end - 1, value))
    return value


def _frame(rate, bits, channels):
    """Returns the bytes of a frame. Raises the SampleError if the header cannot hold one of the three."""
    _whole(rate, "rate", 1 << 32)
    if not isinstance(bits, int) or bits not in _TYPECODES:
        raise SampleError("bits: 8, 16, 24 or 32 is needed, not %r" % (bits,))
    frame = _whole(channels, "channels", 1 << 16) * bits // 8
    if frame >> 16:
        raise SampleError("channels: %d of %d bits are more than a WAVE header has room for" % (channels, bits))
    if rate * frame >> 32:
        raise SampleError("rate: %d frames of %d bytes are more than a WAVE header has room for" % (rate, frame))
    return frame


def _values(source, bits, size):
    """Returns the source, after a check of its typecode. A row source with rewind() becomes a body."""
    own = typecode_of(source)
    wrong = None
    if own and (own not in _TYPECODES[bits] or len(octets(source)) != len(source) * bits // 8):
        wrong = "an array of %r" % own
    elif not own and not isinstance(source, str) and not hasattr(source, "readinto"):
        try:
            octets(source)
        except TypeError:
            wrong = type(source)
    if wrong:
        form = "array('%s', ...)" % _TYPECODES[bits][0] if _TYPECODES[bits] else "a buffer of raw bytes"
        raise SampleError("source: for %d bits %s is needed, not %s" % (bits, form, wrong))
    if hasattr(source, "readinto") and not hasattr(source, "content_type"):
        if size is None:
            raise SampleError("size: the number of bytes (or frames=, of frames) in the stream is needed")
        if hasattr(source, "rewind"):
            from .row_source import RawSource

            return RawSource(source, size)
    return source


class Wav(Chain):
    """A WAVE file of integer PCM: a header of 44 bytes, then the values, unchanged and not copied.

    source: values of `bits` bits, shape (frames, channels), row-major: an `array.array` of B (8), h (16), i or l (32);
        a buffer of raw little-endian bytes, any of the bits (both must not change until they are sent); the path (str)
        of a file of these; or a stream whose `readinto(buffer)` gives them: a `machine.I2S`, or a row source (None:
        none are ready).
    rate: frames a second. bits: 8, 16, 24 or 32. channels: how many. name: the file name to send.
    size: bytes of values, without the header; frames: the same in frames. A stream needs one of them; for other
        sources they are checked. A stream is read from where it stands, and again only if it has `seek` and `tell`,
        or `rewind`.
    Everything wrong is a SampleError that names the argument.

        sound = array("h", bytes(2 * 4_000))  # a quarter of a second, as recorded
        client.upload("training", Wav(sound, rate=16_000, name="noise.01.wav"))
    """

    def __init__(self, source, rate, bits=16, channels=1, name="audio.wav", size=None, frames=None):
        frame = _frame(rate, bits, channels)
        if frames is not None:
            _whole(frames, "frames", 1 << 32)
            if size is not None and size != frames * frame:
                raise SampleError("size: %r was said, but frames=%d are %d bytes" % (size, frames, frames * frame))
            size = frames * frame
        values = File(_values(source, bits, size), name, size)
        size = values.size
        if size % frame:
            raise SampleError(
                "source: %d bytes are no whole number of frames of %d bytes (are bits and channels right?)"
                % (size, frame)
            )
        riff = 36 + size + (size & 1)
        if riff >> 32:
            raise SampleError("size: a WAVE file holds less than 4 GiB, not %d bytes" % size)
        head = b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt "
        head += struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * frame, frame, bits)
        head += b"data" + struct.pack("<I", size)
        super().__init__((head, values, b"\0") if size & 1 else (head, values), values.name, "audio/wav")
        self._about = size // frame, rate, bits, channels

    def __repr__(self):
        return "Wav(%r, %d frames at %d Hz, %d bits, channels: %d)" % ((self.name,) + self._about)
