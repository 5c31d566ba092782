"""Files that tests upload to the local service: media, and label files."""

import io
import struct
import wave


def wav(frames=800, rate=8000):
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(rate)
        audio.writeframes(b"\x00\x01" * frames)
    return file.getvalue()


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 10 + b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 480, 640) + b"\x03"


def structured(file, *segments):
    listed = [dict(zip(("startIndex", "endIndex", "label"), segment, strict=True)) for segment in segments]
    return {"version": 1, "type": "structured-labels", "structuredLabels": {file: listed}}


def boxes(file, *found):
    return {"version": 1, "type": "bounding-box-labels", "boundingBoxes": {file: list(found)}}
