"""Runs on MicroPython: the parser of HTTP replies."""

from edgeingest.http import ResponseParser


def parse(data, step=0, closed=False, names=(), limits=()):
    parser = ResponseParser(**dict(limits))
    used = 0
    while used < len(data):
        piece = data[used : used + (step or len(data))]
        took = parser.feed(memoryview(bytearray(piece)))
        used += took
        if took < len(piece) or parser.done:
            break
    if closed and not parser.done:
        parser.eof()
    values = [parser.header(name) for name in names]
    return used, parser.done, parser.status, bytes(parser.body), parser.keep_alive, values


def cuts(data, closed):
    found = []
    for cut in range(len(data)):
        used, done = parse(data[:cut], closed=closed)[:2]
        if (used, done) != (cut, False):
            found.append(cut)
    return found


def sunk(data, step):
    got = []
    parser = ResponseParser(sink=lambda status, piece: got.append((status, bytes(piece))))
    for i in range(0, len(data), step):
        parser.feed(data[i : i + step])
    return parser.done, parser.body, got
