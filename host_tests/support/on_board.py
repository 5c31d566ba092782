# Functions that host_tests/board/test_device.py calls on a board. Bytes go over as hexadecimal digits.
import gc
from array import array
from binascii import hexlify, unhexlify

import micropython


def text(data):
    return hexlify(data).decode()


def drain(body, size):
    window = bytearray(size)
    out = bytearray()
    while True:
        n = body.readinto(window)
        if not n:
            return text(out)
        out.extend(memoryview(window)[:n])


def encoded(values):
    from edgeingest.cbor import Encoder

    out = bytearray()
    for value in values:
        Encoder(out.extend).encode(value)
    return text(out)


def typed(code, axes, data, window):
    from edgeingest import Sample

    sensors = [("a%d" % i, "m") for i in range(axes)]
    return drain(Sample(sensors, 10, array(code, unhexlify(data)), "T").body(), window)


def signed(code, data, key, window):
    from edgeingest import Sample

    return drain(Sample((("x", "m"),), 10, array(code, unhexlify(data)), "T").body(hmac_key=key), window)


def mac(key, data):
    from edgeingest.signing import Hmac

    found = Hmac(key.encode())
    found.update(unhexlify(data))
    return found.hexdigest().decode()


def twins(code, axes, data, shortest, window):
    # Whether viper code and its plain twin write the same, and as much as was counted before; None without viper code.
    from edgeingest import cbor_plain as plain
    from edgeingest.cbor_rows import TypedRows

    data = array(code, unhexlify(data))
    viper, twin = [TypedRows(code, axes, len(data) // axes, data, shortest) for _ in range(2)]
    twin._pack = plain.float32 if code == "f" else plain.number
    if viper._pack is twin._pack:
        return None
    written = drain(viper, window)
    return written == drain(twin, window) and len(written) == 2 * viper.size


def form(parts, boundary, window):
    from edgeingest import File
    from edgeingest.multipart import multipart

    files = [File(unhexlify(data), name=name) for name, data in parts]
    for body in multipart(files, boundary):
        if body:
            return drain(body, window)


def parsed(data, step):
    from edgeingest.http import ResponseParser

    parser = ResponseParser()
    data = memoryview(unhexlify(data))
    at = 0
    while at < len(data) and not parser.done:
        at += parser.feed(data[at : at + step])
    return [parser.done, parser.status, bytes(parser.body).decode(), parser.keep_alive, at]


def steady(code, axes, count):
    # Bytes that a window costs, once everything is loaded and warm; the heap is locked meanwhile.
    from edgeingest import Sample

    gc.collect()
    values = array(code, bytes(count * len(bytes(array(code, [0])))))
    body = Sample([("a%d" % i, "m") for i in range(axes)], 10, values, "T").body(hmac_key="key")
    window = memoryview(bytearray(512))
    for _ in range(3):
        body.readinto(window)
    count = 0
    micropython.heap_lock()
    try:
        for _ in range(8):
            count += body.readinto(window)
    finally:
        micropython.heap_unlock()
    return count


def upload(url, key, hmac_key, sound):
    from edgeingest import Client, File, Sample
    from edgeingest.config import load
    from edgeingest.errors import SampleError

    try:
        settings = load()
    except SampleError:  # without a configuration the network has to be there already
        settings = None
    if settings and settings.wifi_ssid:
        from edgeingest.network import connect

        connect(settings.wifi_ssid, settings.wifi_password)
    sample = Sample((("x", "m"),), 10, array("h", range(1000)), "T", name="wave.1")
    with Client(key, url, hmac_key=hmac_key) as client:
        stored = client.upload("training", [sample, File(unhexlify(sound), name="noise.2.wav")])
        return [item.file_name for item in stored]
