"""Runs on MicroPython: reads a body to its end in every way and checks the body contract; row sources."""


def drain(body, sizes):
    """Reads a body through windows of these sizes in turn; checks that bytes behind a window are not written."""
    out = bytearray()
    whole = memoryview(bytearray(max(sizes) + 16))
    turn = idle = 0
    while True:
        size = sizes[turn % len(sizes)]
        turn += 1
        whole[size : size + 16] = b"guard of 16 byte"
        n = body.readinto(whole[:size])
        if whole[size : size + 16] != b"guard of 16 byte":
            raise RuntimeError("written behind a window of %d" % size)
        if n is None:
            idle += 1
            if idle > 100000:
                raise RuntimeError("never ready")
            continue
        if not 0 <= n <= size:
            raise RuntimeError("%r of a window of %d" % (n, size))
        if n == 0:
            break
        out.extend(whole[:n])
        if len(out) > body.size:
            break
    if len(out) != body.size:
        raise RuntimeError("%d bytes, size %d" % (len(out), body.size))
    return bytes(out)


def every_way(body, ways=((1,), (2,), (3,), (7, 1, 64), (13,), (4096,))):
    """Returns the bytes of a body; checks that they are the same in all windows and after a rewind half-way."""
    whole = drain(body, (2048,))
    for sizes in ways:
        body.rewind()
        if drain(body, sizes) != whole:
            raise RuntimeError("other bytes in windows of %r" % (sizes,))
    body.rewind()
    body.readinto(bytearray(max(1, body.size // 2)))
    body.rewind()
    if drain(body, (50,)) != whole:
        raise RuntimeError("other bytes after a rewind half-way")
    body.close()
    body.close()
    return whole


class Once:
    """A row source that cannot rewind: gives at most `step` bytes a call, after None for `waits` calls."""

    def __init__(self, data, step=1 << 30, waits=0):
        self.data = data
        self.step = step
        self.waits = waits
        self.at = self.calls = 0

    def readinto(self, buffer):
        self.calls += 1
        if self.waits and self.calls % (self.waits + 1):
            return None
        n = min(len(buffer), self.step, len(self.data) - self.at)
        buffer[:n] = self.data[self.at : self.at + n]
        self.at += n
        return n


class Again(Once):
    def rewind(self):
        self.at = 0
