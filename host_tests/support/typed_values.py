"""Values of every typecode, and the CBOR of a sample of them."""

import math
import random
import struct

import cbor2

EDGES = [sign * (2**b + d) for b in (0, 7, 8, 15, 16, 31, 32, 63) for d in (-2, -1, 0, 1) for sign in (1, -1)]
EDGES += [0, 22, 23, 24, 25, -23, -24, -25, -26, 254, 255, 256, 257, -255, -256, -257, -258, 65535, 65536, 65537]
FLOATS = [0.0, -0.0, 1.5, -2.25, 3.4e38, 1e-40, 1e-45, math.inf, -math.inf, math.nan, 0.1, 9.81, -9.81, 16777216.0]


def numbers(code, width, count, seed=0):
    """Returns values of the typecode: all limits first, then random values of every length."""
    pick = random.Random(f"{code}{count}{seed}")
    if code in "fd":
        found = FLOATS + [pick.uniform(-1000, 1000) for _ in range(count)]
        return [struct.unpack("<" + code, struct.pack("<" + code, value))[0] for value in found][:count]
    low, high = (-(1 << 8 * width - 1), (1 << 8 * width - 1) - 1) if code.islower() else (0, (1 << 8 * width) - 1)
    found = [n for n in EDGES if low <= n <= high] + [low, high]
    pick.shuffle(found)
    while len(found) < count:
        bits = pick.randrange(8 * width + 1)
        n = pick.getrandbits(bits) if bits else 0
        found.append(max(low, min(high, -1 - n if low and pick.random() < 0.5 else n)))
    return found[:count]


def raw(code, width, values):
    if code in "fd":
        return struct.pack(f"<{len(values)}{code}", *values)
    return b"".join((n & (1 << 8 * width) - 1).to_bytes(width, "little") for n in values)


def item(code, width, value, fixed):
    """Returns the CBOR of one number: by cbor2, except for fixed widths."""
    if code in "fd":
        return (b"\xfa" if code == "f" else b"\xfb") + struct.pack(">" + code, value)
    if not fixed:
        return cbor2.dumps(value)
    major, n = (0x20, -1 - value) if value < 0 else (0, value)
    return bytes([major | {1: 24, 2: 25, 4: 26, 8: 27}[width]]) + n.to_bytes(width, "big")


def head(count):
    """Returns the head of an array, as cbor2 writes it."""
    return cbor2.dumps([0] * count)[:-count] if count else b"\x80"


def values_in(message):
    """Returns the bytes of `values` in a message, and the decoded message."""
    start = message.index(b"fvalues") + 7
    return message[start : message.index(b"iprotected", start)], cbor2.loads(message)


def expected(code, width, axes, values, fixed=False):
    items = [item(code, width, value, fixed) for value in values]
    count = len(values) // axes
    if axes == 1:
        return head(count) + b"".join(items)
    row = head(axes)
    return head(count) + b"".join(row + b"".join(items[i : i + axes]) for i in range(0, len(items), axes))
