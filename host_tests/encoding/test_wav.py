"""WAVE files: Python's `wave` reads each of them, with any rate, width, number of channels and window size."""

import array
import io
import struct
import wave

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import modes
from support.bodies import refused
from support.device_source import device_source
from support.scripts import run_script

TYPECODES = {8: "B", 16: "h", 32: "i"}
FORMS = ["bytes", "view", "path", "stream", "once", "again", "body"]

DEVICE = device_source("encoding/wav_device")


def reference(data, rate, bits, channels):
    """Returns the header, field by field from the tables of the specification."""
    frame = channels * bits // 8
    pad = b"\0" * (len(data) & 1)
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * frame, frame, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data)) + data + pad
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def read_back(file, data, rate, bits, channels):
    with wave.open(io.BytesIO(file)) as reader:
        assert (reader.getframerate(), reader.getsampwidth() * 8) == (rate, bits)
        assert reader.getnchannels() == channels
        assert reader.getcomptype() == "NONE"
        assert reader.getnframes() * channels * bits // 8 == len(data)
        assert reader.readframes(reader.getnframes()) == data


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_source(worker, form, tmp_path):
    data = bytes(range(240))
    path = "/raw.bin" if worker.mode.startswith("wasm") else str(tmp_path / "raw.bin")
    named = [("size", 240)] if form in ("stream", "once", "again") else []
    file, size, name, kind, rewindable = worker.define(DEVICE).whole(form, data, 16000, 16, 2, named, (100,), path)
    assert file == reference(data, 16000, 16, 2)
    read_back(file, data, 16000, 16, 2)
    assert (size, name, kind) == (44 + 240, "audio.wav", "audio/wav")
    assert rewindable == (form != "once")


@pytest.mark.parametrize(("bits", "channels"), [(8, 1), (8, 3), (16, 1), (16, 2), (32, 1), (32, 5)])
def test_typed_samples_through_every_window(worker, bits, channels):
    edge = 1 << bits - 1
    low = 0 if bits == 8 else -edge
    values = array.array(TYPECODES[bits], [low, low + 1, 0, 1, low + 2 * edge - 1] * channels)
    file = worker.define(DEVICE).typed(values, 44100, bits, channels)
    assert file == reference(values.tobytes(), 44100, bits, channels)
    read_back(file, values.tobytes(), 44100, bits, channels)


@pytest.mark.modes("py", "cpython")
def test_every_window_size(worker):
    data = bytes(range(111))
    expected = reference(data, 8000, 8, 3)
    for size in range(1, len(expected) + 20):
        assert worker.define(DEVICE).whole("stream", data, 8000, 8, 3, [("frames", 37)], (size,))[0] == expected


@pytest.mark.modes("mpy", "cpython", "wasm-1.23")
@settings(max_examples=80)
@given(
    rate=st.one_of(st.sampled_from([8000, 11025, 16000, 44100, 48000, 192000]), st.integers(1, 500_000)),
    bits=st.sampled_from([8, 16, 24, 32]),
    channels=st.one_of(st.integers(1, 8), st.integers(1, 300)),
    frames=st.integers(1, 40),
    form=st.sampled_from(["bytes", "view", "stream", "once", "again", "body"]),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    seed=st.randoms(use_true_random=False),
)
def test_wave_reads_back_everything(worker, rate, bits, channels, frames, form, sizes, seed):
    data = seed.randbytes(frames * channels * bits // 8)
    file, size, *_ = worker.define(DEVICE).whole(form, data, rate, bits, channels, [("frames", frames)], sizes)
    assert file == reference(data, rate, bits, channels)
    assert size == len(file)
    read_back(file, data, rate, bits, channels)


def test_a_stream_is_read_again_if_it_can_be(worker):
    device = worker.define(DEVICE)
    data = bytes(range(200))
    for cut in (1, 44, 45, 100, 300):
        assert device.again(data, cut) == reference(data, 8000, 16, 1)
    refused(lambda: device.once(data), "audio.wav", "second time")


@pytest.mark.parametrize("form", ["once", "again"])
def test_a_stream_that_ends_early(worker, form):
    words = "2 bytes before its size of 100" if form == "once" else "after 98 of 100 bytes"
    refused(lambda: worker.define(DEVICE).short(bytes(98), 100, form), "ended", words)


@pytest.mark.modes("py", "cpython")
def test_a_file_of_nearly_4_gib_has_the_right_header(worker):
    most = (1 << 32) - 38  # the count in a RIFF header has 32 bits
    result = worker.run(
        "from edgeingest import Wav\n"
        "class Endless:\n    def readinto(self, buffer):\n        return len(buffer)\n"
        "wav = Wav(Endless(), 48000, 16, size=size)\nhead = bytearray(44)\nwav.readinto(head)\n"
        "result = (bytes(head), wav.size)",
        size=most,
    )
    expected = (
        b"RIFF" + struct.pack("<I", most + 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 48000, 96000, 2, 16)
    )
    assert result == (expected + b"data" + struct.pack("<I", most), most + 44)
    refused(lambda: worker.define(DEVICE).wrong_stream([("size", most + 2)]), "size:", "4 GiB")


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"rate": rate}, "rate") for rate in (0, -1, 1.5, 8000.0, "8000", None, True, 1 << 32)]
    + [({"bits": bits}, "bits") for bits in (0, 12, 16.0, "16", None, True, [16])]
    + [({"channels": channels}, "channels") for channels in (0, -1, 1.0, None, True, 65536, 40000)]
    + [({"rate": 0xFFFFFFFF}, "rate")]
    + [({"source": source}, "source") for source in ([1, 2], None, 5, b"123", array.array("H", [1]))]
    + [({"source": array.array(code, [1, 2])}, "source") for code in "bBiqfd"]
    + [({"source": array.array("h", [1, 2]), "bits": bits}, "source") for bits in (8, 24, 32)]
    + [({"source": "/nowhere/raw.bin"}, "source"), ({"source": array.array("h", [1]), "channels": 2}, "source")]
    + [({"named": [("size", size)]}, "size") for size in (3, 6, -4, 4.0, "4", True)]
    + [({"named": [("frames", frames)]}, "frames") for frames in (0, -2, 2.0, "2", True)]
    + [({"named": [("frames", 3)]}, "size"), ({"named": [("frames", 2), ("size", 2)]}, "size")]
    + [({"named": [("name", name)]}, "name") for name in ("", None, 5, "a\r\nb", "a\0")],
)
@pytest.mark.modes("py", "cpython", "wasm-1.23")
def test_wrong_arguments_are_named(worker, changed, name):
    arguments = {"source": b"1234", **changed}
    error = refused(lambda: worker.define(DEVICE).wrong(**arguments))
    assert error.text.startswith(name + ":"), error.text


@pytest.mark.parametrize("named", [[], [("size", -1)], [("size", "4")], [("size", 3)]])
def test_a_stream_needs_its_length(worker, named):
    error = refused(lambda: worker.define(DEVICE).wrong_stream(named))
    assert error.text.startswith(("size:", "source: 3 bytes are no whole number")), error.text


STEADY = device_source("encoding/wav_steady_device")


def test_nothing_is_allocated_in_the_steady_state(tmp_path):
    """A stream allocates nothing; a buffer allocates the two views of a slice, whatever the size."""
    script = tmp_path / "steady.py"
    script.write_text(STEADY)
    for mpy in (False, True):
        done = run_script(script, mpy=mpy, heapsize="512K")
        assert done.code == 0, done.stdout + done.stderr
        *steady, few, many = done.stdout.split()
        assert steady == ["True", "True"]
        assert int(many) <= int(few) <= 64


@pytest.mark.modes(*modes.UNIX)
def test_wav_is_loaded_on_first_use(worker):
    assert worker.run("import edgeingest\nresult = edgeingest.Wav(b'1234', 8000).size") == 48
